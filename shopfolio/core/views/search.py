from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shopfolio.core.pages import page_number
from shopfolio.core.search import search as search_pages
from shopfolio.core.whole_pages import public_page
from shopfolio.users.limits import slow_down

SEARCHES = 120
"""A minute, by one network; those whose answer is kept are not counted."""


@public_page("q", "page")
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    number = page_number(request)
    if request.GET.get("q"):
        slow_down(request, "search", most=SEARCHES)
    found = search_pages(request.GET.get("q", ""), page=number)
    if number > 1 and not found.hits:
        raise Http404
    return render(request, "core/search.html", {"found": found})
