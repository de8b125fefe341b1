"""How a page with a public address is found and shown."""

from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest

from shopfolio.abstract_models import PageQuerySet

Pages = TypeVar("Pages", bound=PageQuerySet)


def shown_to(request: HttpRequest, pages: Pages) -> Pages:
    """Live pages, and drafts for staff. Without a session cookie nobody is asked who they are."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return pages.live()
    return pages.visible_to(request.user)
