"""Accounts as people use them: mailed code, authenticator app, passkey, new password, orders, the end."""

import re

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from shopfolio.ecommerce.models import Order, Variant
from shopfolio.tasks.models import Email
from shopfolio.users.models import CustomUser
from shopfolio.users.tasks import erase_due
from tests.factories import make_paid_order, make_product, make_shop, make_variant
from tests.users.people import PASSWORD, app_code, give_app, mailed_code, make_person, run_jobs

NEW_PASSWORD = "eleven paper cranes"


@pytest.fixture
def address(live_site: str, settings) -> str:
    """By its name: browsers bind a passkey to one, and to no number."""
    settings.SITE_URL = live_site.replace("127.0.0.1", "localhost")
    make_shop()
    return settings.SITE_URL


@pytest.fixture
def passkeys(page: Page) -> None:
    """A device that has a fingerprint reader, and whose owner always puts a finger on it."""
    browser = page.context.new_cdp_session(page)
    browser.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    browser.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def log_in(page: Page, address: str, password: str = PASSWORD) -> None:
    page.goto(f"{address}/account/login/")
    page.get_by_label("E-mail").fill("ana@example.org")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/")


def type_code(page: Page) -> None:
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    page.get_by_label("Code").fill(mailed_code())
    page.get_by_role("button", name="Go on").click()


def sign_up(page: Page) -> None:
    page.get_by_label("E-mail").fill("ana@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Mail me a code").click()
    type_code(page)


def room(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Account").get_by_role("link", name=name).click()


def confirm(page: Page) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def test_an_account_is_opened_from_the_header_of_any_page(page: Page, address: str):
    page.goto(f"{address}/shop/")
    page.get_by_role("link", name="Account").click()
    page.get_by_role("link", name="Open an account").click()
    sign_up(page)

    expect(page.get_by_text("Welcome. Your account is open.")).to_be_visible()
    expect(page.get_by_text("You are logged in as ana@example.org.")).to_be_visible()
    log_out(page)
    log_in(page, address)
    expect(page.get_by_role("heading", name="Hello.")).to_be_visible()


def test_an_app_is_set_up_and_asked_for_at_the_next_login(page: Page, address: str):
    make_person()
    log_in(page, address)
    page.get_by_role("navigation", name="Account").get_by_role("link", name="Security").click()
    page.get_by_role("link", name="Set up authenticator app").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    secret = page.locator("code.secret").inner_text()
    assert len(secret) == 4 * page.locator("code.secret span").count() == 32
    assert page.locator("img.qr").evaluate("picture => picture.naturalWidth") > 0

    page.get_by_label("Code that the app shows").fill(app_code(secret))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator(".codes li")).to_have_count(10)
    spare = page.locator(".codes code").first.inner_text()
    log_out(page)

    log_in(page, address)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Code").fill(spare)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Hello.")).to_be_visible()


@pytest.mark.usefixtures("passkeys")
def test_a_passkey_is_added_and_logs_in_alone(page: Page, address: str):
    make_person()
    log_in(page, address)
    page.goto(f"{address}/account/security/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("Laptop")

    page.get_by_role("button", name="Add it").click()
    expect(page.locator(".codes li")).to_have_count(10)
    page.goto(f"{address}/account/security/")
    expect(page.get_by_role("heading", name="Laptop")).to_be_visible()
    log_out(page)

    page.goto(f"{address}/account/login/?next=/shop/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{address}/shop/")
    page.goto(f"{address}/account/security/")
    expect(page.get_by_text(re.compile("Used last on"))).to_be_visible()


@pytest.mark.usefixtures("passkeys")
def test_a_passkey_that_the_device_does_not_have_is_said_on_the_page(page: Page, address: str):
    page.goto(f"{address}/account/login/")
    expect(page.locator("[data-passkey-error]")).to_be_hidden()

    page.get_by_role("button", name="Use a passkey").click()

    expect(page.locator("[data-passkey-error]")).to_be_visible()


def test_a_forgotten_password_is_replaced(page: Page, address: str):
    make_person()
    page.goto(f"{address}/account/login/")
    page.get_by_role("link", name="Choose a new password").click()
    page.get_by_label("E-mail").fill("ana@example.org")
    page.get_by_role("button", name="Mail me a code").click()
    type_code(page)

    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Use this password").click()

    expect(page.get_by_role("heading", name="Hello.")).to_be_visible()
    assert Email.objects.latest("created").subject == "Your password was changed"
    log_out(page)
    log_in(page, address)
    expect(page.get_by_role("alert")).to_be_visible()
    log_in(page, address, NEW_PASSWORD)
    expect(page.get_by_role("heading", name="Hello.")).to_be_visible()


def test_what_a_guest_ordered_is_in_the_account_that_they_open_later(page: Page, address: str):
    make_variant(make_product("Handbook"), kind=Variant.Kind.DIGITAL, price=0)
    other = make_paid_order(email="jonas@example.org")
    page.goto(f"{address}/shop/")
    page.get_by_role("link", name="Handbook").click()
    page.get_by_role("button", name="Add to cart").click()
    page.locator("#cart-link b", has_text="1").wait_for()
    page.goto(f"{address}/checkout/")
    page.get_by_label("E-mail").fill("ana@example.org")
    page.get_by_label("Full name").fill("Ana Lima")
    page.get_by_label("The download shall begin at once").check()
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Order").click()
    page.wait_for_url("**/orders/**")
    order = Order.objects.get(email="ana@example.org")
    assert order.user is None

    page.goto(f"{address}/account/signup/")
    sign_up(page)
    room(page, "Orders")

    expect(page.get_by_role("link", name=re.compile("^Order [A-Z0-9]{8}$"))).to_have_text(
        [f"Order {order.number}"]
    )
    expect(page.get_by_text(other.number)).to_have_count(0)
    page.get_by_role("link", name=f"Order {order.number}").click()
    page.wait_for_url(f"**{order.get_absolute_url()}")


def test_an_account_is_erased_unless_its_owner_changes_their_mind(page: Page, address: str):
    person = make_person(first_name="Ana")
    book = make_variant(make_product("Handbook"), kind=Variant.Kind.DIGITAL)
    order = make_paid_order((book, 1), email=person.email, name="Ana Lima")
    log_in(page, address)
    room(page, "Your data")
    page.get_by_role("button", name="Erase my account").click()
    confirm(page)
    expect(page.get_by_text(re.compile(r"Your account is erased on \d+ \w+ \d{4}\."))).to_be_visible()

    room(page, "Orders")
    page.get_by_role("link", name="Changed your mind?").click()
    page.get_by_role("button", name="Keep my account").click()
    expect(page.get_by_text("Your account stays.")).to_be_visible()
    assert CustomUser.objects.get().erase_at is None

    page.get_by_role("button", name="Erase my account").click()
    expect(page.get_by_role("button", name="Keep my account")).to_be_visible()
    CustomUser.objects.update(erase_at=timezone.now())
    erase_due()
    assert run_jobs("users.erase") == 1

    page.goto(f"{address}/account/orders/")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    log_in(page, address)
    expect(page.get_by_role("alert")).to_be_visible()
    answer = page.goto(f"{address}{order.get_absolute_url()}")
    assert answer
    assert answer.status == 404
    left = Order.objects.get()
    assert (left.name, left.email, left.user, left.invoices.count()) == ("Erased", "", None, 1)
    subjects = Email.objects.filter(key__startswith="account-").order_by("created")
    assert list(subjects.values_list("subject", flat=True)) == [
        "Your account is to be erased", "Your account stays", "Your account is to be erased",
        "Your account is erased",
    ]  # fmt: skip


PAGES = [
    "", "security/", "security/email/", "security/password/", "security/sessions/", "security/app/",
    "security/passkeys/add/", "security/spare-codes/", "confirm/",
]  # fmt: skip


@pytest.fixture
def logged_in(page: Page, address: str) -> Page:
    """As Ana, who has been to no page yet."""
    client = Client()
    client.force_login(make_person())
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}
    page.context.add_cookies([cookie])
    return page


def test_the_heading_stands_at_one_height_in_all_rooms(logged_in: Page, address: str):
    page, heights = logged_in, set()
    for width in (320, 390, 768):
        page.set_viewport_size({"width": width, "height": 844})
        for path in ("", "profile/", "orders/", "addresses/", "newsletter/", "security/", "data/"):
            page.goto(f"{address}/account/{path}")
            place = page.get_by_role("heading", level=1).bounding_box()
            assert place
            heights.add((width, place["y"]))

    assert len(heights) == 3


def test_no_account_page_is_wider_than_its_window(page: Page, address: str):
    person = make_person("a-rather-long-address-that-somebody-really-has@subdomain.example.org")
    give_app(person)
    client = Client()
    client.force_login(person)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}
    widths = {}
    for width in (320, 768):
        page.set_viewport_size({"width": width, "height": 844})
        for path in ("login/", "signup/", "login/code/", "password/reset/", *PAGES):
            if path == "":
                page.context.add_cookies([cookie])
            page.goto(f"{address}/account/{path}")
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                widths[path, width] = wide
        page.context.clear_cookies()

    assert widths == {}
