"""The demo's pictures are ready with their pages. Imports no model: other processes do the work."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from shopfolio.lib.renditions import WIDTHS, Rendition, decoded, name_of, renditions

SHIPPED = Path(__file__).parent / "pictures"
FOLDER = "pictures/demo"


def narrow_path(name: str, width: int) -> Path:
    """Where a shipped rendition lies: an AVIF, which takes longest to write."""
    return SHIPPED / str(width) / name_of(name, ".avif")


def render(name: str) -> list[Rendition]:
    content = (SHIPPED / name).read_bytes()
    narrow = {f"-{width}.avif": narrow_path(name, width) for width in WIDTHS}
    known = {suffix: path.read_bytes() for suffix, path in narrow.items() if path.exists()}
    return list(renditions(content, decoded(content), known=known))


def make_demo_renditions(say: Callable[[str], object]) -> None:
    """On all cores, and only what is not there yet."""
    names = sorted(path.name for path in SHIPPED.iterdir() if path.is_file())
    missing = [
        name for name in names if not default_storage.exists(f"{FOLDER}/{name_of(name, '-shared.jpg')}")
    ]
    if not missing:
        return
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for done, made in enumerate(pool.map(render, missing), start=1):
            for rendition in made:
                path = name_of(f"{FOLDER}/{missing[done - 1]}", rendition.suffix)
                default_storage.save(path, ContentFile(rendition.content))
            if done % 5 == 0 or done == len(missing):
                say(f"Pictures: {done} of {len(missing)}")
