"""Draw the demo site's pictures, the same bytes always: `python -m shopfolio.core.demo.draw [name ...]`."""

import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from shopfolio.core.demo import cases, portrait, prints, things
from shopfolio.core.demo.paper import Picture
from shopfolio.core.demo.renditions import narrow_path
from shopfolio.lib.renditions import at_width, widths_of

PICTURES = Path(__file__).parent / "pictures"

DRAWINGS: dict[str, tuple[Callable[[], Picture], int]] = {  # file: how it is drawn, and AVIF's quality
    "hero.avif": (cases.hero, 54),
    "portrait.avif": (portrait.portrait, 56),
    "terminal.avif": (cases.terminal, 58),
    "posters.avif": (cases.posters, 50),
    "library.avif": (cases.library, 60),
    "weft.avif": (cases.weft, 50),
    "current.avif": (cases.current, 48),
    "clock.avif": (cases.clock, 48),
    "swatch.avif": (things.swatch, 46),
    "plotter.avif": (things.plotter, 46),
    "tide.avif": (prints.tide, 56),
    "tide-detail.avif": (prints.tide_detail, 48),
    "tide-room.avif": (things.tide_room, 50),
    "tide-edge.avif": (things.tide_edge, 48),
    "combs.avif": (prints.combs, 44),
    "ridge.avif": (prints.ridge, 48),
    "coral.avif": (prints.coral, 46),
    "nightbus.avif": (prints.nightbus, 38),
    "nightbus-room.avif": (things.nightbus_room, 50),
    "stones.avif": (prints.stones, 50),
    "azulejo.avif": (prints.azulejo, 46),
    "barca.avif": (things.letters, 52),
    "book.avif": (things.book, 52),
    "hour.avif": (things.hour, 46),
    "card.png": (things.card, 0),
}


def draw(name: str) -> None:
    picture, quality = DRAWINGS[name]
    image = picture()
    if name.endswith(".png"):
        image.save(PICTURES / name, optimize=True)
    else:
        image.convert("RGB").save(PICTURES / name, quality=quality, speed=4)
    make_narrow(name, quality or 50)


def make_narrow(name: str, quality: int) -> None:
    """Its narrower AVIF renditions too, written with more patience than a first start has."""
    with Image.open(PICTURES / name) as picture:
        for width in widths_of(picture.width)[:-1]:
            (PICTURES / str(width)).mkdir(exist_ok=True)
            narrow = at_width(picture.convert("RGB"), width)
            narrow.save(narrow_path(name, width), quality=quality, speed=4)


def main(names: list[str]) -> None:
    PICTURES.mkdir(exist_ok=True)
    for name in names or DRAWINGS:
        draw(name)
        sys.stdout.write(f"{name}  {(PICTURES / name).stat().st_size:,} bytes\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
