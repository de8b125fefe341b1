"""How a page with a public address is found and shown."""

import re
from typing import TypeVar

from django.conf import settings
from django.http import Http404, HttpRequest

from shopfolio.abstract_models import PageQuerySet

Pages = TypeVar("Pages", bound=PageQuerySet)


def shown_to(request: HttpRequest, pages: Pages) -> Pages:
    """Live pages, and drafts for staff. Without a session cookie nobody is asked who they are."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return pages.live()
    return pages.visible_to(request.user)


def page_number(request: HttpRequest) -> int:
    """What ?page= says. Each number is written in one way only, so that a page has one address."""
    text = request.GET.get("page", "1")
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise Http404
    return int(text)
