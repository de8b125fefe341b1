"""Pages as wide as a phone, a tablet and a desk: nothing covers anything, and fingers find the links."""

import pytest
from django.test import Client
from playwright.sync_api import Page

from shopfolio.core.models import Policy
from shopfolio.ecommerce.models.cart import CartCookie
from shopfolio.tasks.models import Email
from shopfolio.tasks.outbox import run_due_jobs
from tests.factories import (
    carry_cart,
    make_cart,
    make_page,
    make_paid_order,
    make_product,
    make_shop,
    make_variant,
)
from tests.troubles import make_failed_refund


@pytest.fixture
def checkout_page(page: Page, live_site: str) -> Page:
    """The checkout of somebody with five things in the cart."""
    make_shop()
    client = Client()
    carry_cart(client, make_cart(*((make_variant(make_product(f"Print {n}")), 1) for n in range(5))))
    cookie = {"name": CartCookie.NAME, "value": client.cookies[CartCookie.NAME].value, "url": live_site}
    page.context.add_cookies([cookie])
    page.goto("/checkout/")
    return page


def test_nothing_covers_the_button_that_pays(checkout_page: Page):
    for width in (390, 768, 1000, 1280):
        checkout_page.set_viewport_size({"width": width, "height": 800})

        checkout_page.get_by_role("button", name="Pay").click(trial=True, timeout=3_000)


def test_each_error_on_top_of_a_form_is_high_enough_for_a_finger(checkout_page: Page):
    checkout_page.set_viewport_size({"width": 390, "height": 844})
    checkout_page.locator(".form").evaluate("form => { form.noValidate = true }")

    checkout_page.get_by_role("button", name="Pay").click()

    checkout_page.locator(".notice").wait_for()
    links = checkout_page.locator(".notice a")
    heights = links.evaluate_all("all => all.map(link => link.getBoundingClientRect().height)")
    assert len(heights) == 6
    assert min(heights) >= 24


def test_the_foot_of_a_page_is_short_on_a_phone(page: Page, live_site: str):
    make_shop()
    for title in ("Privacy", "Terms", "Cookies", "Withdrawal", "Imprint", "Security"):
        make_page(Policy, title)
    page.set_viewport_size({"width": 390, "height": 844})

    page.goto("/account/login/")

    place = page.locator("footer").bounding_box()
    assert place
    assert place["height"] < 844 / 2
    links = page.locator("footer a").evaluate_all("all => all.map(link => link.offsetHeight)")
    assert min(links) >= 44
    columns = page.locator("footer a").evaluate_all("all => all.map(link => link.offsetLeft)")
    assert len(set(columns)) == 3


def test_the_story_of_an_order_is_readable_beside_the_menu(owner_page: Page):
    make_shop()
    order = make_paid_order()
    run_due_jobs()
    Email.objects.update(subject="New order PLHWRZ4N: €1,146.00 from a buyer of a long name")
    owner_page.set_viewport_size({"width": 768, "height": 1000})

    owner_page.goto(f"/admin/ecommerce/order/{order.pk}/change/")

    widths = owner_page.locator(".timeline .what, .timeline .note").evaluate_all(
        "all => all.map(words => words.offsetWidth)"
    )
    assert len(widths) > 3
    assert min(widths) >= 200
    story = owner_page.locator(".timeline").bounding_box()
    assert story
    links = owner_page.locator(".timeline a").evaluate_all(
        "all => all.map(link => link.getBoundingClientRect().right)"
    )
    assert max(links) <= story["x"] + story["width"] + 1


def test_two_buttons_of_one_case_stand_together(owner_page: Page):
    make_shop()
    make_failed_refund()
    for width in (390, 768, 1280):
        owner_page.set_viewport_size({"width": width, "height": 1000})

        owner_page.goto("/admin/attention/")

        places = [button.bounding_box() for button in owner_page.locator(".attention button").all()]
        first, second = (place for place in places if place)
        assert first["x"] == second["x"] if width == 390 else first["y"] == second["y"], width
