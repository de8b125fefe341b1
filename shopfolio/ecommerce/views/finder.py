"""Who has lost the link to an order has it sent again, to the address that the order names."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shopfolio.core.views.status_pages import too_many
from shopfolio.core.whole_pages import public_page
from shopfolio.ecommerce.forms import FinderForm
from shopfolio.ecommerce.services.aftercare import ask_for_links
from shopfolio.lib.http import SeeOther, absolute_url, form_page
from shopfolio.users.limits import HOUR, MINUTE, Limits, TooMany

FINDER = Limits("find", per_network={MINUTE: 5, HOUR: 30}, per_region={HOUR: 100}, for_all={HOUR: 200})


@public_page()
@form_page
def find(request: HttpRequest) -> HttpResponse:
    """Whether there are orders a job looks up: answer and time are the same for every address."""
    if request.method != "POST":
        return render(request, "ecommerce/find.html", {"form": FinderForm()})
    form = FinderForm(request.POST)
    if not form.is_valid():
        return render(request, "ecommerce/find.html", {"form": form}, status=422)
    try:
        FINDER.count(request)
    except TooMany as refusal:
        return too_many(request, refusal, "ecommerce/find.html", {"form": form})
    ask_for_links(form.cleaned_data["email"])
    return SeeOther(absolute_url("ecommerce:find_sent"))


@public_page()
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "ecommerce/find_sent.html")
