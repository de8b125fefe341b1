"""The demo site as its visitors meet it, and every page of it that people look at."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.site import NOT_INHERITED, free_port, ours, serving

MODULES = Path(__file__).resolve().parent / "node_modules"


@dataclass(frozen=True)
class Page:
    """A page of the site: `address` is a path or makes one; `prepare` does in a tab what leads there."""

    name: str
    address: str | Callable[[], str]
    role: str = "visitor"
    prepare: Callable[[Any], None] | None = None
    status: int = 200

    @property
    def path(self) -> str:
        return self.address if isinstance(self.address, str) else self.address()


@contextmanager
def demo_site() -> Iterator[str]:
    """The address of the demo site, served from a new folder; this process may ask its database."""
    folder, port = Path(tempfile.mkdtemp(prefix="shopfolio-quality-")), free_port()
    for name in [name for name in os.environ if name.startswith(NOT_INHERITED)]:
        del os.environ[name]
    os.environ |= {"DATA_DIR": str(folder), "PORT": str(port), "DJANGO_SETTINGS_MODULE": "shopfolio.settings"}
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
        "true"  # Playwright's loop runs in the thread that asks the database
    )
    try:
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("demo", verbosity=0)
        with serving(ours("shopfolio", "web"), port, dict(os.environ), folder) as server:
            yield server.url
    finally:
        shutil.rmtree(folder)


def cookie_of(role: str) -> str:
    """The session of somebody who has this role and just typed their password."""
    from django.test import Client

    from tests.users.people import type_password

    user, client = ROLES[role](), Client()
    client.force_login(user)
    type_password(client, user)
    return client.cookies["sessionid"].value


def owner() -> Any:
    from shopfolio.users.models import CustomUser

    return CustomUser.objects.filter(is_superuser=True).get()


def buyer() -> Any:
    """Somebody whose account holds all there is; their orders are those of the demo's first buyer."""
    from shopfolio.ecommerce.models import Order
    from shopfolio.ecommerce.services.addresses import keep_address
    from shopfolio.users.models import CustomUser
    from tests.factories import ADDRESS
    from tests.users.people import give_app, make_person

    email = Order.objects.filter(paid_at__isnull=False).earliest("created").email
    if known := CustomUser.objects.filter(email=email).first():
        return known
    person = make_person(email, first_name="Marta", last_name="Reis")
    give_app(person)
    for company in ("", "Reis Lda"):
        keep_address(person, fields=ADDRESS | {"company": company})
    return person


def newcomer() -> Any:
    """Somebody whose account holds nothing yet."""
    from shopfolio.users.models import CustomUser
    from tests.users.people import make_person

    email = "new@example.org"
    return CustomUser.objects.filter(email=email).first() or make_person(email)


ROLES = {"owner": owner, "buyer": buyer, "newcomer": newcomer}


def first(model: str, **fields: Any) -> Any:
    from django.apps import apps

    rows = apps.get_model(model)._default_manager.filter(**fields)
    return rows.earliest("created")


def address_of(model: str, **fields: Any) -> Callable[[], str]:
    return lambda: str(first(model, **fields).get_absolute_url())


def admin_page_of(model: str, **fields: Any) -> Callable[[], str]:
    app, name = model.split(".")
    return lambda: f"/admin/{app}/{name.lower()}/{first(model, **fields).pk}/change/"


def settings_page(app: str, model: str) -> str:
    return f"/admin/{app}/{model}/00000000-0000-0000-0000-000000000001/change/"


def order_page(status: str) -> Callable[[], str]:
    return address_of("ecommerce.Order", status=status)


def fill_cart(page: Any) -> None:
    """Two pieces of the first two products that can be had."""
    page.goto("/shop/")
    addresses = page.eval_on_selector_all(".stock h3 a", "links => links.map(link => link.href)")
    added = 0
    for address in addresses:
        page.goto(address)
        button = page.locator("form[action*='/cart/add/'] button:not([disabled])").first
        if button.count():
            button.click()
            page.get_by_text("in your cart").wait_for()
            added += 1
        if added == 2:
            return


def send_empty(selector: str) -> Callable[[Any], None]:
    """Press a form's button past what the browser itself would say."""

    def prepare(page: Any) -> None:
        with page.expect_navigation():
            page.eval_on_selector(selector, "form => { form.noValidate = true; form.requestSubmit(); }")

    return prepare


def plan_erasure(page: Any) -> None:
    """Once: the second browser finds it planned."""
    button = page.get_by_role("button", name="Erase my account")
    if button.count():
        with page.expect_navigation():
            button.click()


def ask_for_code(page: Any) -> None:
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_role("button", name="Mail me a code").click()
    page.wait_for_url("**/account/code/")


def open_all(page: Any) -> None:
    """Menus, filters and whatever else is folded away."""
    page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true; })")


PAGES = [
    Page("home", "/"),
    Page("resume", "/resume/"),
    Page("portfolio", "/portfolio/"),
    Page("case", address_of("core.Project")),
    Page("skill", address_of("core.Skill")),
    Page("blog", "/blog/"),
    Page("post", address_of("core.BlogPost")),
    Page("testimonials", "/testimonials/"),
    Page("contact", "/contact/"),
    Page("contact-wrong", "/contact/", prepare=send_empty("main form[action='/contact/']")),
    Page("newsletter", "/newsletter/"),
    Page("policy", address_of("core.Policy")),
    Page("search", "/search/?q=plotter"),
    Page("search-none", "/search/?q=zeppelin"),
    Page("shop", "/shop/"),
    Page("shop-sifted", "/shop/?kind=physical&stock=in&sort=price-up"),
    Page("product", address_of("ecommerce.Product")),
    Page("cart-empty", "/cart/"),
    Page("cart", "/cart/", prepare=lambda page: (fill_cart(page), page.goto("/cart/"))[0]),
    Page("checkout", "/checkout/", prepare=lambda page: (fill_cart(page), page.goto("/checkout/"))[0]),
    Page("order", order_page("paid")),
    Page("find", "/orders/find/"),
    Page("login", "/account/login/"),
    Page("login-wrong", "/account/login/", prepare=send_empty("main form.stack")),
    Page("login-code", "/account/login/code/", prepare=ask_for_code),
    Page("signup", "/account/signup/"),
    Page("password-reset", "/account/password/reset/"),
    Page("account", "/account/", role="buyer"),
    Page("account-orders", "/account/orders/", role="buyer"),
    Page("account-profile", "/account/profile/", role="buyer"),
    Page("account-security", "/account/security/", role="buyer"),
    Page("account-data", "/account/data/", role="buyer"),
    Page("account-addresses", "/account/addresses/", role="buyer"),
    Page("account-address", lambda: f"/account/addresses/{first('ecommerce.Address').pk}/", role="buyer"),
    Page(
        "account-address-wrong",
        "/account/addresses/new/",
        role="buyer",
        prepare=send_empty("main form.stack"),
    ),
    Page("account-newsletter", "/account/newsletter/", role="buyer"),
    Page("account-email", "/account/security/email/", role="buyer"),
    Page("account-password", "/account/security/password/", role="buyer"),
    Page(
        "account-password-wrong",
        "/account/security/password/",
        role="buyer",
        prepare=send_empty("main form.stack"),
    ),
    Page("account-sessions", "/account/security/sessions/", role="buyer"),
    Page("account-spare-codes", "/account/security/spare-codes/", role="buyer"),
    Page("account-app-off", "/account/security/app/remove/", role="buyer"),
    Page("account-confirm", "/account/confirm/", role="buyer"),
    Page("account-app", "/account/security/app/", role="newcomer"),
    Page("account-passkey", "/account/security/passkeys/add/", role="newcomer"),
    Page("account-security-new", "/account/security/", role="newcomer"),
    Page("account-orders-none", "/account/orders/", role="newcomer"),
    Page("account-addresses-none", "/account/addresses/", role="newcomer"),
    Page("account-newsletter-new", "/account/newsletter/", role="newcomer"),
    Page("account-data-planned", "/account/data/", role="newcomer", prepare=plan_erasure),
    Page("not-found", "/nothing-here/", status=404),
    Page("admin", "/admin/", role="owner"),
    Page("admin-start", "/admin/start/", role="owner"),
    Page("admin-make-it-yours", "/admin/make-it-yours/", role="owner"),
    Page("admin-remove-demo", "/admin/make-it-yours/remove-demo/", role="owner"),
    Page("admin-attention", "/admin/attention/", role="owner"),
    Page("admin-orders", "/admin/ecommerce/order/", role="owner"),
    Page("admin-order", admin_page_of("ecommerce.Order", status="paid"), role="owner"),
    Page("admin-products", "/admin/ecommerce/product/", role="owner"),
    Page("admin-orders-unfolded", "/admin/ecommerce/order/", role="owner", prepare=open_all),
    Page("admin-first-unfolded", "/admin/", role="owner", prepare=open_all),
    Page("admin-product", admin_page_of("ecommerce.Product"), role="owner"),
    Page("admin-post", admin_page_of("core.BlogPost"), role="owner"),
    Page("admin-messages", "/admin/core/contactmessage/", role="owner"),
    Page("admin-message", admin_page_of("core.ContactMessage"), role="owner"),
    Page("admin-posts", "/admin/core/blogpost/", role="owner"),
    Page("admin-posts-filtered", "/admin/core/blogpost/?state=live&o=-1", role="owner"),
    Page("admin-new-post", "/admin/core/blogpost/add/", role="owner"),
    Page("admin-new-product", "/admin/ecommerce/product/add/", role="owner"),
    Page("admin-new-product-wrong", "/admin/ecommerce/product/add/", "owner", send_empty("#product_form")),
    Page("admin-projects", "/admin/core/project/", role="owner"),
    Page("admin-project", admin_page_of("core.Project"), role="owner"),
    Page("admin-testimonial", admin_page_of("core.Testimonial"), role="owner"),
    Page("admin-experience", admin_page_of("core.Experience"), role="owner"),
    Page("admin-delete-tag", lambda: f"/admin/core/tag/{first('core.Tag').pk}/delete/", role="owner"),
    Page("admin-history", lambda: f"/admin/core/tag/{first('core.Tag').pk}/history/", role="owner"),
    Page("admin-invoices", "/admin/ecommerce/invoice/", role="owner"),
    Page("admin-invoice", admin_page_of("ecommerce.Invoice"), role="owner"),
    Page("admin-stock", "/admin/ecommerce/stockmovement/", role="owner"),
    Page("admin-people", "/admin/users/customuser/", role="owner"),
    Page("admin-subscribers", "/admin/core/subscriber/", role="owner"),
    Page("admin-jobs", "/admin/tasks/job/", role="owner"),
    Page("admin-mails", "/admin/tasks/email/", role="owner"),
    Page("admin-search", "/admin/search/?q=plotter", role="owner"),
    Page("admin-shop-settings", settings_page("ecommerce", "shopsettings"), role="owner"),
    Page("admin-profile", settings_page("core", "profile"), role="owner"),
]
"""What people look at; a new page of any weight is entered here."""


def pages_named(names: str) -> list[Page]:
    """Those whose name begins with one of these words, with commas between; all for ""."""
    wanted = tuple(name for name in names.split(",") if name)
    return [page for page in PAGES if page.name.startswith(wanted)] if wanted else PAGES
