"""How a page with a public address is found and shown."""

import re
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

from shopfolio.abstract_models import PageQuerySet
from shopfolio.users.reauthentication import has_shown_second_factor

Pages = TypeVar("Pages", bound=PageQuerySet)
Row = TypeVar("Row", bound=Model)


def shown_to(request: HttpRequest, pages: Pages) -> Pages:
    """Live pages, and drafts where the back office opens.

    Without a session cookie nobody is asked who they are.
    """
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_staff:
        return pages.live()
    is_shown = settings.LOOPBACK or has_shown_second_factor(request)
    return pages.visible_to(request.user) if is_shown else pages.live()


def page_number(request: HttpRequest) -> int:
    """What ?page= says. Each number is written in one way only, so that a page has one address."""
    text = request.GET.get("page", "1")
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise Http404
    return int(text)


@dataclass(frozen=True)
class ListPage(Generic[Row]):
    """One page of a list, and whether another comes after it."""

    rows: list[Row]
    number: int
    has_more: bool


def list_page(
    request: HttpRequest, listed: QuerySet[Row], *, shown: QuerySet[Any], size: int
) -> ListPage[Row]:
    """The page that ?page= asks for. However deep it lies, only its own rows are read; an index has the rest.

    listed: which rows, in which order; shown: the same rows with all that the page tells of them.
    """
    number = page_number(request)
    start = (number - 1) * size
    # One more than the page shows tells whether there is another; counting all would grow with the list.
    rows = list(shown.filter(pk__in=listed.values("pk")[start : start + size + 1]))
    if start and not rows:
        raise Http404
    return ListPage(rows[:size], number, len(rows) > size)
