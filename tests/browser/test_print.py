"""Pages on paper."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from tests.factories import make_post, make_product, make_shop, make_variant

PAPER = "getComputedStyle(document.documentElement).backgroundColor"
LINKS = '<p>See <a href="https://plotter.example/pens">the pens</a> or <a href="/shop/">the shop</a>.</p>'
LINE = "<p>It slows before the bend.</p>"
CHAPTERS = "".join(f"<h2>Chapter</h2>{LINE * (1 + number % 5)}" for number in range(60))


def printed(page):
    """The words of each sheet, in one line."""
    sheets = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True))).pages
    return [" ".join(sheet.extract_text().split()) for sheet in sheets]


@pytest.fixture
def post():
    make_shop()
    make_post("Next")
    return make_post("Teaching a plotter", body=LINKS + CHAPTERS)


def test_what_only_a_screen_can_use_stays_off_the_paper(page, live_site, post):
    page.goto(post.get_absolute_url())

    sheets = printed(page)

    assert "Teaching a plotter" in sheets[0]
    for absent in ("Account", "Newsletter", "As my device", "Read next", "Skip to content"):
        assert not any(absent in sheet for sheet in sheets)


def test_only_links_in_running_text_that_lead_elsewhere_say_where(page, live_site, post):
    page.goto(post.get_absolute_url())

    words = " ".join(printed(page))

    assert "the pens (https://plotter.example/pens) or the shop." in words
    assert words.count("https://") == 1


def test_a_heading_has_a_line_of_its_text_on_the_same_sheet(page, live_site, post):
    page.goto(post.get_absolute_url())

    sheets = printed(page)

    assert len(sheets) > 5
    assert [sheet.endswith("Chapter") for sheet in sheets] == [False] * len(sheets)


def test_paper_is_white_also_for_who_chose_the_dark(page, live_site):
    page.add_init_script("localStorage.setItem('theme', 'dark')")
    page.emulate_media(media="print", color_scheme="dark")

    page.goto("/contact/")

    assert page.evaluate(PAPER) == "rgb(255, 255, 255)"
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert ink == "oklch(0.2 0.015 265)"
    assert not page.locator("form").is_visible()


def test_a_product_keeps_its_prices(page, live_site):
    make_shop()
    variant = make_variant(make_product("Tide Table"), title="50 × 70 cm", price=14_000)
    page.goto(variant.product.get_absolute_url())

    [sheet] = printed(page)

    assert "50 × 70 cm 10 left €140.00" in sheet
    assert "Add to cart" not in sheet
    assert "Quantity" not in sheet


def test_a_checkout_on_paper_shows_the_order(page, live_site):
    make_shop()
    make_variant(make_product("Night Bus"))
    page.goto("/shop/night-bus/")
    page.get_by_role("button", name="Add to cart").click()
    page.locator("#added").get_by_text("in your cart").wait_for()
    page.goto("/checkout/")

    assert "Delivery €6.00" in " ".join(printed(page))
