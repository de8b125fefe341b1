from ipaddress import ip_address
from typing import Any
from urllib.parse import urlencode, urlsplit

from django import template
from django.conf import settings

from shopfolio.lib.http import where_next
from shopfolio.users import navigation
from shopfolio.users.browsers import browser_name

register = template.Library()

register.filter(browser_name)


@register.filter
def fours(secret: str) -> list[str]:
    """In groups that can be typed off without losing the place."""
    return [secret[start : start + 4] for start in range(0, len(secret), 4)]


@register.simple_tag
def account_rooms() -> list[navigation.Room]:
    return navigation.rooms()


@register.simple_tag
def social_sites() -> list[Any]:
    """Where else somebody may log in: nowhere, unless SOCIAL_LOGIN says so."""
    if not settings.SOCIAL_LOGIN:
        return []
    from shopfolio.users import social  # its models exist only then

    return social.sites()


@register.simple_tag(takes_context=True)
def onward(context: dict[str, Any]) -> str:
    """The query that carries `next` to another way of logging in."""
    after = where_next(context["request"])
    return f"?{urlencode({'next': after})}" if after else ""


@register.simple_tag(takes_context=True)
def passkeys_work(context: dict[str, Any]) -> bool:
    """Browsers bind a passkey to a name, and want https but for localhost."""
    request = context["request"]
    host = urlsplit(f"//{request.get_host()}").hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return request.is_secure() or host == "localhost"
    return False
