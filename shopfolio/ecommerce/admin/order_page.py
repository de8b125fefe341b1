"""An order in the back office: what to do, who, what, how much, and what happened."""

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from shopfolio.abstract_admin import ReadOnlyAdmin
from shopfolio.core.services import site
from shopfolio.ecommerce.admin.refunding import RefundPage
from shopfolio.ecommerce.models import Order, OrderEvent
from shopfolio.ecommerce.models.orders import LineKind
from shopfolio.ecommerce.order_words import advice_for, advice_in_dispute, money_back, sent_how, standing_of
from shopfolio.ecommerce.services import aftercare
from shopfolio.ecommerce.services.fulfilment import Parcel, mark_sent
from shopfolio.ecommerce.services.mails import delivery_address
from shopfolio.ecommerce.timeline import Moment, timeline_of
from shopfolio.tasks.emails import Delivery, delivery_of
from shopfolio.tasks.models import Email


class ParcelForm(forms.Form):
    carrier = forms.CharField(label=gettext_lazy("Carrier"), required=False, max_length=80)
    tracking_number = forms.CharField(label=gettext_lazy("Number"), required=False, max_length=80)
    tracking_url = forms.URLField(
        label=gettext_lazy("Link to follow it"), required=False, max_length=500, assume_scheme="https"
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")


class NoteForm(forms.Form):
    text = forms.CharField(label=gettext_lazy("A note for yourself"), max_length=500)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="note_%s", label_suffix="")


class OrderPage(RefundPage, ReadOnlyAdmin):
    """For the order's admin: its page, and the addresses that the page's own forms go to."""

    change_form_template = "admin/ecommerce/order.html"

    def get_urls(self) -> list[URLPattern]:
        pages = {"send": self.send, "note": self.note, "slip": require_safe(self.slip)}
        own = [
            path(
                f"<path:object_id>/{name}/", self.admin_site.admin_view(view), name=f"ecommerce_order_{name}"
            )
            for name, view in pages.items()
        ]
        return [*own, *super().get_urls()]

    def find(self, request: HttpRequest, object_id: str, *, acts: bool = True) -> Order:
        """The order, for somebody who may do something about it, or who may look."""
        order: Order | None = self.get_object(request, unquote(object_id))
        if order is None:
            raise Http404
        may: bool = self.has_act_permission(request) if acts else self.has_view_permission(request, order)
        if not may:
            raise PermissionDenied
        return order

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        if order := kwargs.get("obj"):
            context |= self.told(request, order)
        return super().render_change_form(request, context, *args, **kwargs)

    def told(self, request: HttpRequest, order: Order) -> dict[str, Any]:
        lines = list(order.lines.select_related("variant__product"))
        may_act = self.has_act_permission(request)
        payments = list(order.sessions.order_by("number"))
        payment = order.find_payment()
        refunds = list(order.refunds.select_related("session", "credit_note", "by"))
        return {
            "title": _("Order %(number)s") % {"number": order.number},
            "subtitle": None,
            "order": order,
            "standing": standing_of(order),
            "advice": advice_for(order, payment),
            "is_held": bool(advice_in_dispute(order, payment)),
            "why": last_reason(order),
            "send_form": ParcelForm() if may_act and can_be_sent(order) else None,
            "note_form": NoteForm() if may_act else None,
            "goods": [line for line in lines if line.kind == LineKind.PRODUCT],
            "shipping": next((line for line in lines if line.kind == LineKind.SHIPPING), None),
            "money_back": money_back(refunds),
            "address": delivery_address(order, language=site().profile.language),
            "sent_how": sent_how(order),
            "payments": payments,
            "documents": order.invoices.select_related("pdf").order_by("created"),
            "refunds": refunds,
            "entitlements": order.entitlements.select_related("product"),
            "mails": mails_of(order),
            "moments": seen_by(request.user, order),
        }

    def send(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The form of the order's page, and alone where something in it is wrong."""
        order = self.find(request, object_id)
        form = ParcelForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self.ask(request, order, form, _("Mark as sent"))
        sent = mark_sent(order.pk, by=request.user, parcel=Parcel(**form.cleaned_data))
        said = ngettext("%(count)d order sent.", "%(count)d orders sent.", int(sent))
        self.message_user(request, said % {"count": int(sent)})
        return redirect("admin:ecommerce_order_change", order.pk)

    def note(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self.find(request, object_id)
        form = NoteForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self.ask(request, order, form, _("Write it down"))
        aftercare.write_note(order.pk, text=form.cleaned_data["text"], by=request.user)
        self.message_user(request, _("Written down."))
        return redirect("admin:ecommerce_order_change", order.pk)

    def ask(self, request: HttpRequest, order: Order, form: forms.Form, button: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Order %(number)s") % {"number": order.number},
            "opts": self.opts,
            "row": order,
            "form": form,
            "button": button,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/ask.html", context, status=status)

    def slip(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What lies in the parcel, to be printed."""
        order = self.find(request, object_id, acts=False)
        address = delivery_address(order, language=order.language)
        if not address:
            raise Http404
        lines = order.lines.filter(goods="physical").order_by("position")
        return render(
            request,
            "admin/ecommerce/slip.html",
            {"order": order, "address": address, "lines": lines, "site": site()},
        )


def can_be_sent(order: Order) -> bool:
    return order.is_paid and order.fulfilment == Order.Fulfilment.OPEN


def last_reason(order: Order) -> str:
    """Why an order needs a look."""
    if order.status != Order.Status.REVIEW:
        return ""
    event = OrderEvent.objects.filter(order=order, to_status=order.status).exclude(why="").last()
    return event.why if event else ""


def mails_of(order: Order) -> list[tuple[Email, Delivery]]:
    mails = list(Email.objects.filter(key__endswith=f"-{order.pk}").defer("text", "html").order_by("created"))
    return list(zip(mails, delivery_of(mails), strict=True))


def seen_by(reader: Any, order: Order) -> list[Moment]:
    """The order's story, without links to pages that this person may not open."""
    return [
        moment if moment.link is None or moment.link.opens_for(reader) else replace(moment, link=None)
        for moment in timeline_of(order, language=site().profile.language)
    ]
