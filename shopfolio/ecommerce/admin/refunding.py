"""The page on which the owner gives money back."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from uuid_utils.compat import uuid7

from shopfolio.abstract_admin import RowActionsMixin
from shopfolio.ecommerce.admin.fields import MoneyField, shown_money
from shopfolio.ecommerce.exceptions import CannotRefund
from shopfolio.ecommerce.models import Order, Refund, StripeSession
from shopfolio.ecommerce.services import stock
from shopfolio.ecommerce.services.refunds import refund_order
from shopfolio.users import audit
from shopfolio.users.reauthentication import ask_again


class RefundForm(forms.Form):
    """wish: names this one refund, so that sending the form twice is one."""

    amount = MoneyField(label=gettext_lazy("Amount"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=gettext_lazy("For your own notes; the buyer does not read it."),
    )
    restock = forms.BooleanField(
        label=gettext_lazy("The goods come back"),
        required=False,
        help_text=gettext_lazy("All that was sold with this order is on the shelf again."),
    )
    wish = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, order: Order, payment: StripeSession) -> None:
        self.left, self.code = payment.left_to_refund, payment.currency
        super().__init__(data, initial={"amount": self.left, "wish": uuid7()})
        amount: Any = self.fields["amount"]
        amount.code = self.code
        amount.help_text = _("In %(currency)s; at most %(left)s.") % {
            "currency": self.code,
            "left": shown_money(self.left, self.code),
        }
        if order.paid_at is None:
            amount.disabled = True
            amount.help_text = _("This order did not become a sale: all of it goes back.")
        if not stock.can_come_back(order):
            del self.fields["restock"]

    def clean_amount(self) -> int:
        amount: int = self.cleaned_data["amount"]
        if not 0 < amount <= self.left:
            most = shown_money(self.left, self.code)
            raise ValidationError(_("More than nothing, and at most %(most)s."), params={"most": most})
        return amount

    @property
    def amount_shown(self) -> str:
        return shown_money(self.cleaned_data["amount"], self.code)


class RefundPage(RowActionsMixin):
    """For the order's admin: "Refund…" leads to a form, the form to a question, and the answer acts."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(ask_again("ecommerce.add_refund")(self.refund))
        return [
            path("<path:object_id>/refund/", view, name="ecommerce_order_refund"),
            *super().get_urls(),
        ]

    def row_links_for(self, request: HttpRequest, row: Order) -> list[tuple[str, Any]]:
        payment = row.find_payment() if request.user.has_perm("ecommerce.add_refund") else None
        if payment is None or not payment.left_to_refund:
            return []
        return [(reverse("admin:ecommerce_order_refund", args=[row.pk]), _("Refund…"))]

    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order, payment = self.find_paid(request, object_id)
        if was_done(request, order):
            return self.back_to(request, order, _("The refund is being made."))
        if not payment.left_to_refund:
            return self.back_to(request, order, _("Nothing is left to refund."), "WARNING")
        form = RefundForm(request.POST or None, order=order, payment=payment)
        if not form.is_valid() or "change" in request.POST:
            return self.show(request, order, payment, form)
        if "confirmed" not in request.POST:
            return self.show(request, order, payment, form, is_question=True)
        try:
            refund_order(order, by=request.user, **form.cleaned_data)
        except CannotRefund as error:
            form.add_error("amount", error.message)
            return self.show(request, order, payment, form)
        audit.record("refund", by=request.user, about=order, note=form.amount_shown)  # type: ignore[arg-type]
        said = _("%(amount)s goes back to %(name)s. Stripe is asked now; look again in a moment.")
        return self.back_to(request, order, said % {"amount": form.amount_shown, "name": order.name})

    def find_paid(self, request: HttpRequest, object_id: str) -> tuple[Order, StripeSession]:
        order = self.get_object(request, unquote(object_id))
        if order is None:
            raise Http404
        if not self.has_view_permission(request, order) or not request.user.has_perm("ecommerce.add_refund"):
            raise PermissionDenied
        payment = order.find_payment()
        if payment is None:
            raise Http404
        return order, payment

    def show(
        self,
        request: HttpRequest,
        order: Order,
        payment: StripeSession,
        form: Any,
        *,
        is_question: bool = False,
    ) -> HttpResponse:
        fieldsets: Any = [(None, {"fields": [name for name in form.fields if name != "wish"]})]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Refund"),
            "opts": self.opts,
            "order": order,
            "order_url": reverse("admin:ecommerce_order_change", args=[order.pk]),
            "payment": payment,
            "facts": facts(payment),
            "form": form,
            "adminform": AdminForm(form, fieldsets, {}, model_admin=self),
            "is_question": is_question,
            "rest": shown_money(form.left - form.cleaned_data["amount"], form.code) if is_question else "",
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/ecommerce/refund.html", context, status=status)

    def back_to(self, request: HttpRequest, order: Order, said: str, level: str = "SUCCESS") -> HttpResponse:
        self.message_user(request, said, level)
        return redirect("admin:ecommerce_order_change", order.pk)


def was_done(request: HttpRequest, order: Order) -> bool:
    """Whether this very form was sent before: by a second click."""
    try:
        wish = UUID(request.POST.get("wish", ""))
    except ValueError:
        return False
    return Refund.objects.filter(pk=wish, order=order).exists()


def facts(payment: StripeSession) -> list[tuple[str, str]]:
    """What came and what became of it, in words."""
    status, sums = Refund.Status, {"done": 0, "under way": 0}
    for refund in payment.refunds.exclude(status=status.FAILED):
        sums["done" if refund.status == status.SUCCEEDED else "under way"] += refund.amount
    rows = [
        (_("Paid"), payment.amount, True),
        (_("Refunded"), sums["done"], sums["done"]),
        (_("On its way back"), sums["under way"], sums["under way"]),
        (_("Taken by the bank"), payment.disputed, payment.disputed),
        (_("Left"), payment.left_to_refund, sums["done"] or sums["under way"] or payment.disputed),
    ]
    return [(label, shown_money(amount, payment.currency)) for label, amount, is_shown in rows if is_shown]
