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
    """The session of somebody who has this role: "owner" or "buyer"."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    users = get_user_model().objects
    user = users.filter(is_superuser=True).get() if role == "owner" else buyer(users)
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def buyer(users: Any) -> Any:
    """Somebody with an account, whose orders are those of the demo's first buyer."""
    from allauth.account.models import EmailAddress

    from shopfolio.ecommerce.models import Order

    email = Order.objects.filter(paid_at__isnull=False).earliest("created").email
    user, is_new = users.get_or_create(email=email, defaults={"first_name": "Marta", "last_name": "Reis"})
    if is_new:
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def first(model: str, **fields: Any) -> Any:
    from django.apps import apps

    rows = apps.get_model(model)._default_manager.filter(**fields)
    return rows.earliest("created")


def address_of(model: str, **fields: Any) -> Callable[[], str]:
    return lambda: str(first(model, **fields).get_absolute_url())


def admin_page_of(model: str, **fields: Any) -> Callable[[], str]:
    app, name = model.split(".")
    return lambda: f"/admin/{app}/{name.lower()}/{first(model, **fields).pk}/change/"


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
            page.wait_for_load_state()
            added += 1
        if added == 2:
            return


def send_empty(selector: str) -> Callable[[Any], None]:
    """Press a form's button past what the browser itself would say."""

    def prepare(page: Any) -> None:
        page.eval_on_selector(selector, "form => { form.noValidate = true; form.requestSubmit(); }")
        page.wait_for_load_state()

    return prepare


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
    Page("product", address_of("ecommerce.Product")),
    Page("cart-empty", "/cart/"),
    Page("cart", "/cart/", prepare=lambda page: (fill_cart(page), page.goto("/cart/"))[0]),
    Page("checkout", "/checkout/", prepare=lambda page: (fill_cart(page), page.goto("/checkout/"))[0]),
    Page("order", order_page("paid")),
    Page("find", "/orders/find/"),
    Page("login", "/account/login/"),
    Page("signup", "/account/signup/"),
    Page("account", "/account/", role="buyer"),
    Page("account-orders", "/account/orders/", role="buyer"),
    Page("account-profile", "/account/profile/", role="buyer"),
    Page("account-security", "/account/security/", role="buyer"),
    Page("account-data", "/account/data/", role="buyer"),
    Page("not-found", "/nothing-here/", status=404),
    Page("admin", "/admin/", role="owner"),
    Page("admin-start", "/admin/start/", role="owner"),
    Page("admin-make-it-yours", "/admin/make-it-yours/", role="owner"),
    Page("admin-remove-demo", "/admin/make-it-yours/remove-demo/", role="owner"),
    Page("admin-attention", "/admin/attention/", role="owner"),
    Page("admin-orders", "/admin/ecommerce/order/", role="owner"),
    Page("admin-order", admin_page_of("ecommerce.Order", status="paid"), role="owner"),
    Page("admin-products", "/admin/ecommerce/product/", role="owner"),
    Page("admin-product", admin_page_of("ecommerce.Product"), role="owner"),
    Page("admin-post", admin_page_of("core.BlogPost"), role="owner"),
    Page("admin-messages", "/admin/core/contactmessage/", role="owner"),
    Page("admin-message", admin_page_of("core.ContactMessage"), role="owner"),
    Page("admin-posts", "/admin/core/blogpost/", role="owner"),
    Page(
        "admin-profile",
        lambda: "/admin/core/profile/00000000-0000-0000-0000-000000000001/change/",
        role="owner",
    ),
]
"""What people look at; a new page of any weight is entered here."""


def pages_named(names: str) -> list[Page]:
    """Those whose name begins with one of these words, with commas between; all for ""."""
    wanted = tuple(name for name in names.split(",") if name)
    return [page for page in PAGES if page.name.startswith(wanted)] if wanted else PAGES
