"""Orders on their way to the buyer."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shopfolio.ecommerce.models import Order, OrderEvent
from shopfolio.ecommerce.services.mails import mail_order_sent


@transaction.atomic
def mark_sent(order_id: UUID, *, by: Any = None) -> bool:
    """Note that a paid order has left, and write to its buyer; whether this call did it.

    Safe to call again.
    """
    now = timezone.now()
    waiting = Order.objects.filter(
        pk=order_id,
        fulfilment=Order.Fulfilment.OPEN,
        status__in=[Order.Status.PAID, Order.Status.PARTIALLY_REFUNDED],
    )
    if not waiting.update(fulfilment=Order.Fulfilment.SENT, sent_at=now, modified=now):
        return False
    order = Order.objects.get(pk=order_id)
    OrderEvent.objects.create(
        order=order, from_status=order.status, to_status=order.status, why=_("Sent."), by=by
    )
    mail_order_sent(order)
    return True
