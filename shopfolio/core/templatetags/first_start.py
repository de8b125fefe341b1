from typing import Any

from django import template
from django.conf import settings

from shopfolio.core.services import site

register = template.Library()


def is_staff_here(context: dict[str, Any]) -> bool:
    """Whether one of the staff looks. Who brings no session is not asked, so that the page can be kept."""
    request = context.get("request")
    if request is None or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    user = getattr(request, "user", None)
    return bool(user and user.is_staff)


@register.simple_tag(takes_context=True)
def shows_demo_note(context: dict[str, Any]) -> bool:
    """On the owner's own machine to everybody: who has just started the site is not logged in yet."""
    return site().is_demo and (settings.LOOPBACK or is_staff_here(context))


@register.inclusion_tag("includes/staff_link.html", takes_context=True)
def staff_link(context: dict[str, Any], view: str, text: str) -> dict[str, Any]:
    """On an empty page: where its first row is written."""
    return {"is_shown": is_staff_here(context), "view": view, "text": text}
