"""What pages show of a picture: AVIF and WebP at three widths, and a JPEG for who reads neither."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shopfolio.lib.images import as_browsers_show_it

WIDTHS = (480, 1080, 1600)
"""Pixels. Half a phone's width on its fine screen, the whole of it, and a picture across a large window."""

SHARED_WIDTH = 1200
"""Pixels, of the JPEG in link previews, feeds and mails, whose readers know nothing newer for sure."""

FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "avif": ("AVIF", {"quality": 50, "speed": 8}),
    "webp": ("WEBP", {"quality": 75, "method": 4}),
}
"""By the ending of the file's name: the format as Pillow names it, and how it is written.

At speed 6 an AVIF is a twentieth smaller and takes twice as long.
"""

NOTES = {"exif", "icc_profile", "xmp"}
"""What a file may hold beside its pixels."""


class Damaged(Exception):
    """The file is no picture, or not a whole one. Trying again will not help."""


@dataclass(frozen=True)
class Rendition:
    suffix: str
    """Takes the place of the original's ending, such as `-480.avif`."""
    content: bytes


def widths_of(width: int) -> list[int]:
    """At which widths a picture is made: never wider than it came, and none that is hardly another."""
    widest = min(width, WIDTHS[-1])
    return [each for each in WIDTHS if each < 0.9 * widest] + [widest]


def name_of(original: str, suffix: str) -> str:
    """Where a rendition of this file lies. Both names are as unguessable, and never used for another."""
    return original.rpartition(".")[0] + suffix


def decoded(content: bytes) -> Any:
    """The picture as browsers show it. Raises Damaged."""
    from PIL import Image  # heavy, and few processes need it

    try:
        picture = Image.open(io.BytesIO(content))
        picture.load()
        shown = as_browsers_show_it(picture)
    except MemoryError:
        raise
    except Exception as error:  # Pillow raises whatever a broken file provokes
        raise Damaged(f"{type(error).__name__}: {error}") from error
    as_it_came = picture.size == shown.size and not NOTES & picture.info.keys()
    shown.format = picture.format if as_it_came else None  # whether the file itself may be shown
    return shown


def tone_of(picture: Any) -> str:
    """Its mean colour, to stand in its place while it loads; none where something shows through."""
    if picture.mode == "RGBA":
        return ""
    from PIL import Image

    red, green, blue = picture.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    return f"#{red:02x}{green:02x}{blue:02x}"


def renditions(
    content: bytes, picture: Any, *, known: Mapping[str, bytes] | None = None
) -> Iterator[Rendition]:
    """One after the other, for together they take much memory.

    content: the file that was decoded. It is shown itself where it fits: to write it again would only lose.
    known: what is there already, by its suffix.
    """
    ready = dict(known or {})
    for width in widths_of(picture.width):
        scaled = at_width(picture, width)
        for ending, (kind, options) in FORMATS.items():
            suffix = f"-{width}.{ending}"
            if picture.format == kind and width == picture.width:
                ready[suffix] = content
            yield Rendition(suffix, ready.get(suffix) or written(scaled, kind, options))
    shared = on_white(at_width(picture, min(picture.width, SHARED_WIDTH)))
    yield Rendition("-shared.jpg", written(shared, "JPEG", {"quality": 80, "progressive": True}))


def at_width(picture: Any, width: int) -> Any:
    from PIL import Image

    if width == picture.width:
        return picture
    height = max(1, round(picture.height * width / picture.width))
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def on_white(picture: Any) -> Any:
    from PIL import Image

    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def written(picture: Any, kind: str, options: dict[str, Any]) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()
