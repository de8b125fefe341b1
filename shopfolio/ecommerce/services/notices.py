"""What the owner must hear of."""

from typing import Any

from shopfolio.ecommerce.models import Order, OrderEvent
from shopfolio.lib.db import require_transaction
from shopfolio.tasks.outbox import enqueue


def call_owner(order: Order, why: str, *, by: Any = None) -> None:
    """Note at the order what a person must look at, and promise the owner a mail about it."""
    tell_owner(OrderEvent.objects.create(order=order, why=why[:500], by=by))


def tell_owner(event: OrderEvent) -> None:
    """Promise a mail about something that stands at an order already, in the transaction that noted it."""
    require_transaction("a mail to the owner")
    enqueue("ecommerce.mail_owner", key=str(event.pk), event_id=str(event.pk))
