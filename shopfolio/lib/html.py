"""Rich text: what an author may write, made safe both when it is kept and when it is shown.

The one place where text is marked safe.
"""

import html
import re
from collections.abc import Iterable
from functools import cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from shopfolio.lib.measures import hold_together

TAGS = {
    "p", "h2", "h3", "ul", "ol", "li", "strong", "em", "a", "blockquote", "code", "pre", "hr", "br",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip

NOT_WORDS = re.compile(r'(<pre.*?</pre>|<code.*?</code>|<(?:[^>"]|"[^"]*")*>)', re.DOTALL)


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
    """Rich text for a template, marked safe behind the sanitiser.

    Code is as wide as its lines and a table as its words, so that both scroll: the keyboard has to get there.
    """
    parts = NOT_WORDS.split(sanitise(text))
    parts[::2] = map(hold_together, parts[::2])
    code = f'<pre tabindex="0" role="group" aria-label="{html.escape(_("Code"))}">'
    table = f'<div class="table" tabindex="0" role="group" aria-label="{html.escape(_("Table"))}"><table>'
    shown = "".join(parts).replace("<pre>", code).replace("<table>", table)
    return mark_safe(shown.replace("</table>", "</table></div>"))  # noqa: S308


NOTE = re.compile(r"<p>\[(\d{1,3})\]\s*(.*?)</p>\s*", re.DOTALL)
MARK = re.compile(r"\[(\d{1,3})\]")


def with_notes(text: str) -> SafeString:
    """As `safe`; a paragraph that begins with [1] is a footnote, to which [1] elsewhere leads.

    Where only one of the two is there, both stay as they are.
    """
    shown = safe(text)
    notes = {found[1]: found[2] for found in NOTE.finditer(shown)}
    body = NOT_WORDS.split(NOTE.sub("", shown))
    words = body[::2]  # what lies between tags
    called = {number for part in words for number in MARK.findall(part)} & notes.keys()
    if called != notes.keys() or not notes:
        return shown
    seen: set[str] = set()

    def call(found: re.Match[str]) -> str:
        number = found[1]
        if number not in notes:
            return found[0]
        place = "" if number in seen else f' id="call-{number}"'
        seen.add(number)
        label = html.escape(_("Note %(number)s") % {"number": number})
        return f'<sup><a href="#note-{number}"{place} aria-label="{label}">{number}</a></sup>'

    body[::2] = [MARK.sub(call, part) for part in words]
    back = html.escape(_("Back to the text"))
    items = "".join(
        f'<li id="note-{number}" value="{number}">{note} '
        f'<a href="#call-{number}" aria-label="{back}">↩\ufe0e</a></li>'
        for number, note in notes.items()
    )
    return mark_safe(f'{"".join(body)}<ol class="notes">{items}</ol>')  # noqa: S308


def in_column(cell: str, heading: str) -> SafeString:
    """A cell of a list of Django's admin, which begins with <td or <th, with the name of its column."""
    return mark_safe(f'{cell[:3]} data-column="{html.escape(heading)}"{cell[3:]}')  # noqa: S308


def plain(text: str) -> str:
    """The words of rich text without its tags."""
    spaced = text.replace("</p>", " </p>").replace("<br>", " ")
    return " ".join(html.unescape(nh3.clean(spaced, tags=set())).split())


BLOCK_ENDS = re.compile(r"</(?:p|h2|h3|ul|ol|blockquote|pre|table)>|<hr>")
LINK = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


def as_text(text: str, *, site: str = "") -> str:
    """Rich text for who reads no HTML: paragraphs apart, points with a dash, links with their address.

    site: what the addresses of its own pages begin with.
    """

    def in_words(link: re.Match[str]) -> str:
        address = f"{site}{link[1]}" if link[1].startswith("/") else link[1].removeprefix("mailto:")
        return link[2] if address in link[2] else f"{link[2]} ({address})"

    lists: list[int | None] = []  # how many points so far; None: they have no numbers

    def counted(tag: re.Match[str]) -> str:
        if tag[0] in {"<ol>", "<ul>"}:
            lists.append(0 if tag[0] == "<ol>" else None)
        elif tag[0] != "<li>":
            lists.pop()
        elif not lists or lists[-1] is None:
            return "\n- "
        else:
            lists[-1] += 1
            return f"\n{lists[-1]}. "
        return tag[0]

    shown = re.sub(r"</?[ou]l>|<li>", counted, " ".join(LINK.sub(in_words, sanitise(text)).split()))
    shown = shown.replace("<br>", "\n").replace("</tr>", "\n")
    shown = re.sub(r"</t[hd]>", "  ", BLOCK_ENDS.sub("\n\n", shown))
    lines = (line.strip() for line in html.unescape(re.sub(r"<[^>]*>", "", shown)).splitlines())
    return re.sub(r"\n{2,}", "\n\n", re.sub(r"\n+(?=- |\d+\. )", "\n", "\n".join(lines))).strip() + "\n"


def marked(text: str, places: Iterable[slice]) -> SafeString:
    """Plain text for a template, escaped, with these places of it in <mark>."""
    parts, done = [], 0
    for place in _joined(places):
        parts += [html.escape(text[done : place.start]), f"<mark>{html.escape(text[place])}</mark>"]
        done = place.stop
    return mark_safe("".join([*parts, html.escape(text[done:])]))  # noqa: S308


def _joined(places: Iterable[slice]) -> list[slice]:
    """Without overlaps; what touches becomes one."""
    joined: list[slice] = []
    for place in sorted(places, key=lambda place: place.start):
        if joined and place.start <= joined[-1].stop:
            joined[-1] = slice(joined[-1].start, max(joined[-1].stop, place.stop))
        else:
            joined.append(place)
    return joined
