from typing import Any

from django.core.management.base import BaseCommand

from shopfolio.ecommerce.exceptions import SessionRefused, ShopError
from shopfolio.ecommerce.models import StripeSession
from shopfolio.ecommerce.tasks import follow_attempt


class Command(BaseCommand):
    help = "Ask Stripe about every payment that is not decided yet, and repair what differs."

    def handle(self, *args: Any, **options: Any) -> None:
        undecided = list(
            StripeSession.objects.filter(status__in=["creating", "open", "processing"]).order_by("created")
        )
        failed = 0
        for number, attempt in enumerate(undecided, start=1):
            before = attempt.status
            try:
                follow_attempt(attempt_id=str(attempt.pk))
            except (ShopError, SessionRefused) as error:
                failed += 1
                outcome = str(error)
            else:
                attempt.refresh_from_db()
                outcome = attempt.status if attempt.status != before else f"still {before}"
            self.stdout.write(f"{number}/{len(undecided)} {attempt.order.number}: {outcome}")
        self.stdout.write(f"{len(undecided)} payments asked for, {failed} without an answer.")
