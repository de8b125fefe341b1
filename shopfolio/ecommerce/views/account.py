"""The rooms of an account that the shop brings."""

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shopfolio.core.pages import list_page
from shopfolio.ecommerce.models import Entitlement, Invoice, Order, ProductFile
from shopfolio.users.navigation import OwnRequest

A_PAGE = 20


@require_safe
@login_required
def orders(request: OwnRequest) -> HttpResponse:
    theirs = Order.objects.of_user(request.user).worth_showing()
    printed = Invoice.objects.filter(pdf__isnull=False).order_by("-created")
    files = ProductFile.objects.filter(status=ProductFile.Status.OFFERED)
    entitled = Entitlement.objects.filter(status=Entitlement.Status.ACTIVE).select_related("product")
    shown = Order.objects.order_by("-created").prefetch_related(
        Prefetch("invoices", printed, to_attr="printed"),
        Prefetch(
            "entitlements", entitled.prefetch_related(Prefetch("product__files", files)), to_attr="entitled"
        ),
        "lines",
    )
    paging = list_page(request, theirs, shown=shown, size=A_PAGE)
    return render(request, "ecommerce/account_orders.html", {"orders": paging.rows, "paging": paging})
