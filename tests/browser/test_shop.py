"""The shop and what is in it, looked at in a browser."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from shopfolio.ecommerce.models import Product, ProductImage
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


def test_small_pictures_are_one_strip_on_a_phone_that_the_keyboard_moves(pictured: None, page: Page) -> None:
    for name in ("d", "e"):
        ProductImage.objects.create(
            product=Product.objects.get(), alt=name, width=12, height=9, **picture(name)
        )
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto("/shop/tide-table/")
    last = page.get_by_role("link", name="e", exact=True)
    expect(last).not_to_be_in_viewport()

    page.get_by_role("link", name="The sheet").focus()
    page.keyboard.press("ArrowLeft")

    expect(last).to_be_focused()
    expect(last).to_be_in_viewport(ratio=1)
    tops = page.locator("[data-views] li").evaluate_all("all => all.map(each => each.offsetTop)")
    assert len(tops) == 5
    assert len(set(tops)) == 1


def test_adding_says_so_and_the_focus_stays_on_the_button(live_site: str, page: Page) -> None:
    make_shop()
    make_variant(make_product("Night Bus"))
    page.goto("/shop/night-bus/")
    button = page.get_by_role("button", name="Add to cart")

    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#added")).to_contain_text("1 piece in your cart.")
    page.keyboard.press("Enter")

    expect(page.locator("#added")).to_contain_text("2 pieces in your cart.")
    expect(page.locator("#cart-link b")).to_have_text("2")
    expect(button).to_be_focused()
    assert page.url.endswith("/shop/night-bus/")


def test_the_cart_changes_in_place_is_told_and_the_focus_stays(live_site: str, page: Page) -> None:
    make_shop()
    for title in ("One", "Two"):
        make_variant(make_product(title), price=1_000)
        page.goto(f"/shop/{title.lower()}/")
        page.get_by_role("button", name="Add to cart").click()
        expect(page.locator("#added")).to_contain_text("in your cart")
    page.goto("/cart/")
    page.evaluate("window.isTheSamePage = true")
    said = page.locator("#said")

    page.get_by_label("Quantity, One").fill("3")
    page.keyboard.press("Enter")
    expect(said).to_have_text("The cart is changed. 4 pieces in your cart. Total: €46.00.")
    expect(page.get_by_label("Quantity, One")).to_be_focused()
    page.get_by_role("button", name="Remove One").press("Enter")
    expect(said).to_contain_text("One is out of the cart. 1 piece in your cart.")
    expect(page.get_by_role("button", name="Remove Two")).to_be_focused()
    expect(page.locator("#cart-link b")).to_have_text("1")
    page.keyboard.press("Space")
    expect(said).to_have_text("Two is out of the cart. The cart is empty.")
    expect(page.get_by_role("link", name="See what is in the shop")).to_be_focused()

    expect(page.locator("#cart-link b")).to_have_count(0)
    assert page.evaluate("window.isTheSamePage") is True


def test_a_key_pressed_right_after_the_cart_has_changed_loads_no_page(live_site: str, page: Page) -> None:
    open_cart_with_one(page)
    page.evaluate("""
        window.isTheSamePage = true;
        document.addEventListener("htmx:afterSwap", () => setTimeout(() =>
            document.querySelector("button[name=remove]").click()
        ), {once: true});
    """)

    page.get_by_label("Quantity, One").fill("3")
    page.keyboard.press("Enter")

    expect(page.locator("#said")).to_have_text("One is out of the cart. The cart is empty.")
    assert page.evaluate("window.isTheSamePage") is True


def open_cart_with_one(page: Page) -> None:
    make_shop()
    make_variant(make_product("One"), price=1_000)
    page.goto("/shop/one/")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("#added")).to_contain_text("in your cart")
    page.goto("/cart/")


def test_what_is_wrong_in_the_cart_is_shown_in_place(live_site: str, page: Page) -> None:
    open_cart_with_one(page)
    page.locator("main form").evaluate("form => { form.noValidate = true; }")

    page.get_by_label("Quantity, One").fill("1000")
    page.keyboard.press("Enter")

    expect(page.locator(".notice[role=alert]")).to_be_focused()
    expect(page.get_by_label("Quantity, One")).to_have_value("1000")
    expect(page.locator(".error")).to_have_text("Choose a quantity from 0 to 999.")


def test_a_refusal_is_said_above_the_cart_and_gone_when_the_next_try_works(
    live_site: str, page: Page
) -> None:
    open_cart_with_one(page)
    refusal = '<div class="notice bad"><b>Too quick</b></div>'
    page.route("**/cart/update/", lambda route: route.fulfill(status=429, body=refusal))

    page.get_by_role("button", name="Update One").click()
    expect(page.get_by_role("alert")).to_have_text("Too quick")
    expect(page.get_by_label("Quantity, One")).to_be_visible()
    page.unroute("**/cart/update/")
    page.get_by_role("button", name="Update One").click()

    expect(page.locator("#said")).to_contain_text("1 piece in your cart.")
    expect(page.get_by_role("alert")).to_be_empty()


def test_on_the_narrowest_screen_nothing_sticks_out_and_fingers_find_the_ways(
    pictured: None, page: Page
) -> None:
    make_variant(make_product("Book"), kind="digital")
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto("/shop/tide-table/")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("#added")).to_contain_text("in your cart")

    for address in ("/shop/?sort=price-down", "/shop/tide-table/", "/cart/", "/checkout/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == 320, address
    page.goto("/shop/")
    page.get_by_text("Filter and sort").click()
    ways = page.locator(".filter a").evaluate_all("all => all.map(way => way.offsetHeight)")
    assert len(ways) == 9
    assert min(ways) >= 44


def test_without_scripts_the_choices_unfold_by_keyboard_on_a_phone_and_lie_open_on_a_desk(
    live_site: str, browser: Any
) -> None:
    make_shop()
    make_variant(make_product("Night Bus"))
    context = browser.new_context(
        base_url=live_site, java_script_enabled=False, viewport={"width": 390, "height": 800}
    )
    page = context.new_page()
    page.goto("/shop/?sort=name")
    fold, way = page.locator(".sift summary"), page.get_by_role("link", name="Lowest price")

    expect(way).to_be_hidden()
    assert page.locator(".sift").bounding_box()["height"] < 60
    fold.focus()
    page.keyboard.press("Enter")
    expect(way).to_be_visible()
    page.keyboard.press("Enter")
    expect(way).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 800})

    expect(fold).to_be_hidden()
    way.click()
    page.wait_for_url("**/shop/?sort=price-up")
    context.close()


def test_on_a_phone_the_order_is_one_line_above_the_checkout(live_site: str, page: Page) -> None:
    make_shop()
    make_variant(make_product("Night Bus"), price=1_000)
    page.goto("/shop/night-bus/")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("#added")).to_contain_text("in your cart")
    fold, tax = page.get_by_text("1 × Night Bus"), page.get_by_text("Of which VAT")

    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/checkout/")
    expect(page.locator(".summary summary")).to_have_text("€16.00 1\u00a0×\u00a0Night Bus")
    expect(page.get_by_label("E-mail")).to_be_in_viewport(ratio=1)
    expect(tax).to_be_hidden()
    fold.click()
    expect(tax).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 844})
    page.reload()

    expect(fold).to_be_hidden()
    expect(tax).to_be_visible()
