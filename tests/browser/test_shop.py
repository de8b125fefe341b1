"""The shop and what is in it, looked at in a browser."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from shopfolio.ecommerce.models import ProductImage
from tests.factories import make_product, make_shop, make_variant


@pytest.fixture
def pictured(live_site: str, settings: Any, tmp_path: Path) -> None:
    """A product of three pictures; their files are not there, which nobody here looks at."""
    settings.MEDIA_ROOT = tmp_path
    make_shop()
    print_ = make_product("Tide Table", **picture("a"), image_width=12, image_height=9, image_alt="The sheet")
    make_variant(print_)
    for name, alt in (("b", "Its edge"), ("c", "A detail")):
        ProductImage.objects.create(product=print_, alt=alt, width=12, height=9, **picture(name))


def picture(name: str) -> dict[str, Any]:
    file = f"pictures/{name}.jpg"
    return {"image": file, "image_made": {"of": file, "size": [1200, 900], "widths": [480, 1080]}}


def shown(page: Page) -> Any:
    return page.locator("[data-view] img")


def test_a_small_picture_is_shown_large_by_click_and_by_keyboard(pictured: None, page: Page) -> None:
    page.goto("/shop/tide-table/")
    expect(shown(page)).to_have_attribute("alt", "The sheet")
    height = page.evaluate("document.body.scrollHeight")

    page.get_by_role("link", name="A detail").click()
    expect(shown(page)).to_have_attribute("alt", "A detail")
    page.keyboard.press("ArrowLeft")
    expect(shown(page)).to_have_attribute("alt", "Its edge")
    expect(page.get_by_role("link", name="Its edge")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")

    expect(shown(page)).to_have_attribute("alt", "The sheet")
    expect(page.locator("[data-views] [aria-current]")).to_have_count(1)
    assert page.evaluate("document.body.scrollHeight") == height
    assert page.url.endswith("/shop/tide-table/")


def test_the_arrows_go_round(pictured: None, page: Page) -> None:
    page.goto("/shop/tide-table/")
    page.get_by_role("link", name="The sheet").focus()

    page.keyboard.press("ArrowLeft")
    expect(shown(page)).to_have_attribute("alt", "A detail")
    page.keyboard.press("ArrowRight")

    expect(shown(page)).to_have_attribute("alt", "The sheet")
