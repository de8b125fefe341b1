"""A buyer's order. Whoever has its link may see it; nobody else can guess it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from shopfolio.core.views.status_pages import kept_nowhere
from shopfolio.ecommerce.models import Entitlement, Invoice, Order, StripeSession
from shopfolio.ecommerce.models.orders import LineKind
from shopfolio.ecommerce.order_words import money_back, refund_lost, steps_of, words_for
from shopfolio.ecommerce.services.entitlements import downloads_of

private = cache_control(private=True, no_store=True)


class NoSuchOrder(Exception):
    """The link leads to no order, or was revoked; which of both is nobody's business."""


View = Callable[..., HttpResponseBase]


def leads_to_finder(view: View) -> View:
    """Whoever comes with a link that is none is told how to get another."""

    @wraps(view)
    def with_a_way_on(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NoSuchOrder:
            context = {"status": 404, "layout": "status/page.html"}
            return kept_nowhere(render(request, "ecommerce/no_order.html", context, status=404))

    return with_a_way_on


CHANGES_SOON = {Order.Status.DRAFT: 5, Order.Status.AWAITING_PAYMENT: 15, Order.Status.PROCESSING: 30}
"""Seconds after which the page looks again."""


@private
@require_safe
@leads_to_finder
def order(request: HttpRequest, token: str) -> HttpResponse:
    order = find_order(token)
    attempts = list(order.sessions.order_by("-number"))
    lines = list(order.lines.select_related("variant__product"))
    refunds = list(order.refunds.select_related("session"))
    paid = next((attempt for attempt in attempts if attempt.status == StripeSession.Status.PAID), None)
    pay_page = pay_url(order, attempts)
    context = {
        "order": order,
        "words": words_for(order, can_pay=bool(pay_page)),
        "steps": steps_of(order, lines, paid),
        "lines": [line for line in lines if line.kind == LineKind.PRODUCT],
        "shipping": next((line for line in lines if line.kind == LineKind.SHIPPING), None),
        "goods": sum(line.total for line in lines if line.kind == LineKind.PRODUCT),
        "downloads": downloads_of(order),
        "money_back": money_back(refunds),
        "refund_lost": refund_lost(refunds),
        "downloads_ended": order.entitlements.filter(status=Entitlement.Status.REVOKED).exists(),
        "documents": documents_of(order),
        "pay_url": pay_page,
        "has_ended": order.status in Order.CAME_TO_NOTHING,
        "refresh": CHANGES_SOON.get(Order.Status(order.status)),
        "is_sent": order.fulfilment != Order.Fulfilment.NOTHING_TO_SEND,
    }
    return render(request, "ecommerce/order.html", context)


@private
@require_safe
@leads_to_finder
def latest_document(request: HttpRequest, token: str) -> HttpResponseBase:
    documents = documents_of(find_order(token))
    if not documents:
        raise Http404
    return show_pdf(documents[0])


@private
@require_safe
@leads_to_finder
def document(request: HttpRequest, token: str, number: str) -> HttpResponseBase:
    for document in documents_of(find_order(token)):
        if document.number == number:
            return show_pdf(document)
    raise Http404


@private
@require_safe
@leads_to_finder
def download(request: HttpRequest, token: str, file_id: object) -> HttpResponseBase:
    for product_file in downloads_of(find_order(token)):
        if product_file.pk == file_id:
            return FileResponse(
                product_file.file.open("rb"), as_attachment=True, filename=product_file.filename
            )
    raise Http404


def find_order(token: str) -> Order:
    order = Order.objects.by_token(token)
    if order is None:
        raise NoSuchOrder
    return order


def documents_of(order: Order) -> list[Invoice]:
    """Invoices and credit notes that are printed, the latest first."""
    return list(order.invoices.filter(pdf__isnull=False).select_related("pdf").order_by("-created"))


def show_pdf(document: Invoice) -> FileResponse:
    filename = f"{document.number.replace('/', '-')}.pdf"
    return FileResponse(document.pdf.file.open("rb"), filename=filename, content_type="application/pdf")


def pay_url(order: Order, attempts: list[StripeSession]) -> str:
    """Where a buyer who turned back can still pay."""
    if order.status != Order.Status.AWAITING_PAYMENT:
        return ""
    now = timezone.now()
    still_open = [
        each for each in attempts if each.status == StripeSession.Status.OPEN and each.expires_at > now
    ]
    return still_open[0].url if still_open else ""
