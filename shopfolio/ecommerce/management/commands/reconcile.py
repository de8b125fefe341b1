from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shopfolio.ecommerce.exceptions import PaymentUnavailable, ShopError
from shopfolio.ecommerce.models import StripeSession
from shopfolio.ecommerce.tasks import NotExpiredYet, ask_about_attempt
from shopfolio.tasks.outbox import PermanentFailure


class Command(BaseCommand):
    help = "Ask Stripe about every payment that is not decided yet, and repair what differs."

    def handle(self, *args: Any, **options: Any) -> None:
        undecided = StripeSession.objects.filter(status__in=["creating", "open", "processing"])
        attempts = list(undecided.select_related("order").order_by("created"))
        changed = []
        for number, attempt in enumerate(attempts, start=1):
            try:
                outcome = self.ask(attempt)
            except PaymentUnavailable as error:
                raise CommandError(
                    f"Stripe does not answer ({reason(error)}). Asked about {number - 1} of {len(attempts)} "
                    "payments; the site goes on asking for the others by itself."
                ) from error
            self.stdout.write(f"{number}/{len(attempts)} {attempt.order.number}: {outcome}")
            if not outcome.startswith("still"):
                changed.append(f"order {attempt.order.number} {outcome}")
        self.stdout.write(summary(asked=len(attempts), changed=changed))

    def ask(self, attempt: StripeSession) -> str:
        """What became of it, in a few words. Raises PaymentUnavailable."""
        before = attempt.status
        try:
            ask_about_attempt(attempt_id=str(attempt.pk))
        except PaymentUnavailable:
            raise
        except (NotExpiredYet, PermanentFailure) as error:
            return f"still {before}. {error}"
        except ShopError:
            pass  # Stripe refused it: given up, which the row says
        attempt.refresh_from_db()
        return attempt.status if attempt.status != before else f"still {before}"


def reason(error: PaymentUnavailable) -> str:
    return type(error.__cause__).__name__ if error.__cause__ else error.message


def summary(*, asked: int, changed: list[str]) -> str:
    if not asked:
        return "No payment is undecided: there was nothing to ask Stripe."
    return f"Asked about {asked}, {len(changed)} changed{': ' if changed else ''}{', '.join(changed)}."
