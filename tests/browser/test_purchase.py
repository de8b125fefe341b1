"""Somebody reads, buys, pays on Stripe's page and opens the invoice; with scripts and without."""

import copy
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.models import Order, Variant
from shopfolio.tasks.outbox import run_due_jobs
from tests.browser.conftest import TELL_VIOLATIONS, is_complaint
from tests.browser.test_keyboard_desk import named, tab_to

TYPED = {
    "E-mail": "marta@example.org", "Full name": "Marta Reis", "Street and number": "Rua da Sofia 81",
    "Postcode": "3000-391", "Town": "Coimbra", "Country": "Portugal",
}  # fmt: skip


@pytest.fixture
def shop(live_site: str, simulator: Any, settings: Any, demo_media: Path) -> str:
    """The demo site, taking payments at the simulator, which tells it what happens."""
    settings.MEDIA_ROOT = demo_media
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = simulator.key, simulator.url
    settings.STRIPE_WEBHOOK_SECRET = [simulator.webhook_secret]
    policy = copy.deepcopy(settings.CONTENT_SECURITY_POLICY)
    policy["DIRECTIVES"]["form-action"].append(simulator.url)
    settings.CONTENT_SECURITY_POLICY = policy
    gateway.client.cache_clear()
    call_command("demo", stdout=StringIO())
    simulator.webhook_url = f"{live_site}/webhooks/stripe/"
    return live_site


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def visitor(browser: Browser, shop: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(base_url=shop, java_script_enabled=request.param)
    context.set_default_timeout(15_000)
    context.add_init_script(TELL_VIOLATIONS)
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    yield context.new_page()
    context.close()
    assert complaints == []


def put_into_cart(page: Page, name: str, *, then: int) -> None:
    """With scripts the page stays and its badge counts on; without, the cart is shown."""
    page.goto("/shop/")
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name="Add to cart").click()
    page.locator("#cart-link b", has_text=str(then)).wait_for()


def test_a_visitor_reads_buys_pays_and_opens_the_invoice(visitor: Page, simulator: Any) -> None:
    page = visitor
    page.goto("/")
    page.get_by_role("link", name="Teaching a plotter to hesitate").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Teaching a plotter to hesitate"
    assert page.context.cookies() == []
    left = Variant.objects.get(sku="TIDE-30").available

    put_into_cart(page, "Tide Table, Belém", then=1)
    put_into_cart(page, "Pen Up, Pen Down", then=2)
    page.goto("/cart/")
    page.get_by_role("link", name="Go to checkout").click()
    fill_in(page)
    page.get_by_role("button", name="Pay €115.00").click()
    page.wait_for_url(f"{simulator.url}/c/pay/**")
    page.get_by_role("button", name="Pay €115.00").click()
    page.wait_for_url("**/orders/**")

    assert page.get_by_role("heading", level=1).inner_text() == "Thank you, Marta. It is paid."
    order = Order.objects.get(email="marta@example.org")
    assert (order.status, order.total, order.sessions.get().last4) == ("paid", 11_500, "4242")
    assert Variant.objects.get(sku="TIDE-30").available == left - 1

    run_due_jobs()
    page.reload()
    address = page.get_by_role("link", name="Invoice INV-").get_attribute("href")
    pdf = page.request.get(address)
    assert pdf.headers["content-type"] == "application/pdf"
    words = PdfReader(BytesIO(pdf.body())).pages[0].extract_text()
    assert "Marta Reis" in words
    assert "€115.00" in words
    download = page.request.get(page.get_by_role("link", name="PDF, seven pages").get_attribute("href"))
    assert download.body()[:5] == b"%PDF-"
    assert {message.to[0] for message in mail.outbox} == {"ines@inescalder.example", "marta@example.org"}


def fill_in(page: Page) -> None:
    page.get_by_label("E-mail").fill("marta@example.org")
    page.get_by_label("Full name").fill("Marta Reis")
    page.get_by_label("Street and number").fill("Rua da Sofia 81")
    page.get_by_label("Postcode").fill("3000-391")
    page.get_by_label("Town").fill("Coimbra")
    page.get_by_label("Country").select_option("PT")
    page.get_by_label("The download shall begin at once").check()
    page.get_by_label("I accept the terms").check()


def test_a_buyer_who_turns_back_finds_the_cart_as_it_was(visitor: Page, simulator: Any) -> None:
    page = visitor
    put_into_cart(page, "Tide Table, Belém", then=1)
    put_into_cart(page, "Pen Up, Pen Down", then=2)
    page.goto("/checkout/")
    fill_in(page)
    page.get_by_role("button", name="Pay €115.00").click()
    page.wait_for_url(f"{simulator.url}/c/pay/**")

    page.get_by_role("link", name="Back to the shop without paying").click()
    page.wait_for_url("**/checkout/cancelled/**")

    assert Order.objects.get(email="marta@example.org").status == "awaiting_payment"
    page.goto("/cart/")
    assert page.get_by_text("Tide Table, Belém").first.is_visible()


def test_a_declined_card_is_said_and_another_one_pays(visitor: Page, simulator: Any) -> None:
    page = visitor
    put_into_cart(page, "Tide Table, Belém", then=1)
    put_into_cart(page, "Pen Up, Pen Down", then=2)
    page.goto("/checkout/")
    fill_in(page)
    page.get_by_role("button", name="Pay €115.00").click()
    page.wait_for_url(f"{simulator.url}/c/pay/**")

    page.get_by_label("4000 0000 0000 0002").check()
    page.get_by_role("button", name="Pay €115.00").click()
    page.get_by_text("declined", exact=False).first.wait_for()
    page.get_by_label("4242 4242 4242 4242").check()
    page.get_by_role("button", name="Pay €115.00").click()
    page.wait_for_url("**/orders/**")

    assert Order.objects.get(email="marta@example.org").status == "paid"


def begins(words: str) -> Callable[[str], bool]:
    return lambda shown: shown.startswith(words)


def press_at(page: Page, wanted: Callable[[str], bool], key: str = "Enter") -> None:
    tab_to(page, wanted)
    page.keyboard.press(key)


def follow(page: Page, name: str, *, to: str) -> None:
    press_at(page, begins(name))
    page.wait_for_url(to)


def test_from_home_to_the_paid_order_with_the_keyboard_alone(visitor: Page, simulator: Any) -> None:
    page, keyboard = visitor, visitor.keyboard
    page.goto("/")
    follow(page, "Shop", to="**/shop/")
    follow(page, "By post", to="**/shop/?kind=physical")
    follow(page, "Lowest price", to="**/shop/?kind=physical&sort=price-up")
    follow(page, "Tide Table, Belém", to="**/shop/tide-table-belem/")

    tab_to(page, begins("30 × 42 cm"))
    keyboard.press("ArrowDown")
    tab_to(page, named("Quantity"))
    keyboard.press("ArrowUp")
    press_at(page, named("Add to cart"))
    page.locator("#cart-link b", has_text="2").wait_for()
    if not page.url.endswith("/cart/"):
        follow(page, "Look at the cart", to="**/cart/")
    follow(page, "Go to checkout", to="**/checkout/")

    for label, words in TYPED.items():
        tab_to(page, named(label))
        keyboard.type(words)
    press_at(page, begins("I accept the terms"), "Space")
    press_at(page, begins("Pay €"))
    page.wait_for_url(f"{simulator.url}/c/pay/**")
    tab_to(page, begins("4242"))
    press_at(page, named("pay"))
    page.wait_for_url("**/orders/**")

    assert page.get_by_role("heading", level=1).inner_text() == "Thank you, Marta. It is paid."
    order = Order.objects.get(email="marta@example.org")
    assert (order.status, order.country) == ("paid", "PT")
    assert [(line.sku, line.quantity) for line in order.lines.filter(kind="product")] == [("TIDE-50", 2)]
