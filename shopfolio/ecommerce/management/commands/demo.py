import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from shopfolio.core import page_cache
from shopfolio.core.demo.load import load_many_posts, load_site, read
from shopfolio.core.demo.renditions import make_demo_renditions
from shopfolio.ecommerce.demo.load import load_many_products, load_orders, load_shop, tell_simulator
from shopfolio.ecommerce.demo.removal import Report, remove_demo
from shopfolio.lib.env import kept_secret
from shopfolio.lib.http import absolute
from shopfolio.users.models import CustomUser


class Command(BaseCommand):
    help = (
        "Load the demo site: a person, her work, her shop. What is there already stays as it is. "
        "With --remove, take it away again, and nothing else."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name in ("posts", "products", "orders"):
            parser.add_argument(
                f"--{name}", type=int, metavar="N", help=f"fill up to N {name}, for load tests"
            )
        parser.add_argument("--remove", action="store_true", help="take the demo content away")
        parser.add_argument(
            "--trials", action="store_true", help="with --remove: your own orders paid with test cards too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            self.tell(remove_demo(trials=options["trials"]))
        else:
            self.load(options)

    def tell(self, report: Report) -> None:
        if report.is_empty:
            self.stdout.write("There is no demo content here.")
        if report.gone:
            self.stdout.write(
                "Taken away: " + ", ".join(f"{number} {what}" for what, number in report.gone) + "."
            )
        if report.own_columns:
            self.stdout.write(f"Of the profile stays what you wrote: {', '.join(report.own_columns)}.")
        if report.stays:
            self.stdout.write("\nThis stays:")
        for stay in report.stays:
            self.stdout.write(f"  {stay.what}: {stay.why}")

    def load(self, options: dict[str, Any]) -> None:
        started = time.monotonic()
        owner, password = self.make_owner()
        make_demo_renditions(self.stdout.write)
        self.step("The person and her work", load_site)
        self.step("The shop", load_shop)
        load_orders(options["orders"], self.stdout.write)
        if settings.STRIPE_SIMULATED or not settings.STRIPE_SECRET_KEY:
            tell_simulator(settings.DATA_DIR / "stripe.sqlite3")
        if options["posts"]:
            self.step("More posts", lambda: load_many_posts(options["posts"]))
        if options["products"]:
            self.step("More products", lambda: load_many_products(options["products"]))
        page_cache.bump()
        self.stdout.write(f"The demo site is there ({time.monotonic() - started:.0f} s).")
        self.stdout.write(
            "\n  Look around, then log in and make it yours:"
            f"\n  {absolute('/admin/make-it-yours/')}"
            "\n  The demo goes with a button there, or with: .venv/bin/shopfolio demo --remove"
        )
        self.stdout.write(
            f"\n  Back office  {absolute('/admin/')}"
            f"\n  E-mail       {owner.email}"
            f"\n  Password     {password}\n"
        )

    def step(self, what: str, load: Any) -> None:
        self.stdout.write(f"{what} …")
        with transaction.atomic():
            load()

    def make_owner(self) -> tuple[CustomUser, str]:
        """The owner's account; its password is made once and kept beside the other secrets."""
        profile = read("profile")
        password = kept_secret(settings.DATA_DIR / "keys" / "demo_owner_password")[:20]
        owner = CustomUser.objects.filter(email=profile["email"]).first()
        if owner is None:
            first, _space, last = profile["name"].partition(" ")
            owner = CustomUser.objects.create_superuser(
                profile["email"], password, first_name=first, last_name=last
            )
        return owner, password if owner.check_password(password) else "(the one that you chose)"
