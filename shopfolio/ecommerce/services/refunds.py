"""Money that is to go back: what may, and the promise of it. A job then asks Stripe: refund_settlement."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shopfolio.core.services import site
from shopfolio.ecommerce.exceptions import CannotRefund
from shopfolio.ecommerce.models import Order, OrderEvent, Refund, StripeSession
from shopfolio.ecommerce.services.notices import call_owner
from shopfolio.lib.db import require_transaction
from shopfolio.lib.money import format_money
from shopfolio.tasks.outbox import enqueue


@transaction.atomic
def refund_order(
    order: Order,
    *,
    amount: int | None = None,
    reason: str = "",
    restock: bool = False,
    by: Any = None,
    wish: UUID | None = None,
) -> Refund:
    """Promise that money goes back to the buyer: the row and its job, together or not at all.

    amount: minor units of what was paid; nothing: all that is left. restock: the goods come back. wish: names
    this one refund, so that a form sent twice is one. Raises CannotRefund, whose message the owner can read.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)  # whoever asks at the same time waits here
    if wish and (found := Refund.objects.filter(pk=wish, order=order).first()):
        return found
    payment = order.find_payment()
    left = payment.left_to_refund if payment else 0
    if payment is None or not left:
        raise CannotRefund(_("Nothing is left to refund."))
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise CannotRefund(_("Between nothing and %(left)s.") % {"left": shown(left, payment.currency)})
    if order.paid_at is None and amount != left:
        raise CannotRefund(
            _("This order did not become a sale: %(left)s goes back, all or nothing.")
            % {"left": shown(left, payment.currency)}
        )
    refund = promise(payment, amount=amount, reason=reason, restock=restock, by=by, wish=wish)
    words = _("A refund of %(amount)s was asked for.") % {"amount": shown(amount, payment.currency)}
    OrderEvent.objects.create(order=order, why=f"{words} {reason}".strip()[:500], by=by)
    return refund


def return_surplus(order: Order, attempt: StripeSession) -> None:
    """A second payment of a locked order goes back whole, by itself; part of recording it."""
    attempt.is_surplus = True
    attempt.save(update_fields=["is_surplus"])
    call_owner(
        order,
        _("Paid a second time: %(session)s. %(amount)s goes back by itself.")
        % {"session": attempt.session_id, "amount": shown(attempt.amount, attempt.currency)},
    )
    if attempt.left_to_refund:
        promise(attempt, amount=attempt.left_to_refund, reason=_("Paid a second time"))


@transaction.atomic
def try_again(refund: Refund, *, by: Any = None) -> Refund:
    """What failed is asked for once more, as a refund of its own. Raises CannotRefund."""
    order = Order.objects.select_for_update().get(pk=refund.order_id)
    failed = Refund.objects.select_related("session").get(pk=refund.pk)
    if failed.status != Refund.Status.FAILED or failed.dealt_with_at:
        raise CannotRefund(_("This refund needs nothing more."))
    if failed.amount > failed.session.left_to_refund:
        raise CannotRefund(_("Less than that is left to refund."))
    again = promise(failed.session, amount=failed.amount, reason=failed.reason, restock=failed.restock, by=by)
    set_aside(failed)
    OrderEvent.objects.create(order=order, why=_("A refund that failed was asked for again."), by=by)
    return again


def set_aside(refund: Refund) -> None:
    """The owner has dealt with a refund that failed: it is no longer shown as needing a look."""
    failed = Refund.objects.filter(pk=refund.pk, status=Refund.Status.FAILED, dealt_with_at=None)
    failed.update(dealt_with_at=timezone.now(), modified=timezone.now())


def promise(
    payment: StripeSession,
    *,
    amount: int,
    reason: str,
    restock: bool = False,
    by: Any = None,
    wish: UUID | None = None,
) -> Refund:
    """The row with its idempotency key, and the job that asks Stripe. The order must be locked."""
    require_transaction("a refund")
    refund = Refund(
        order_id=payment.order_id,
        session=payment,
        amount=amount,
        currency=payment.currency,
        reason=reason[:255],
        restock=restock,
        by=by,
    )
    refund.pk = wish or refund.pk
    refund.idempotency_key = f"re:{refund.pk}"
    refund.save(force_insert=True)
    enqueue("ecommerce.make_refund", key=str(refund.pk), refund_id=str(refund.pk))
    return refund


def shown(amount: int, currency: str) -> str:
    """An amount in the owner's way of writing."""
    return format_money(amount, currency, site().profile.language)
