from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shopfolio.ecommerce.exceptions import KeySpent, PaymentUnavailable, RefundRefused, ShopError
from shopfolio.ecommerce.models import Refund, StripeSession
from shopfolio.ecommerce.services import disputes
from shopfolio.ecommerce.services.refund_settlement import differing_payments, make_refund, settle_refunds
from shopfolio.ecommerce.tasks import NotExpiredYet, ask_about_attempt
from shopfolio.tasks.outbox import PermanentFailure


class Command(BaseCommand):
    help = "Ask Stripe about all undecided payments, refunds and disputes, and repair what differs."

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
        if StripeSession.objects.filter(status=StripeSession.Status.PAID).exists():
            self.compare_refunds()
            self.compare_disputes()

    @contextmanager
    def comparing(self, what: str) -> Iterator[None]:
        try:
            yield
        except PaymentUnavailable as error:
            raise CommandError(
                f"Stripe does not answer ({reason(error)}). Not all {what} were compared."
            ) from error
        self.stdout.write(f"{what.capitalize()} compared with Stripe's.")

    def compare_refunds(self) -> None:
        with self.comparing("refunds"):
            for refund in Refund.objects.undecided().filter(refund_id=None).select_related("order"):
                self.make(refund)
            differing = differing_payments()
            for number, payment_intent in enumerate(differing, start=1):
                self.stdout.write(f"refunds {number}/{len(differing)} {self.settle(payment_intent)}")

    def compare_disputes(self) -> None:
        with self.comparing("disputes"):
            differing = disputes.differing_payments()
            for number, payment_intent in enumerate(differing, start=1):
                order = disputes.settle_disputes(payment_intent)
                outcome = order.number if order else f"of {payment_intent}: not ours"
                self.stdout.write(f"disputes {number}/{len(differing)} {outcome}")

    def make(self, refund: Refund) -> None:
        try:
            make_refund(refund.pk)
        except KeySpent:
            self.stdout.write(f"{refund.order.number}: Stripe stumbled over a refund; it is tried again.")

    def settle(self, payment_intent: str) -> str:
        try:
            order = settle_refunds(payment_intent)
        except RefundRefused as error:
            return f"of {payment_intent} cannot be asked for. {error}"
        return f"{order.number}: {order.status}" if order else f"of {payment_intent}: not ours"

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
