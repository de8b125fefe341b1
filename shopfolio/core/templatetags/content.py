from datetime import datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from shopfolio.core.services import Site, site
from shopfolio.lib import html, http
from shopfolio.lib.measures import hold_together

register = template.Library()


@register.filter
def rich_text(text: str) -> SafeString:
    """What an author wrote in the editor, for a page."""
    return html.safe(text or "")


@register.filter
def article(text: str) -> SafeString:
    """Rich text that stands alone on its page, with its footnotes."""
    return html.with_notes(text or "")


@register.filter
def measured(text: str) -> str:
    """A line of an author's, in which no measure parts."""
    return hold_together(text or "")


@register.filter(expects_localtime=True)
def machine_time(moment: datetime) -> str:
    """For <time datetime>, which takes no microseconds."""
    return moment.isoformat(timespec="seconds")


@register.simple_tag
def the_site() -> Site:
    """For base.html: views of allauth put another `site` in the place of ours."""
    return site()


@register.simple_tag
def absolute(path: str) -> str:
    return http.absolute(path)


@register.simple_tag(takes_context=True)
def canonical(context: dict[str, Any]) -> str:
    """The page's one address: of all parameters only the page number makes another page.

    Which of its parameters do, a view with more of them says in `address_query`.
    """
    request = context.get("request")
    if request is None or request.resolver_match is None:
        return ""
    if (query := context.get("address_query")) is not None:
        return http.absolute(request.path) + (f"?{query}" if query else "")
    number = request.GET.get("page", "")
    query = f"?page={number}" if number.isdecimal() and number != "1" else ""
    return http.absolute(request.path) + query


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any], address: str) -> SafeString | str:
    """Marks the link to where the visitor is: the page itself, or the part of the site it belongs to."""
    path = getattr(context.get("request"), "path", "")
    if address and path == address:
        return format_html(' aria-current="{}"', "page")
    if address not in {"", "/"} and path.startswith(address):
        return format_html(' aria-current="{}"', "true")
    return ""
