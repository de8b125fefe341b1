"""Rich text: what an author may write, made safe both when it is kept and when it is shown."""

import html
from functools import cache

import nh3
from django.utils.safestring import SafeString, mark_safe

TAGS = {
    "p", "h2", "h3", "ul", "ol", "li", "strong", "em", "a", "blockquote", "code", "pre", "hr", "br",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS,
        attributes={"a": {"href"}, "th": {"colspan", "rowspan"}, "td": {"colspan", "rowspan"}},
        url_schemes={"https", "http", "mailto"},
        link_rel="noopener nofollow",
        strip_comments=True,
    )


def sanitise(text: str) -> str:
    """Only the tags of TAGS and plain links; an empty paragraph is empty text."""
    cleaned = _cleaner().clean(text.replace("\x00", "")).strip()
    return "" if cleaned in {"<p></p>", "<p><br></p>"} else cleaned


def safe(text: str) -> SafeString:
    """Rich text for a template. The one place where text is marked safe: behind the sanitiser."""
    return mark_safe(sanitise(text))  # noqa: S308


def plain(text: str) -> str:
    """The words of rich text without its tags."""
    spaced = text.replace("</p>", " </p>").replace("<br>", " ")
    return " ".join(html.unescape(nh3.clean(spaced, tags=set())).split())
