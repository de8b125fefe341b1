from typing import Any

from shopfolio.tasks.outbox import Away


class ShopError(Exception):
    """An expected refusal. Its message is for the buyer to read."""

    def __init__(self, message: Any) -> None:
        super().__init__(message)
        self.message = str(message)


class SoldOut(ShopError):
    """Fewer pieces are left than were asked for."""


class PriceChanged(ShopError):
    """The total is no longer the one that the buyer was shown."""


class TooManyAddresses(ShopError):
    """The account keeps as many as it may."""


class PaymentUnavailable(ShopError, Away):
    """Stripe cannot be asked just now; asking again later is safe."""

    who = "stripe"


class StripeIsAtIt(PaymentUnavailable):
    """The very same request is under way already: somebody else will hear the answer."""


class SessionUnknown(PaymentUnavailable):
    """Stripe answers, but knows no such session: it may be another account's. Asking again is no use."""


class CannotRefund(ShopError):
    """More would go back than came, or nothing came."""


class SessionRefused(Exception):
    """Stripe will never accept this request as it stands."""

    quotes_others = True


class KeySpent(Exception):
    """Under this idempotency key Stripe only repeats an error, for a day, or knows another request."""

    quotes_others = True


class RefundRefused(Exception):
    """Stripe will never make this refund."""


class IllegalTransition(Exception):
    """An order cannot go from its status to that one."""
