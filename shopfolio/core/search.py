"""The search over all pages: one function, two databases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from shopfolio.core import search_index
from shopfolio.core.models.search import Searchable, SearchEntry
from shopfolio.lib import html
from shopfolio.lib.words import Query

A_PAGE = 20
MOST = 1_000
"""Of words that stand on more pages than this, the pages that were added last are looked at."""

EXCERPT, BEFORE = 240, 60
"""Signs of a text that are shown, and of them those before the first word found."""

FOUND = """
WITH matching AS (
    SELECT rowid AS id, MAX(weight) AS weight FROM (
        SELECT * FROM (
            SELECT rowid, 2 AS weight FROM core_search_index WHERE {matches} ORDER BY rowid DESC LIMIT {most}
        ) AS titles
        UNION ALL SELECT * FROM (
            SELECT rowid, 1 AS weight FROM core_search_index WHERE {matches} ORDER BY rowid DESC LIMIT {most}
        ) AS summaries
        UNION ALL SELECT * FROM (
            SELECT rowid, 0 AS weight FROM core_search_index WHERE {matches} ORDER BY rowid DESC LIMIT {most}
        ) AS texts
    ) AS anywhere GROUP BY rowid
), shown AS (
    SELECT entry.id, weight, live_from, COUNT(*) OVER () AS total
    FROM matching JOIN core_searchentry AS entry ON entry.id = matching.id
    WHERE live_from <= %s AND (live_until IS NULL OR live_until > %s)
    ORDER BY weight DESC, live_from DESC, entry.id DESC LIMIT %s OFFSET %s
)
SELECT entry.*, shown.total FROM shown JOIN core_searchentry AS entry ON entry.id = shown.id
ORDER BY shown.weight DESC, shown.live_from DESC, shown.id DESC
"""


@dataclass(frozen=True)
class Hit:
    """A page that was found, as the list shows it."""

    page: UUID
    model: type[Searchable]
    path: str
    title: SafeString
    excerpt: SafeString
    live_from: datetime

    @property
    def kind(self) -> str:
        return capfirst(str(self.model._meta.verbose_name))


@dataclass(frozen=True)
class Found:
    query: Query
    number: int = 1
    hits: Sequence[Hit] = ()
    total: int = 0

    @property
    def has_more(self) -> bool:
        return self.number * A_PAGE < self.total

    @property
    def is_cut(self) -> bool:
        """Whether there are more pages with these words than were looked at."""
        return self.total >= MOST


def search(text: str, *, page: int = 1) -> Found:
    """Live pages that hold every word: first those with all of them in the title, then in the summary; the
    newest first. In one query, none for text without words.
    """
    query = Query.of(text)
    if not query:
        return Found(query)
    entries = list(SearchEntry.objects.raw(*_statement(query, page)))
    total = entries[0].total if entries else 0
    return Found(query, page, [_hit(entry, query) for entry in entries], total)


def _statement(query: Query, page: int) -> tuple[str, list[object]]:
    statement = FOUND.format(matches=search_index.dialect().matches, most=MOST)
    places = (search_index.IN_TITLE, search_index.IN_SUMMARY, "")
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    wanted = [search_index.wanted(query, place) for place in places]
    return statement, [*wanted, now, now, A_PAGE, (page - 1) * A_PAGE]


def _hit(entry: SearchEntry, query: Query) -> Hit:
    return Hit(
        page=entry.page,
        model=apps.get_model(entry.kind),
        path=entry.path,
        title=html.marked(entry.title, query.places(entry.title)),
        excerpt=_excerpt(entry, query),
        live_from=entry.live_from,
    )


def _excerpt(entry: SearchEntry, query: Query) -> SafeString:
    """The part of summary or text where the first of the words stands."""
    for text in (entry.summary, entry.text):
        if (first := next(query.places(text), None)) is not None:
            part = _around(text, first.start)
            return html.marked(part, query.places(part))
    return html.marked(_around(entry.summary or entry.text, 0), [])


def _around(text: str, place: int) -> str:
    """Some of a text, cut between words, with that place in it."""
    start = max(0, place - BEFORE) if len(text) > EXCERPT else 0
    if start:
        start = text.find(" ", start, place) + 1 or start
    end = start + EXCERPT
    if end < len(text) and (space := text.rfind(" ", place + 1, end)) > 0:
        end = space
    return f"{'… ' if start else ''}{text[start:end].strip()}{' …' if end < len(text) else ''}"
