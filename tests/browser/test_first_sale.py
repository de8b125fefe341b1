"""A new owner, from an empty site to the first paid order, in few clicks: 32 when this was written."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.models import Invoice, Order
from shopfolio.tasks.outbox import run_due_jobs
from tests.browser.conftest import TELL_VIOLATIONS, is_complaint
from tests.factories import make_owner

MOST = 40
PASSWORD = "to sell what I make"


class Hand:
    """Counts what a person does with the mouse: to go into a field and to choose from a list is one each."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1

    def link(self, name: str) -> None:
        self.click(self.page.get_by_role("link", name=name, exact=True).first)

    def button(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True).first)

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).first.fill(text)
        self.clicks += 1

    def choose(self, label: str, option: str) -> None:
        self.page.get_by_label(label, exact=True).first.select_option(label=option)
        self.clicks += 1


@pytest.fixture
def empty_shop(live_site: str, simulator: Any, settings: Any, tmp_path: Path) -> Iterator[str]:
    """A site on which nothing was written yet, taking payments at the simulator."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = simulator.key, simulator.url
    settings.STRIPE_WEBHOOK_SECRET, settings.STRIPE_SIMULATED = [simulator.webhook_secret], True
    policy = copy.deepcopy(settings.CONTENT_SECURITY_POLICY)
    policy["DIRECTIVES"]["form-action"].append(simulator.url)
    settings.CONTENT_SECURITY_POLICY = policy
    gateway.client.cache_clear()
    simulator.webhook_url = f"{live_site}/webhooks/stripe/"
    make_owner(email="marta@example.org", password=PASSWORD)
    yield live_site
    gateway.client.cache_clear()


@pytest.fixture
def new_hand(browser: Browser, empty_shop: str) -> Iterator[Any]:
    """A browser of somebody's own, each time it is asked for."""
    contexts, complaints = [], []

    def open_browser() -> Hand:
        context = browser.new_context(base_url=empty_shop, viewport={"width": 1280, "height": 900})
        context.set_default_timeout(15_000)
        context.add_init_script(TELL_VIOLATIONS)
        context.on("console", lambda told: complaints.append(told.text) if is_complaint(told) else None)
        contexts.append(context)
        return Hand(context.new_page())

    yield open_browser
    for context in contexts:
        context.close()
    assert complaints == []


def test_a_new_owner_comes_to_the_first_paid_order_within_forty_clicks(new_hand, simulator) -> None:
    owner, buyer = new_hand(), new_hand()

    come_in(owner)
    say_who_you_are(owner)
    sell_something(owner)
    buy(buyer, simulator)
    look_at_the_order(owner)

    clicks = owner.clicks + buyer.clicks
    assert clicks <= MOST, f"{owner.clicks} of the owner, {buyer.clicks} of the buyer"
    order = Order.objects.get()
    assert (order.status, order.total, order.email) == ("paid", 4_500, "ana@example.org")
    invoice = Invoice.objects.get()
    assert (invoice.sequence, invoice.seller["name"]) == (1, "Marta Reis")


def come_in(hand: Hand) -> None:
    hand.page.goto("/admin/")
    hand.fill("E-mail", "marta@example.org")
    hand.fill("Password", PASSWORD)
    hand.button("Log in")
    hand.page.get_by_text("0 of 7 steps are done.").wait_for()
    hand.link("Go on")


def say_who_you_are(hand: Hand) -> None:
    hand.link("Fill in: Who you are by law")
    hand.page.wait_for_url("**/change/?then=start#id_legal_name")
    hand.fill("Legal name:", "Marta Reis")
    hand.fill("Street and number:", "Rua da Sofia 81")
    hand.fill("Town:", "Coimbra")
    hand.choose("Country:", "Portugal")
    hand.button("Save")
    hand.page.wait_for_url("**/admin/start/**")
    assert hand.page.locator("#identity.done").count() == 1


def sell_something(hand: Hand) -> None:
    hand.link("Add a product: A first product")
    hand.fill("Title:", "Tide table")
    price = hand.page.locator("#id_variants-0-price")
    price.fill("45")
    hand.page.locator("#id_variants-0-sku").fill("TIDE")
    hand.page.locator("#id_variants-0-on_shelf").fill("3")
    hand.clicks += 3
    hand.choose("Status:", "Published")
    hand.button("Save")
    hand.page.wait_for_url("**/admin/start/**")
    assert hand.page.locator("#product.done").count() == 1


def buy(hand: Hand, simulator: Any) -> None:
    page = hand.page
    page.goto("/")
    hand.link("Shop")
    hand.link("Tide table")
    hand.button("Add to cart")
    page.locator("#cart-link b", has_text="1").wait_for()
    hand.click(page.locator("#cart-link"))
    hand.link("Go to checkout")
    hand.fill("E-mail", "ana@example.org")
    hand.fill("Full name", "Ana Sá")
    hand.fill("Street and number", "Rua da Rosa 12")
    hand.fill("Postcode", "1200-384")
    hand.fill("Town", "Lisboa")
    page.get_by_label("I accept the terms").check()
    hand.clicks += 1
    hand.button("Pay €45.00")
    page.wait_for_url(f"{simulator.url}/c/pay/**")
    hand.button("Pay €45.00")
    page.wait_for_url("**/orders/**")
    run_due_jobs()


def look_at_the_order(hand: Hand) -> None:
    number = Order.objects.get().number
    hand.page.goto("/admin/")
    hand.link("Orders")
    hand.click(hand.page.get_by_role("link", name=number))
    hand.page.wait_for_url("**/admin/ecommerce/order/*/change/**")
    shown = hand.page.locator("main, #content").first
    for word in (number, "Ana Sá", "Order: Paid"):
        shown.get_by_text(word).first.wait_for()
