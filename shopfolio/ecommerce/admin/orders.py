from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Case, F, Q, QuerySet, When
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_admin import ListInOwnOrder, ReadOnlyAdmin, row_link
from shopfolio.ecommerce.admin.fields import shown_money
from shopfolio.ecommerce.admin.order_page import OrderPage
from shopfolio.ecommerce.exceptions import PaymentUnavailable, SessionUnknown, ShopError
from shopfolio.ecommerce.models import Entitlement, Order
from shopfolio.ecommerce.models.orders import TO_SEND, LineKind
from shopfolio.ecommerce.order_words import standing_of
from shopfolio.ecommerce.services import aftercare, mails
from shopfolio.ecommerce.services.fulfilment import mark_sent


class StandingFilter(admin.SimpleListFilter):
    title = _("where it stands")
    parameter_name = "standing"
    CHOICES: ClassVar = {
        "send": (_("To send"), TO_SEND),
        "look": (_("Needs a look"), Q(status="review")),
        "paid": (_("Paid"), Q(status__in=["paid", "partially_refunded"])),
        "waiting": (_("Waits for payment"), Q(status__in=Order.HOLDS_STOCK)),
        "refunded": (_("Refunded"), Q(status__in=["refunded", "partially_refunded"])),
        "nothing": (_("Came to nothing"), Q(status__in=Order.CAME_TO_NOTHING)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, label) for name, (label, _rows) in self.CHOICES.items()]

    def queryset(self, request: HttpRequest, orders: QuerySet[Order]) -> QuerySet[Order]:
        _label, rows = self.CHOICES.get(self.value() or "", ("", Q()))
        return orders.filter(rows)


@admin.register(Order)
class OrderAdmin(OrderPage):
    list_display = ["number", "name", "goods", "standing", "total_shown", "created"]
    list_filter = [StandingFilter]
    search_fields = ["number", "email", "name", "company", "lines__title", "invoices__number"]
    date_hierarchy = "created"
    row_actions = [
        "mark_as_sent", "ask_stripe_again", "deliver_again", "thank_again", "send_link", "tell_sent_again",
        "renew_link",
    ]  # fmt: skip
    actions = [*row_actions]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        orders: QuerySet[Order] = super().get_queryset(request)
        if request.resolver_match and request.resolver_match.url_name == "ecommerce_order_changelist":
            return orders.prefetch_related("lines")
        return orders

    def get_ordering(self, request: HttpRequest) -> Any:
        """What needs a look, what is to be sent (who waits longest first), then all others."""
        rank = Case(When(status=Order.Status.REVIEW, then=0), When(TO_SEND, then=1), default=2)
        waiting_since = Case(When(TO_SEND, then=F("created")))
        return [rank, waiting_since, "-created"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ListInOwnOrder]:
        return ListInOwnOrder

    def view_on_site(self, order: Order) -> str:
        return order.get_absolute_url()

    def row_actions_for(self, request: HttpRequest, row: Order) -> list[str]:
        has_invoice = row.invoices.exists()
        is_decided = row.is_paid or row.status == Order.Status.REFUNDED
        offered = {
            "mark_as_sent": row.is_paid and row.fulfilment == Order.Fulfilment.OPEN,
            "ask_stripe_again": not is_decided and row.sessions.exists(),
            "deliver_again": has_invoice,
            "thank_again": row.is_paid and not has_invoice,
            "send_link": bool(row.email),
            "tell_sent_again": row.fulfilment == Order.Fulfilment.SENT,
            "renew_link": True,
        }
        return [name for name, is_offered in offered.items() if is_offered]

    @admin.action(description=_("Mark as sent"), permissions=["act"])
    def mark_as_sent(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        sent = sum(mark_sent(order_id, by=request.user) for order_id in orders.values_list("pk", flat=True))
        self.message_user(
            request, ngettext("%(count)d order sent.", "%(count)d orders sent.", sent) % {"count": sent}
        )

    @admin.action(description=_("Ask Stripe again"), permissions=["act"])
    def ask_stripe_again(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        for order in orders:
            self.message_user(request, *ask_stripe(order, by=request.user))

    @admin.action(description=_("Send the invoice again"), permissions=["act"])
    def deliver_again(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        keys = orders.values_list("pk", flat=True)
        sent = sum(aftercare.deliver_again(key, by=request.user) for key in keys)
        said = ngettext("%(count)d invoice goes out.", "%(count)d invoices go out.", sent)
        self.message_user(request, said % {"count": sent})

    @admin.action(description=_("Send the mail about the order again"), permissions=["act"])
    def thank_again(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self.mail_again(request, orders, "thanks")

    @admin.action(description=_("Send the link again"), permissions=["act"])
    def send_link(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self.mail_again(request, orders, "link")

    @admin.action(description=_("Send the mail about the parcel again"), permissions=["act"])
    def tell_sent_again(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self.mail_again(request, orders.filter(fulfilment=Order.Fulfilment.SENT), "sent")

    def mail_again(self, request: HttpRequest, orders: QuerySet[Order], what: str) -> None:
        keys = orders.values_list("pk", flat=True)
        sent = sum(aftercare.mail_again(key, what=what, by=request.user) for key in keys)
        if sent:
            said = ngettext("%(count)d mail goes out.", "%(count)d mails go out.", sent) % {"count": sent}
            self.message_user(request, said)
        else:
            self.message_user(request, gettext("It is on its way already."), messages.WARNING)

    @admin.action(description=_("Revoke the link and send a new one"), permissions=["act"])
    def renew_link(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        for order_id in orders.values_list("pk", flat=True):
            aftercare.renew_link(order_id, by=request.user)
        self.message_user(request, gettext("The old link no longer works, and a new one goes out."))

    @admin.display(description=_("total"), ordering="total")
    def total_shown(self, order: Order) -> str:
        return shown_money(order.total, order.currency)

    @admin.display(description=_("where it stands"), ordering="status")
    def standing(self, order: Order) -> str:
        return standing_of(order)

    @admin.display(description=_("goods"))
    def goods(self, order: Order) -> str:
        lines = [line for line in order.lines.all() if line.kind == LineKind.PRODUCT]
        return Truncator("; ".join(mails.title(line) for line in lines)).chars(60)


def ask_stripe(order: Order, *, by: Any) -> tuple[str, int]:
    """What to say of it, and how gravely."""
    try:
        order = aftercare.ask_stripe(order, by=by)
    except SessionUnknown:
        said = gettext("%(order)s: Stripe does not know this payment. Was it made with another key?")
        return said % {"order": order}, messages.ERROR
    except PaymentUnavailable:
        said = gettext("%(order)s: Stripe does not answer now. Please try again in a minute.")
        return said % {"order": order}, messages.ERROR
    except ShopError as error:
        return f"{order}: {error.message}", messages.ERROR
    said = gettext("%(order)s: Stripe was asked. The order is now: %(status)s.")
    return said % {"order": order, "status": order.get_status_display()}, messages.SUCCESS


@admin.register(Entitlement)
class EntitlementAdmin(ReadOnlyAdmin):
    list_display = ["created", "order_link", "product", "status"]
    list_filter = ["status"]
    list_select_related = ["order", "product"]
    search_fields = ["order__number", "order__email", "product__title"]
    fields = ["created", "order_link", "product", "status"]
    readonly_fields = ["order_link"]

    @admin.display(description=_("order"), ordering="order__number")
    def order_link(self, entitlement: Entitlement) -> str:
        return row_link(entitlement.order)
