"""What nobody types by mistake: for every field of every form, and every parameter of every address."""

from urllib.parse import quote_from_bytes

from tests.counts import count

NASTY: dict[str, bytes] = {
    "empty": b"",
    "NUL": b"a\x00b",
    "only NUL": b"\x00",
    "lone surrogate": b"a\xed\xa0\x80b",
    "no UTF-8": b"\xff\xfe\x00",
    "right to left": "\u202egro.elpmaxe@ana\u202c\u200b\ufeff".encode(),
    "emoji": "👩\u200d🎨🏳️\u200d🌈".encode(),
    "header": b"ana@example.org\r\nBcc: x@y.example",
    "markup": b"\"'><script>alert(1)</script>",
    "template": b"{{ 7|add:7 }}{% debug %}{% include 'x' %}%(count)s {0}",
    "negative": b"-1",
    "fraction": b"1.5",
    "huge": b"1" + b"0" * 30,
    "5,000 digits": b"9" * 5_000,
    "other digits": "١٢٣²".encode(),
    "wrong key": b"0198f7a0-0000-7000-8000-000000000000",
    "first day": b"0001-01-01",
    "long": b"x" * 20_000,
}

WORST = ["NUL", "lone surrogate", "markup", "huge", "wrong key"]
"""What `make test` tries; `make soak` tries all."""

TRIED = list(NASTY) if count(0, 1) else WORST


def encoded(fields: dict[str, bytes | str | list[bytes]]) -> bytes:
    """A form's body, byte for byte: a client that encodes would put most of these right."""
    parts = []
    for name, values in fields.items():
        for value in values if isinstance(values, list) else [values]:
            raw = value.encode() if isinstance(value, str) else value
            parts.append(f"{quote_from_bytes(name.encode(), safe='')}={quote_from_bytes(raw, safe='')}")
    return "&".join(parts).encode()
