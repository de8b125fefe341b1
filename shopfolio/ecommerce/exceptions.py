from typing import Any


class ShopError(Exception):
    """An expected refusal. Its message is for the buyer to read."""

    def __init__(self, message: Any) -> None:
        super().__init__(message)
        self.message = str(message)


class SoldOut(ShopError):
    """Fewer pieces are left than were asked for."""


class PriceChanged(ShopError):
    """The total is no longer the one that the buyer was shown."""


class PaymentUnavailable(ShopError):
    """Stripe cannot be asked just now; asking again later is safe."""


class SessionRefused(Exception):
    """Stripe will never accept this request as it stands."""


class IllegalTransition(Exception):
    """An order cannot go from its status to that one."""
