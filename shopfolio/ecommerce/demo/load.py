"""Reads the demo shop into the database. Safe to run twice: what is there already stays as it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from unittest import mock

from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from shopfolio.core.demo.load import page, picture, read
from shopfolio.core.demo.marks import make, mark
from shopfolio.core.models import Project
from shopfolio.ecommerce.gateway import SessionState
from shopfolio.ecommerce.models import (
    Cart,
    CartLine,
    Invoice,
    Order,
    Product,
    ProductFile,
    ProductImage,
    ShopSettings,
    StockMovement,
    StripeSession,
    Variant,
)
from shopfolio.ecommerce.models.settings import forget_shop_settings
from shopfolio.ecommerce.services import payment, stock
from shopfolio.ecommerce.services.checkout import Buyer, place_order
from shopfolio.ecommerce.services.invoicing import pdf_of
from shopfolio.ecommerce.services.pricing import price_cart
from shopfolio.ecommerce.simulator.past import PastPayment, remember
from shopfolio.tasks.models import Job

HERE = Path(__file__).parent
DEMO_INTENT = "pi_demo_"


def load_shop() -> None:
    settings = {"tax_rate": 2300, "shipping_price": 600, "shipping_free_from": 25_000}
    make(ShopSettings, pk=ShopSettings.ID, defaults=settings)
    forget_shop_settings()
    for row in read("products", HERE)["product"]:
        load_product(row)


def load_product(row: dict[str, Any]) -> None:
    if Product.objects.filter(slug=row["slug"]).exists():
        return
    first, *others = row["pictures"]
    product = Product.objects.create(
        slug=row["slug"],
        position=row["position"],
        tax_rate=row["tax_rate"],
        project=Project.objects.filter(slug=row.get("project", "")).first(),
        **page(row | {"picture": first["picture"]}),
    )
    for position, shown in enumerate(others):
        words = {"caption": shown["caption"], "position": position}
        mark(
            [ProductImage.objects.create(product=product, **picture(shown["picture"], field="bare"), **words)]
        )
    for position, choice in enumerate(row["variants"]):
        load_variant(product, choice, position)
    for position, download in enumerate(row.get("files", [])):
        load_download(product, download, position)
    mark([product])


def load_variant(product: Product, row: dict[str, Any], position: int) -> None:
    """An edition came in whole; what is no longer there was sold before this site was."""
    columns = {name: row[name] for name in ("title", "sku", "price", "kind")}
    if row["kind"] == Variant.Kind.SERVICE:
        columns["unit_code"] = "HUR"
    variant = Variant.objects.create(product=product, position=position, **columns)
    if "available" in row:
        stock.receive(variant.pk, row["received"], note="Edition")
        stock.correct(variant.pk, row["available"] - row["received"], note="Sold before this shop")
        variant.refresh_from_db()
        mark(variant.movements.all())
    mark([variant])


def load_download(product: Product, row: dict[str, Any], position: int) -> None:
    with (HERE / "files" / row["filename"]).open("rb") as file:
        kept = File(file, name=row["filename"])
        mark([ProductFile.objects.create(product=product, title=row["title"], file=kept, position=position)])


def load_orders(number: int | None, say: Callable[[str], None]) -> None:
    """Past sales, made by the services that make real ones.

    number: how many in all; None: the demo's own few.
    """
    rows = read("orders", HERE)["order"]
    missing = (len(rows) if number is None else number) - Order.objects.count()
    for index in range(max(0, missing)):
        row = rows[index % len(rows)]
        if index >= len(rows):  # editions end; an hour never does
            row = row | {"lines": [{"sku": "HOUR", "quantity": 1}]}
        load_order(row)
        if (index + 1) % 100 == 0:
            say(f"  {index + 1} of {missing} orders")
    for invoice in Invoice.objects.filter(pdf=None):
        pdf_of(invoice)


@transaction.atomic
def load_order(row: dict[str, Any]) -> None:
    earlier_jobs = set(Job.objects.values_list("pk", flat=True))
    with clock_at(timezone.now() - timedelta(days=row["days_ago"])):
        cart = demo_cart(row)
        order = place_order(cart, buyer=demo_buyer(row), shown_total=price_cart(cart).total)
        attempt = order.sessions.get()
        payment.record(answer(attempt, status="open", payment_status="unpaid"))
        if row["status"] == "paid":
            payment.record(answer(attempt, status="complete", payment_status="paid"))
        else:
            payment.record(answer(attempt, status="expired", payment_status="unpaid"))
    mark([cart, order])
    # The people are made up: nobody is written to.
    Job.objects.exclude(pk__in=earlier_jobs).delete()


def tell_simulator(database: Path) -> None:
    """The past sales at the local stand-in for Stripe, so that they can be asked about and refunded."""
    made_up = StripeSession.objects.filter(payment_intent__startswith=DEMO_INTENT).select_related("order")
    remember(
        database,
        [
            PastPayment(
                session_id=attempt.session_id or "",
                payment_intent=attempt.payment_intent,
                reference=str(attempt.order_id),
                number=attempt.order.number,
                email=attempt.order.email,
                name=attempt.order.name,
                amount=attempt.amount,
                currency=attempt.currency,
                at=int((attempt.paid_at or attempt.created).timestamp()),
            )
            for attempt in made_up
        ],
    )


def demo_cart(row: dict[str, Any]) -> Cart:
    cart = Cart.objects.create()
    for line in row["lines"]:
        variant = Variant.objects.get(sku=line["sku"])
        CartLine.objects.create(cart=cart, variant=variant, quantity=line["quantity"])
    return cart


def demo_buyer(row: dict[str, Any]) -> Buyer:
    names = {field.name for field in fields(Buyer)}
    return Buyer(
        accepts_terms=True, waives_withdrawal=True, **{name: row[name] for name in row if name in names}
    )


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """What happens inside happened then."""
    with mock.patch.object(timezone, "now", return_value=moment):
        yield


def answer(attempt: StripeSession, *, status: str, payment_status: str) -> SessionState:
    """What Stripe would have said."""
    paid = payment_status == "paid"
    return SessionState(
        id=f"cs_test_demo_{attempt.order.number}",
        status=status,
        payment_status=payment_status,
        amount=attempt.amount,
        currency=attempt.currency,
        reference=str(attempt.order_id),
        livemode=False,
        url="",
        expires_at=attempt.expires_at,
        metadata={"attempt": str(attempt.pk)},
        payment_intent=f"{DEMO_INTENT}{attempt.order.number}" if paid else "",
        payment_method="card" if paid else "",
        card_brand="visa" if paid else "",
        last4="4242" if paid else "",
    )


def load_many_products(number: int) -> int:
    """Fill up to this many products; how many were added."""
    missing = number - Product.objects.count()
    if missing <= 0:
        return 0
    models = read("products", HERE)["product"]
    first = Product.objects.filter(slug__startswith="sheet-").count() + 1
    products = [many_product(first + index, row) for index, row in enumerate(islice(cycle(models), missing))]
    mark(Product.objects.bulk_create(products, batch_size=500))
    variants = [
        Variant(
            product=product,
            sku=product.slug.upper()[:64],
            price=4_000 + number % 97 * 100,
            available=number % 40,
        )
        for number, product in enumerate(products, start=first)
    ]
    mark(Variant.objects.bulk_create(variants, batch_size=500))
    movements = StockMovement.objects.bulk_create(
        (
            StockMovement(variant=variant, kind=StockMovement.Kind.RECEIVED, quantity=variant.available)
            for variant in variants
            if variant.available
        ),
        batch_size=500,
    )
    mark(movements)
    return missing


def many_product(number: int, row: dict[str, Any]) -> Product:
    title = f"{row['title']}, sheet {number}"
    published = timezone.now() - timedelta(days=400, minutes=number)
    columns = page(row | {"title": title, "picture": row["pictures"][0]["picture"]})
    columns |= {
        "activate_date": published,
        "slug": f"sheet-{number}-{slugify(row['title'])}",
        "position": 100,
    }
    return Product(**columns, tax_rate=row["tax_rate"])
