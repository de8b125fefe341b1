"""Documents set by Typst: the same data gives the same bytes."""

import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger(__name__)

LONGEST_WORD = 24
ZERO_WIDTH_SPACE = "\u200b"


def typeset(template: Path, data: dict[str, Any], *, dated: date) -> bytes:
    """A PDF/A-2b where that is possible, else a plain PDF: a rare letter in a name must not stop a document.

    template: a .typ file; its fonts lie in `fonts` beside it, and no others are used but Typst's own.
    data: reaches the template as JSON in sys.inputs.data, and is never read as markup.
    dated: the day that the document states, also as the file's own date.
    """
    import typst

    options: dict[str, Any] = {
        "root": str(template.parent),
        "font_paths": [str(template.parent / "fonts")],
        "ignore_system_fonts": True,
        "format": "pdf",
        "sys_inputs": {"data": json.dumps(printable(data), ensure_ascii=False, sort_keys=True)},
        "timestamp": datetime.combine(dated, time(), tzinfo=UTC),
    }
    try:
        return bytes(typst.compile(str(template), pdf_standards=["a-2b"], **options))
    except typst.TypstError as error:
        log.warning("not a PDF/A", template=template.name, error=error.message)
        return bytes(typst.compile(str(template), **options))


def printable(value: Any) -> Any:
    """The same data without signs that no font has, and with places to break words too long for a column."""
    if isinstance(value, dict):
        return {key: printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [printable(item) for item in value]
    return soften(value) if isinstance(value, str) else value


def soften(text: str) -> str:
    plain = text.replace("\u202f", "\u00a0")
    lines = "".join(sign for sign in plain if sign.isprintable() or sign in "\n\u00a0").split("\n")
    return "\n".join(" ".join(breakable(word) for word in line.split(" ")) for line in lines)


def breakable(word: str) -> str:
    if len(word) <= LONGEST_WORD:
        return word
    parts = [word[start : start + LONGEST_WORD] for start in range(0, len(word), LONGEST_WORD)]
    return ZERO_WIDTH_SPACE.join(parts)
