"""Light and dark, and the owner's accent, as a browser shows them."""

import pytest

from shopfolio.core.models import Profile
from shopfolio.core.services import forget_site
from tests.factories import make_shop

LIGHT_PAPER, DARK_PAPER = "oklch(0.985 0.002 100)", "oklch(0.175 0.008 265)"
PAPER = "getComputedStyle(document.documentElement).backgroundColor"


@pytest.mark.parametrize(("scheme", "paper"), [("light", LIGHT_PAPER), ("dark", DARK_PAPER)])
def test_at_first_the_device_decides(page, scheme, paper):
    page.emulate_media(color_scheme=scheme)

    page.goto("/contact/")

    assert page.evaluate(PAPER) == paper
    assert page.locator(".themes [aria-pressed=true]").inner_text() == "As my device"


def test_what_the_visitor_chooses_stays_on_every_page_until_it_is_taken_back(page):
    page.emulate_media(color_scheme="light")
    page.goto("/contact/")

    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(PAPER) == DARK_PAPER
    page.goto("/blog/")
    assert page.evaluate(PAPER) == DARK_PAPER
    assert page.locator(".themes [aria-pressed=true]").inner_text() == "Dark"

    page.get_by_role("button", name="As my device").click()
    page.goto("/contact/")
    assert page.evaluate(PAPER) == LIGHT_PAPER


def test_the_choice_is_there_before_anything_is_painted(page):
    page.add_init_script("localStorage.setItem('theme', 'dark')")
    page.add_init_script(
        "new MutationObserver((_, watch) => { if (document.body) {"
        " window.atFirst = document.documentElement.dataset.theme; watch.disconnect(); } })"
        ".observe(document, { childList: true, subtree: true })"
    )

    page.goto("/contact/")

    assert page.evaluate("window.atFirst") == "dark"


def test_without_scripts_there_is_no_switch(browser, live_site):
    context = browser.new_context(base_url=live_site, java_script_enabled=False)
    page = context.new_page()
    page.goto("/contact/")

    assert not page.locator(".themes").is_visible()
    context.close()


def test_the_owners_accent_colours_the_button_of_every_page(page, live_site):
    make_shop()
    Profile.objects.update(accent="#ffe100")
    forget_site()

    page.goto("/contact/")

    style = page.locator("main .button").evaluate(
        "button => [getComputedStyle(button).backgroundColor, getComputedStyle(button).color]"
    )
    assert style == ["rgb(255, 225, 0)", "rgb(0, 0, 0)"]


def test_the_owner_orders_the_sections_by_keyboard_and_sees_a_colour_at_once(owner_page):
    make_shop()
    owner_page.goto("/admin/core/profile/")

    up = owner_page.get_by_role("button", name="Move up: Writing")
    up.focus()
    owner_page.keyboard.press("Enter")
    assert up.evaluate("button => document.activeElement === button")
    assert owner_page.locator(".sorted [role=status]").inner_text() == "Now in place 5 of 7"
    owner_page.locator("#id_accent").fill("#ffe100")
    owner_page.locator("#accent-shown rect[fill='#ffe100']").first.wait_for()
    owner_page.get_by_role("button", name="Save", exact=True).click()
    owner_page.wait_for_load_state()

    profile = Profile.load()
    assert profile.accent == "#ffe100"
    assert profile.home_sections == [
        "hero", "work", "products", "skills", "posts", "testimonials", "newsletter",
    ]  # fmt: skip
