"""What the shop knows of people: orders, documents, a cart."""

from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shopfolio.ecommerce.models import Cart, Entitlement, Invoice, Order, OrderEvent, Refund, StripeSession
from shopfolio.tasks.emails import delete_mails
from shopfolio.tasks.models import Email
from shopfolio.users.models import CustomUser
from shopfolio.users.personal_data import Files, Holder, rows

WHO = (
    "email", "name", "company", "tax_id", "phone", "address_line1", "address_line2", "postcode", "city",
    "carrier", "tracking_number", "tracking_url",
)  # fmt: skip
"""What an order tells of its buyer. The country stays, for the tax of a sale depends on it."""


ADDRESS = (
    "name", "company", "tax_id", "address_line1", "address_line2", "postcode", "city", "country", "phone",
)  # fmt: skip


def export(person: CustomUser) -> Files:
    orders = list(Order.objects.of_user(person).prefetch_related("lines", "invoices"))
    yield "orders.json", [described(order) for order in orders]
    yield "order_mails.json", order_mails(person, orders)
    documents = Invoice.objects.filter(order__in=orders, pdf__isnull=False).select_related("pdf")
    for document in documents:
        yield f"documents/{document.number.replace('/', '-')}.pdf", document.pdf.file.read()
    yield "addresses.json", rows(person.addresses.all(), *ADDRESS)
    carts = Cart.objects.filter(user=person).prefetch_related("lines__variant__product")
    lines = [line for cart in carts for line in cart.lines.all()]
    yield "cart.json", [{"what": str(line.variant), "quantity": line.quantity} for line in lines]


def described(order: Order) -> dict[str, Any]:
    own = rows([order], "number", "created", "status", "paid_at", *WHO, "country", "currency", "total")[0]
    lines = rows(order.lines.all(), "full_title", "quantity", "total")
    refunds = rows(order.refunds.all(), "created", "amount", "currency", "status")
    paid = order.sessions.exclude(paid_at=None)
    payments = rows(paid, "paid_at", "amount", "currency", "payment_method", "card_brand", "last4")
    documents = [each.number for each in order.invoices.all()]
    return own | {"lines": lines, "documents": documents, "payments": payments, "refunds": refunds}


def mails_about(order_id: Any) -> QuerySet[Email]:
    """To whomever: of the mails to an office, those about other orders are somebody else's."""
    return Email.objects.filter(key__endswith=f"-{order_id}")


def order_mails(person: CustomUser, orders: list[Order]) -> list[dict[str, Any]]:
    """To another address than theirs, where an order names one."""
    known = {address.lower() for address in person.verified_addresses()}
    elsewhere = [order for order in orders if order.email.lower() not in known]
    found = (mails_about(order.pk).filter(to__iexact=order.email) for order in elsewhere)
    return [each for mails in found for each in rows(mails, "created", "to", "subject", "text")]


def under_way() -> Q:
    """Orders whose buyer must still be known: money, goods or a decision are on their way."""
    moving = Q(status__in=Order.HOLDS_STOCK | {Order.Status.REVIEW})
    to_send = Q(fulfilment=Order.Fulfilment.OPEN, paid_at__isnull=False) & ~Q(status=Order.Status.REFUNDED)
    on_its_way = Refund.objects.filter(status__in=[Refund.Status.CREATED, Refund.Status.PENDING])
    return moving | to_send | Q(refunds__in=on_its_way)


def why_not_yet(person: CustomUser) -> str:
    order = Order.objects.of_user(person).filter(under_way()).first()
    if order is None:
        return ""
    return _("Order %(number)s is still under way; we wait until it is done.") % {"number": order.number}


def erase(person: CustomUser) -> None:
    """Orders stay for the books, and lose who bought. Invoices are kept as they were issued."""
    theirs = list(Order.objects.of_user(person).values_list("pk", flat=True))
    changes: dict[str, Any] = dict.fromkeys(WHO, "") | {"name": _("Erased"), "user": None}
    links = {"link_version": F("link_version") + 1, "modified": timezone.now()}
    Order.objects.filter(pk__in=theirs).update(**changes | links)
    for key in theirs:
        delete_mails(mails_about(key))
    OrderEvent.objects.filter(order__in=theirs, is_note=True).delete()
    Entitlement.objects.filter(order__in=theirs).update(status=Entitlement.Status.REVOKED)
    for session in StripeSession.objects.filter(order__in=theirs):
        asked = {name: value for name, value in session.request.items() if name != "customer_email"}
        StripeSession.objects.filter(pk=session.pk).update(request=asked)
    Cart.objects.filter(user=person).delete()
    person.addresses.all().delete()


HOLDER = Holder(export, erase, why_not_yet)
