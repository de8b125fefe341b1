"""The rooms of an account that the shop brings."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shopfolio.core.pages import list_page
from shopfolio.ecommerce.exceptions import TooManyAddresses
from shopfolio.ecommerce.forms import AddressForm
from shopfolio.ecommerce.models import Address, Entitlement, Invoice, Order, ProductFile
from shopfolio.ecommerce.services.addresses import put_first, take_out
from shopfolio.lib.http import SeeOther, form_page
from shopfolio.users.navigation import OwnRequest

A_PAGE = 20


@require_safe
@login_required
def addresses(request: OwnRequest) -> HttpResponse:
    theirs = list(request.user.addresses.all())
    context = {"addresses": theirs, "may_add": len(theirs) < Address.MOST}
    return render(request, "ecommerce/account_addresses.html", context)


@form_page
@login_required
def address(request: OwnRequest, address_id: UUID | None = None) -> HttpResponse:
    """A new one, or one of theirs to be changed."""
    kept = get_object_or_404(Address, user=request.user, pk=address_id) if address_id else None
    form = AddressForm(request.POST if request.method == "POST" else None, user=request.user, address=kept)
    if form.is_valid():
        try:
            form.save()
        except TooManyAddresses as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("The address is kept."))
            return SeeOther(reverse("ecommerce:addresses"))
    return render(
        request,
        "ecommerce/account_address.html",
        {"form": form, "kept": kept},
        status=422 if form.errors else 200,
    )


@require_POST
@login_required
def change_addresses(request: OwnRequest, address_id: UUID) -> HttpResponse:
    kept = get_object_or_404(Address, user=request.user, pk=address_id)
    if request.POST.get("do") == "remove":
        take_out(request.user, kept.pk)
        messages.success(request, _("The address is gone."))
    elif request.POST.get("do") == "first":
        put_first(request.user, kept.pk)
    return SeeOther(reverse("ecommerce:addresses"))


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
