"""Orders on their way to the buyer."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shopfolio.ecommerce.models import Order, OrderEvent
from shopfolio.ecommerce.models.orders import TO_SEND
from shopfolio.ecommerce.services.mails import mail_order_sent


@dataclass(frozen=True)
class Parcel:
    """How it travels; each of it may be unknown."""

    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""


@transaction.atomic
def mark_sent(order_id: UUID, *, by: Any = None, parcel: Parcel | None = None) -> bool:
    """Note that a paid order has left, and write to its buyer; whether this call did it.

    Safe to call again.
    """
    now = timezone.now()
    sent = {
        "fulfilment": Order.Fulfilment.SENT,
        "sent_at": now,
        "modified": now,
        **asdict(parcel or Parcel()),
    }
    if not Order.objects.filter(TO_SEND, pk=order_id).update(**sent):
        return False
    order = Order.objects.get(pk=order_id)
    OrderEvent.objects.create(
        order=order, from_status=order.status, to_status=order.status, why=_("Sent."), by=by
    )
    mail_order_sent(order)
    return True
