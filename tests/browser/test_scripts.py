"""Whatever was typed, no page runs it: three hundred attacks in every text, read in Chromium."""

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.db import models
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page

from shopfolio.core.models import ContactMessage
from shopfolio.core.services import forget_site, receive_message
from shopfolio.ecommerce.models import Order, Variant
from shopfolio.ecommerce.models.cart import CartCookie
from shopfolio.ecommerce.services import mails
from shopfolio.ecommerce.services.addresses import keep_address
from shopfolio.lib import html
from shopfolio.tasks.models import Email
from tests import addresses
from tests.everything import add_rows
from tests.factories import ADDRESS, make_cart, make_paid_order
from tests.troubles import make_dead_job
from tests.users.people import give_app, make_person, type_password

ROOMS = [
    "account_home", "account_profile", "account_data", "account_security", "account_change_password",
    "account_email", "usersessions_list", "mfa_view_recovery_codes",
    "core:account_newsletter", "ecommerce:account_orders", "ecommerce:addresses", "ecommerce:address_new",
]  # fmt: skip
"""Of an account."""
CALL = "ran('xss')"
TAGS = [
    "<script>{}</script>",
    "<script src=data:text/javascript,{}></script>",
    "<img src=x onerror={}>",
    "<img/src=x/onerror={}//",
    "<IMG SRC=x OnErRoR={}>",
    "<svg onload={}>",
    "<svg><script>{}</script></svg>",
    "<svg><animate onbegin={} attributeName=x dur=1s>",
    "<svg><a xlink:href=javascript:{}><text>x</text></a></svg>",
    "<math><maction actiontype=statusline xlink:href=javascript:{}>x</maction></math>",
    "<math><mtext><table><mglyph><style><img src=x onerror={}></style></mglyph></table></mtext></math>",
    "<body onload={}>",
    "<iframe src=javascript:{}></iframe>",
    "<iframe srcdoc='<script>parent.{}</script>'></iframe>",
    "<object data=javascript:{}></object>",
    "<embed src=javascript:{}>",
    "<details open ontoggle={}>x</details>",
    "<video src=x onerror={}></video>",
    "<video><source onerror={}></video>",
    "<audio src=x onerror={}></audio>",
    "<input autofocus onfocus={}>",
    "<textarea autofocus onfocus={}></textarea>",
    "<select autofocus onfocus={}></select>",
    "<marquee onstart={}>x</marquee>",
    "<a href=javascript:{}>x</a>",
    "<a href='java\tscript:{}'>x</a>",
    "<a href='&#106;avascript:{}'>x</a>",
    "<form action=javascript:{}><button>x</button></form>",
    "<isindex type=image src=x onerror={}>",
    "<meta http-equiv=refresh content='0;url=javascript:{}'>",
    "<base href='javascript:{}//'>",
    "<link rel=stylesheet href=data:text/css,x onload={}>",
    "<style onload={}></style>",
    "<style>@import 'javascript:{}';</style>",
    "<div style='background:url(javascript:{})'>x</div>",
    "<p style=animation-name:x onanimationstart={}>x</p>",
    "<template><script>{}</script></template><img src=x onerror={}>",
    "<noscript><p title='</noscript><img src=x onerror={}>'></noscript>",
    "<xmp><p title='</xmp><img src=x onerror={}>'></xmp>",
    "<dialog open onbeforetoggle={} oncancel={}>x</dialog>",
    "<button popovertarget=x onclick={}>x</button>",
    "<p hx-get=/ hx-trigger=load hx-on::load={}>x</p>",
    "<p hx-on:htmx:load={} data-hx-on-click={}>x</p>",
]
WAYS_OUT = ["", '">', "'>", "</script>", "</style></title></textarea>", "-->", "]]>"]
OTHERS = [
    '" onmouseover={} autofocus onfocus={} x="',
    "' onfocus={} autofocus x='",
    "` onload={} `",
    "';{};//",
    '";{};//',
    "\\u0022;{};//",
    "{{{{ {} }}}}",
    "{{% load static %}}{{% debug %}}",
    "${{{}}}",
    "javascript:{}",
    "JaVaScRiPt:{}",
    " javascript:{}",
    "data:text/html,<script>{}</script>",
    "vbscript:{}",
]
PAYLOADS = [out + tag.format(CALL, CALL) for tag in TAGS for out in WAYS_OUT]
PAYLOADS += [other.format(CALL, CALL) for other in OTHERS]
EVERYTHING = "Zz".join(PAYLOADS)
FORMS = ["/contact/", "/newsletter/", "/orders/find/", "/checkout/", "/account/login/"]
FILL_IN = """attacks => {
    const form = document.querySelector("main form[method=post]");
    for (const field of form.elements)
        if (field.name && field.type != "hidden") field.value = attacks;
    form.submit();
}"""
LISTEN = """
    window.heard = [];
    window.ran = what => heard.push(what);
    document.addEventListener("securitypolicyviolation", event =>
        heard.push(`CSP: ${event.effectiveDirective} ${event.blockedURI}`));
    addEventListener("error", event => event.message && heard.push(`error: ${event.message}`));
"""
OURS = {
    "card_brand", "country", "currency", "ended", "idempotency_key", "Job.name", "Job.owner", "key", "kind",
    "language", "last4", "number", "password", "path", "payment_intent", "payment_method", "request_id",
    "session_id", "sha256", "started", "token_hash",
}  # fmt: skip
"""Texts that our own code writes, and understands again."""


def is_typed(field: models.Field[Any, Any]) -> bool:
    """Whether a column holds what somebody wrote as they liked."""
    has_text = isinstance(field, models.CharField | models.TextField | models.JSONField)
    is_address = isinstance(field, models.EmailField | models.URLField | models.SlugField)
    is_ours = {field.name, f"{field.model.__name__}.{field.name}"} & OURS
    return has_text and not (is_address or is_ours or field.choices or field.unique)


def filled(value: Any) -> Any:
    """The same shape, with the attacks in the place of every text."""
    if isinstance(value, dict):
        return {key: filled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner) for inner in value]
    return EVERYTHING if isinstance(value, str) else value


def write_everywhere() -> int:
    """Past every form, straight into the columns; how many there are."""
    columns = 0
    for label in ("core", "ecommerce", "tasks", "users"):
        for model in apps.get_app_config(label).get_models():
            fields = [field.attname for field in model._meta.concrete_fields if is_typed(field)]
            columns += len(fields)
            for row in model._base_manager.values("pk", *fields):
                key = row.pop("pk")
                changed = {name: filled(value) for name, value in row.items()}
                model._base_manager.filter(pk=key).update(**changed) if changed else None
    return columns


@pytest.fixture
def rows(live_site: str, private_files: Path) -> Order:
    """One row of every kind at least, with attacks in every text; the order of them."""
    add_rows()
    make_dead_job()
    order = make_paid_order(email="ana@example.org")
    assert write_everywhere() > 100
    forget_site()
    return order


def heard_at(page: Page, address: str) -> list[str]:
    """What ran, or was kept from running, on the page at an address."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status in {200, 404}, address
    return heard_on(page)


def heard_on(page: Page) -> list[str]:
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    found: list[str] = page.evaluate("heard")
    return found


@pytest.fixture
def listening(context: BrowserContext) -> None:
    context.add_init_script(LISTEN)


@pytest.mark.usefixtures("listening")
def test_no_public_page_runs_what_was_typed(page: Page, rows: Order) -> None:
    reads = [path for path in addresses.addresses(addresses.PUBLIC) if not path.endswith((".xml", ".txt"))]
    reads += [rows.get_absolute_url(), f"/search/?q={quote(EVERYTHING[:6_000])}", f"/{quote(PAYLOADS[0])}/"]

    found = {address: heard_at(page, address) for address in reads}

    assert len(found) > 18
    assert {address: what for address, what in found.items() if what} == {}


@pytest.mark.usefixtures("listening")
def test_no_page_of_the_back_office_runs_what_was_typed_or_asks_another_site(
    owner_page: Page, rows: Order, asked: set[str], live_site: str
) -> None:
    found = {
        address: heard_at(owner_page, address)
        for address in [*addresses.pages_of_the_back_office(), "/admin/attention/"]
    }

    assert len(found) >= 60
    assert {address: what for address, what in found.items() if what} == {}
    assert asked == {live_site}


@pytest.mark.usefixtures("listening")
def test_no_page_of_an_account_runs_what_was_typed_or_asks_another_site(
    page: Page, rows: Order, asked: set[str], live_site: str
) -> None:
    person, client = make_person("rui@example.org"), Client(headers={"User-Agent": PAYLOADS[0]})
    give_app(person)
    key = Authenticator.objects.create(user=person, type="webauthn", data={"name": EVERYTHING})
    address = keep_address(person, fields=ADDRESS)
    Order.objects.filter(pk=rows.pk).update(user=person)
    client.force_login(person)
    type_password(client, person)
    write_everywhere()
    UserSession.objects.update(user_agent=EVERYTHING)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_site}
    page.context.add_cookies([session])
    reads = [reverse(name) for name in ROOMS]
    reads += [reverse(name, args=[key.pk]) for name in ("mfa_edit_webauthn", "mfa_remove_webauthn")]
    reads += [reverse("ecommerce:address", args=[address.pk])]

    found, texts = {}, ""
    for path in reads:
        found[path] = heard_at(page, path)
        assert urlsplit(page.url).path == path
        texts += page.content()

    assert {path: what for path, what in found.items() if what} == {}
    assert texts.count("ran(") > 100
    assert asked == {live_site}


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize(
    "address", ["/contact/", "/newsletter/", "/orders/find/", "/checkout/", "/account/login/"]
)
def test_no_form_that_comes_back_runs_what_was_typed(page: Page, rows: Order, address: str) -> None:
    cart = make_cart((Variant.objects.all()[0], 1))
    cookie = CartCookie(cart.pk, 1)
    value = cookie.signer().sign(f"{cookie.cart_id}.{cookie.count}")
    page.context.add_cookies([{"name": cookie.NAME, "value": value, "url": settings.SITE_URL}])
    page.goto(address)

    with page.expect_navigation():
        page.evaluate(FILL_IN, EVERYTHING)

    assert "ran(" in page.content()
    assert heard_on(page) == []


def test_no_mail_runs_what_was_typed(page: Page, rows: Order) -> None:
    mails.mail_order_received(rows.pk)
    mails.mail_order_sent(rows)
    mails.mail_new_link(rows)
    receive_message(ContactMessage(name=EVERYTHING, email="ana@example.org", message=EVERYTHING))

    for mail in Email.objects.exclude(html="").exclude(html__startswith="<script>"):
        page.evaluate(LISTEN)
        page.set_content(mail.html)
        assert "ran(" in mail.html
        assert heard_on(page) == []


def test_control_a_body_that_nobody_cleans_is_heard(
    browser: Browser, live_site: str, rows: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html, "sanitise", str)
    with browser.new_context(base_url=live_site) as context:
        context.add_init_script(LISTEN)
        page = context.new_page()
        page.goto("/blog/post-0/")

        assert any(what.startswith("CSP: script-src") for what in heard_on(page))
