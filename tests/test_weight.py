"""What a first visit carries, beside pictures."""

from pathlib import Path

import brotli
import pytest

from tests.factories import make_post, make_product, make_shop, make_testimonial, make_variant

STATIC = Path(__file__).parent.parent / "shopfolio/static/shopfolio"
SCRIPTS = list(STATIC.glob("*.js"))
FONTS = list((STATIC / "fonts").glob("*.woff2"))


def test_the_stylesheet_stays_small():
    assert (STATIC / "site.css").stat().st_size <= 30_000


def test_our_scripts_stay_small_all_together():
    assert sum(script.stat().st_size for script in SCRIPTS) <= 15_000


def test_the_fonts_stay_small_and_have_fallbacks_of_the_same_size():
    assert sum(font.stat().st_size for font in FONTS) <= 60_000
    style = (STATIC / "site.css").read_text()
    assert style.count("size-adjust") == style.count("ascent-override") == 2


@pytest.mark.django_db
def test_home_weighs_at_most_a_hundred_kilobytes(client):
    make_shop()
    for number in range(8):
        make_variant(make_product(f"Print {number}"))
        make_post(f"Post {number}", description="What came of it. " * 8)
        make_testimonial(feedback="She asked for the tide tables before the budget. " * 6)

    page = brotli.compress(client.get("/").content, quality=5)
    loaded = [STATIC / "site.css", STATIC / "theme.js"]
    carried = len(page) + sum(len(brotli.compress(file.read_bytes(), quality=5)) for file in loaded)
    carried += sum(font.stat().st_size for font in FONTS)

    assert carried <= 100_000
