from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_admin import ReadOnlyAdmin, row_link
from shopfolio.ecommerce.admin.fields import shown_money
from shopfolio.ecommerce.exceptions import CannotRefund
from shopfolio.ecommerce.models import Refund, StripeEvent, StripeSession
from shopfolio.ecommerce.services import aftercare, refunds
from shopfolio.users.reauthentication import ask_again


class OrderMoneyAdmin(ReadOnlyAdmin):
    """An amount of an order, with the way to it."""

    list_select_related = ["order"]
    readonly_fields = ["order_link", "amount_shown"]

    @admin.display(description=_("order"), ordering="order__number")
    def order_link(self, row: StripeSession | Refund) -> str:
        return row_link(row.order)

    @admin.display(description=_("amount"), ordering="amount")
    def amount_shown(self, row: StripeSession | Refund) -> str:
        return shown_money(row.amount, row.currency)


@admin.register(StripeSession)
class StripeSessionAdmin(OrderMoneyAdmin):
    list_display = ["created", "order_link", "status", "amount_shown", "expires_at", "asked_at"]
    list_filter = ["status"]
    search_fields = ["order__number", "session_id", "payment_intent"]
    date_hierarchy = "created"
    fields = [
        "order_link", "number", "status", "amount_shown", "created", "expires_at", "asked_at", "paid_at",
        "payment_method", "card_brand", "last4", "dispute", "disputed_shown", "answer_by", "session_id",
        "payment_intent", "idempotency_key", "last_error", "request",
    ]  # fmt: skip
    readonly_fields = [*OrderMoneyAdmin.readonly_fields, "disputed_shown"]

    @admin.display(description=_("taken by the bank"))
    def disputed_shown(self, row: StripeSession) -> str:
        return shown_money(row.disputed, row.currency)


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    list_display = ["created", "type", "status", "session_id", "handled_at"]
    list_filter = ["status", "type"]
    search_fields = ["event_id", "session_id"]
    date_hierarchy = "created"
    actions = ["look_again"]
    row_actions = ["look_again"]

    @admin.action(description=_("Look at it again"), permissions=["act"])
    def look_again(self, request: HttpRequest, events: QuerySet[StripeEvent]) -> None:
        for event in events:
            aftercare.look_again(event)
        self.message_user(request, gettext("Stripe is asked about it now."))


@admin.register(Refund)
class RefundAdmin(OrderMoneyAdmin):
    list_display = ["created", "order_link", "amount_shown", "status", "reason"]
    list_filter = ["status"]
    search_fields = ["order__number", "refund_id", "reason"]
    date_hierarchy = "created"
    fields = [
        "order_link", "amount_shown", "status", "reason", "restock", "by", "created", "credit_note",
        "session", "refund_id", "idempotency_key", "last_error", "dealt_with_at",
    ]  # fmt: skip
    actions = ["try_again", "set_aside"]
    row_actions = ["try_again", "set_aside"]

    def get_urls(self) -> list[URLPattern]:
        """Its buttons move money, and ask first who it is."""
        found = super().get_urls()
        asks = ask_again("ecommerce.add_refund", only_to_act=True)
        for address in found:
            if (address.name or "").endswith(("_changelist", "_do")):
                address.callback = asks(address.callback)
        return found

    def row_actions_for(self, request: HttpRequest, row: Refund) -> list[str]:
        if row.status == Refund.Status.FAILED and row.dealt_with_at is None:
            return ["try_again", "set_aside"]
        return ["try_again"] if row.status == Refund.Status.CREATED else []

    def has_refund_permission(self, request: HttpRequest) -> bool:
        """Who may give money back sees to it that it arrives."""
        return request.user.has_perm("ecommerce.add_refund")

    @admin.action(description=_("Try again"), permissions=["refund"])
    def try_again(self, request: HttpRequest, rows: QuerySet[Refund]) -> None:
        for refund in rows:
            try:
                aftercare.refund_again(refund, by=request.user)
            except CannotRefund as error:
                self.message_user(request, error.message, messages.ERROR)
            else:
                self.message_user(request, gettext("Stripe is asked for it now."))

    @admin.action(description=_("I have seen to it"), permissions=["refund"])
    def set_aside(self, request: HttpRequest, rows: QuerySet[Refund]) -> None:
        for refund in rows:
            refunds.set_aside(refund)
        self.message_user(request, gettext("Written down."))
