"""The words of a text as a search sees them: without accents, capitals and signs."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

LONGEST = 64
"""Characters of a word that count; what is longer nobody types."""

MOST_TYPED, MOST_WORDS = 200, 16
"""Characters and words of a query that count."""

# Thai, Lao, Burmese, Khmer, Japanese and Chinese: written without spaces between words.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
RUN = re.compile(rf"[{UNSPACED}]+|[^\s+#{UNSPACED}]+(?:\+\+|#(?![^\s+#]))?")  # c++ and c# are words
IS_UNSPACED = re.compile(f"[{UNSPACED}]").match
KEYS = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
"""Letters that Unicode does not take apart, as people type them who have no key for them."""


def composed(text: str) -> str:
    """A letter and its accent as one character, wherever there is one."""
    return unicodedata.normalize("NFC", text)


def in_order(text: str) -> str:
    """A text as a list sorts it: Árvore beside Arvore, both before Barca."""
    return " ".join(_fold(composed(text)).split())


def words(text: str) -> set[str]:
    """All that a text is found by."""
    found = set()
    for run in RUN.findall(_fold(composed(text))):
        if run.isascii():
            found.add(run[:LONGEST])
        else:
            found.update(word for word, _place in _words(run))
    return found


@dataclass(frozen=True)
class Query:
    """What somebody looks for: every word must be there; of the last one its beginning is enough."""

    text: str
    whole: tuple[str, ...] = ()
    beginning: str = ""

    @classmethod
    def of(cls, typed: str) -> Self:
        text = composed("".join(map(_readable, typed[:MOST_TYPED]))).strip()
        found = [word for run in RUN.findall(_fold(text)) for word in _typed_words(run)][:MOST_WORDS]
        # One letter is the beginning of too many words to mean any of them.
        beginning = found.pop() if found and len(found[-1]) > 1 else ""
        return cls(text, tuple(dict.fromkeys(found)), beginning)

    def __bool__(self) -> bool:
        return bool(self.whole or self.beginning)

    def wants(self, word: str) -> bool:
        return word in self.whole or bool(self.beginning and word.startswith(self.beginning))

    def places(self, text: str) -> Iterator[slice]:
        """Where its words stand, from the first on.

        text: composed.
        """
        folded, origin = _fold(text), _origins(text)
        for run in RUN.finditer(folded):
            for word, place in _words(run[0]):
                if self.wants(word):
                    start = run.start() + place
                    yield slice(origin[start], origin[start + len(word) - 1] + 1)


def _words(run: str) -> Iterator[tuple[str, int]]:
    """The words in a run of signs and their places in it; without spaces every sign, and every two."""
    if not IS_UNSPACED(run):
        yield run[:LONGEST], 0
        return
    for place in range(len(run)):
        yield run[place], place
        if pair := run[place : place + 2][1:]:
            yield run[place] + pair, place


def _typed_words(run: str) -> list[str]:
    """The same of a query: the longest ones only, which mean the most."""
    if not IS_UNSPACED(run) or len(run) == 1:
        return [run[:LONGEST]]
    return [run[place : place + 2] for place in range(len(run) - 1)]


def _readable(sign: str) -> str:
    """Without what no database keeps and no page shows: control characters and half characters."""
    return " " if unicodedata.category(sign) in {"Cc", "Cs"} else sign


class _Folding(dict[int, str]):
    """Code points and what stands for them, each worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _folded(chr(code))
        return folded


_folding = _Folding()


def _fold(text: str) -> str:
    return text.translate(_folding)


def _origins(text: str) -> list[int] | range:
    """For each sign of the folded text its place in the text itself."""
    if all(len(_folding[ord(sign)]) == 1 for sign in set(text)):
        return range(len(text))
    return [place for place, sign in enumerate(text) for _ in _folding[ord(sign)]]


def _folded(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind == "So":  # each picture is a word
        return f" {sign} "
    if kind == "Cf" or _is_accent(sign):
        return ""
    if sign in "+#":
        return sign
    if kind[0] not in "LMN":
        return " "
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", sign).casefold())
    letters = composed("".join(KEYS.get(each, each) for each in apart if not _is_accent(each)))
    return "".join(each if unicodedata.category(each)[0] in "LMN" else " " for each in letters)


def _is_accent(sign: str) -> bool:
    """Marks that people leave out when they type: accents, the vowel points of Hebrew and Arabic; and those
    that only choose how a sign looks. The vowel signs of other scripts are as good as letters.
    """
    place = unicodedata.combining(sign)
    return place == 1 or 10 <= place <= 36 or place >= 200 or "\ufe00" <= sign <= "\ufe0f"
