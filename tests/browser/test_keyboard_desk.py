"""The back office with the keyboard alone: no click, no pointer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Page, expect

from shopfolio.core.models import BlogPost, ContactMessage
from shopfolio.ecommerce.models import Order, Product, ProductImage
from tests.factories import make_paid_order, make_product, make_shop, make_variant

AS_SHOWN = """() => {
    const shown = document.activeElement, labels = [...(shown.labels || [])].map(label => label.innerText);
    const name = shown.getAttribute("aria-label") || labels.join(" ") || shown.value || shown.innerText || "";
    return name.trim();
}"""


def tab_to(page: Page, wanted: Callable[[str], bool], *, most: int = 200) -> str:
    """Press Tab until the focus is where it is wanted; what is there is called."""
    for _ in range(most):
        page.keyboard.press("Tab")
        name = str(page.evaluate(AS_SHOWN))
        if wanted(name):
            return name
    raise AssertionError("the keyboard never got there")


def named(name: str) -> Callable[[str], bool]:
    return lambda shown: shown.rstrip(":") == name


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_a_post_is_written_previewed_and_published(owner_page: Page) -> None:
    make_shop()
    owner_page.goto("/admin/core/blogpost/add/")
    expect(owner_page.locator(".prose-editor .tiptap")).to_be_visible()

    tab_to(owner_page, named("Title"))
    owner_page.keyboard.type("On tides")
    tab_to(owner_page, named("Text"))
    owner_page.keyboard.type("Low water at noon.")
    tab_to(owner_page, named("Preview in a new tab"))
    with owner_page.context.expect_page() as opened:
        owner_page.keyboard.press("Enter")
    preview = opened.value

    expect(preview.locator("h1")).to_have_text("On tides")
    expect(preview.locator("main")).to_contain_text("Low water at noon.")
    expect(preview.locator("main")).to_contain_text("Nothing is saved yet.")
    assert not BlogPost.objects.exists()
    preview.close()
    owner_page.bring_to_front()
    assert owner_page.evaluate(AS_SHOWN) == "Preview in a new tab"
    owner_page.keyboard.press("Shift+Tab")
    assert owner_page.evaluate(AS_SHOWN) == "Save"
    for _ in range(120):
        owner_page.keyboard.press("Shift+Tab")
        if named("Status")(owner_page.evaluate(AS_SHOWN)):
            break
    owner_page.keyboard.type("Published")
    owner_page.keyboard.press("Enter")
    tab_to(owner_page, named("Save"))
    owner_page.keyboard.press("Enter")
    expect(owner_page.locator(".messagelist .success")).to_be_visible()

    post = BlogPost.objects.get()
    assert (post.title, post.body, post.is_live) == ("On tides", "<p>Low water at noon.</p>", True)


def make_pictures(product: Product) -> None:
    for position, name in enumerate(["front", "back", "detail"]):
        file = ContentFile(b"avif", name=f"{name}.avif")
        ProductImage.objects.create(product=product, image=file, alt=name, position=position)


def order_of(product: Product) -> list[str]:
    return list(product.images.values_list("alt", flat=True))


def test_pictures_are_put_in_order_and_the_focus_stays(owner_page: Page, media: None) -> None:
    make_shop()
    product = make_variant(make_product("Night Bus")).product
    make_pictures(product)
    owner_page.goto(f"/admin/ecommerce/product/{product.pk}/change/")
    say = owner_page.locator("#images-group [role=status]")

    tab_to(owner_page, named("Move down: front"))
    owner_page.keyboard.press("Enter")
    expect(say).to_have_text("Now in place 2 of 3")
    assert owner_page.evaluate(AS_SHOWN) == "Move down: front"
    owner_page.keyboard.press("Space")
    expect(say).to_have_text("Now in place 3 of 3")
    assert owner_page.evaluate(AS_SHOWN) == "Move down: front"
    owner_page.keyboard.press("Enter")
    expect(say).to_have_text("Now in place 3 of 3")
    tab_to(owner_page, named("Save"))
    owner_page.keyboard.press("Enter")
    expect(owner_page.locator(".messagelist .success")).to_be_visible()

    assert order_of(product) == ["back", "detail", "front"]


def test_pictures_are_dragged_to_another_place(owner_page: Page, media: None) -> None:
    make_shop()
    product = make_variant(make_product("Night Bus")).product
    make_pictures(product)
    owner_page.goto(f"/admin/ecommerce/product/{product.pk}/change/")
    rows = owner_page.locator("#images-group .form-row.has_original")
    rows.nth(2).scroll_into_view_if_needed()

    lower_part = {"x": 300, "y": rows.nth(2).bounding_box()["height"] - 8}
    rows.nth(0).locator(".handle").drag_to(rows.nth(2), target_position=lower_part)
    expect(owner_page.locator("#images-group [role=status]")).to_have_text("Now in place 3 of 3")
    owner_page.get_by_role("button", name="Save", exact=True).click()
    expect(owner_page.locator(".messagelist .success")).to_be_visible()

    assert order_of(product) == ["back", "detail", "front"]


def test_an_order_is_sent_with_its_tracking(owner_page: Page) -> None:
    make_shop()
    order = make_paid_order()
    owner_page.goto(f"/admin/ecommerce/order/{order.pk}/change/")

    tab_to(owner_page, lambda shown: shown.startswith("How it travels"))
    owner_page.keyboard.press("Enter")
    tab_to(owner_page, named("Carrier"))
    owner_page.keyboard.type("CTT")
    tab_to(owner_page, named("Mark as sent"))
    owner_page.keyboard.press("Enter")
    expect(owner_page.locator(".messagelist .success")).to_have_text("1 order sent.")

    assert Order.objects.values_list("fulfilment", "carrier").get() == ("sent", "CTT")


def test_a_message_is_answered(owner_page: Page) -> None:
    make_shop()
    message = ContactMessage.objects.create(name="Ana", email="ana@example.org", message="Hello")
    owner_page.goto(f"/admin/core/contactmessage/{message.pk}/change/")

    tab_to(owner_page, named("Your reply"))
    owner_page.keyboard.type("Hello Ana")
    tab_to(owner_page, named("Send the reply"))
    owner_page.keyboard.press("Enter")
    expect(owner_page.locator(".messagelist .success")).to_have_text("Your reply goes out.")

    assert message.replies.get().text == "Hello Ana"
