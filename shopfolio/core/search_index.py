"""Which words lead to which entry: one table, full-text on both databases, asked in one way.

SQLite's FTS5 and PostgreSQL's text search would each cut a text into words, drop accents and rank in their
own way. Here both only look up the words that lib.words made, so that they find the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from shopfolio.lib.words import Query, words

IN_TITLE, IN_SUMMARY = "=", "~"
"""Before a word of the title, and before one of title or summary: pages are ranked by these."""


@dataclass(frozen=True)
class Dialect:
    write: str
    matches: str
    all_of: str
    quote: str
    beginning: str
    settle: tuple[str, ...] = ()


DIALECTS = {
    "sqlite": Dialect(
        write="INSERT OR REPLACE INTO core_search_index (rowid, words) VALUES (%s, %s)",
        matches="core_search_index MATCH %s",
        all_of=" AND ",
        quote='"',
        beginning=" *",
    ),
    "postgresql": Dialect(
        write="INSERT INTO core_search_index (rowid, words)"
        " VALUES (%s, array_to_tsvector(string_to_array(%s, ' ')))"
        " ON CONFLICT (rowid) DO UPDATE SET words = excluded.words",
        matches="words @@ %s::tsquery",
        all_of=" & ",
        quote="'",
        beginning=":*",
        settle=(
            "SELECT gin_clean_pending_list('core_search_index_words')",
            "ANALYZE core_search_index, core_searchentry",
        ),
    ),
}
STRAYS = """
DELETE FROM core_search_index
WHERE NOT EXISTS (SELECT 1 FROM core_searchentry WHERE id = core_search_index.rowid)
"""
HAS_WORDS = "EXISTS (SELECT 1 FROM core_search_index WHERE rowid = core_searchentry.id)"


def dialect() -> Dialect:
    return DIALECTS[connection.vendor]


def put(entries: Iterable[Any]) -> None:
    """Write the words of these entries, in the place of those that were there."""
    rows = [(entry.pk, " ".join(_words_of(entry))) for entry in entries]
    with connection.cursor() as cursor:
        cursor.executemany(dialect().write, rows)


def remove(keys: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany("DELETE FROM core_search_index WHERE rowid = %s", [(key,) for key in keys])


def remove_strays() -> None:
    """Words of entries that are gone."""
    with connection.cursor() as cursor:
        cursor.execute(STRAYS)


def settle() -> None:
    """After many rows at once: let the database put them in their places and count them anew."""
    with connection.cursor() as cursor:
        for statement in dialect().settle:
            cursor.execute(statement)


def wanted(query: Query, place: str = "") -> str:
    """What the database compares with the words of an entry.

    place: IN_TITLE or IN_SUMMARY, where the query's words must stand; else anywhere.
    """
    speech = dialect()
    # No word holds a quote: lib.words leaves letters, digits, + and #.
    found = [f"{speech.quote}{place}{word}{speech.quote}" for word in query.whole]
    if query.beginning:
        found.append(f"{speech.quote}{place}{query.beginning}{speech.quote}{speech.beginning}")
    return speech.all_of.join(found)


def _words_of(entry: Any) -> list[str]:
    title, summary, text = words(entry.title), words(entry.summary), words(entry.text)
    heading = title | summary
    marked = {IN_TITLE + word for word in title} | {IN_SUMMARY + word for word in heading}
    return sorted(marked | heading | text)
