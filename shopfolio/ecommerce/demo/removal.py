"""Takes the demo away, its sales with all their documents; what somebody made of it stays, and is named."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from shopfolio.abstract_models import ImmutableModel, SingletonModel
from shopfolio.core import page_cache
from shopfolio.core.demo import removal
from shopfolio.core.demo.removal import Plan, Row, Stored, in_batches
from shopfolio.core.models import DemoRow
from shopfolio.ecommerce.models import (
    Cart,
    CartLine,
    Entitlement,
    Invoice,
    InvoiceLine,
    InvoicePDF,
    InvoiceSeries,
    Order,
    OrderEvent,
    OrderLine,
    Product,
    ProductFile,
    ProductImage,
    Refund,
    StockMovement,
    StripeEvent,
    StripeSession,
    Variant,
)
from shopfolio.ecommerce.models.settings import forget_shop_settings
from shopfolio.tasks.models import Email, Job

PARTS_OF_A_SALE: dict[Any, str] = {
    InvoicePDF: "invoice", InvoiceLine: "invoice", Refund: "order", Invoice: "order", Entitlement: "order",
    StripeSession: "order", OrderEvent: "order", OrderLine: "order",
}  # fmt: skip
removal.PARTS |= {model: (column,) for model, column in PARTS_OF_A_SALE.items()}
removal.PARTS |= {
    StockMovement: ("order", "variant"), ProductImage: ("product",), ProductFile: ("product",),
    Variant: ("product",),
}  # fmt: skip
removal.EPHEMERAL.add(CartLine)
FIRST = [
    InvoicePDF, InvoiceLine, Refund, Invoice, Entitlement, StockMovement, StripeSession, Order, Cart,
    ProductFile, ProductImage, Variant, Product,
]  # fmt: skip
"""What refers goes before what it refers to; the rest, in whatever order, after these."""


@dataclass(frozen=True)
class Stay:
    what: str
    why: str


@dataclass(frozen=True)
class Report:
    """gone: how many of which kind, by name. stays: one for each row that a person would call one."""

    gone: list[tuple[str, int]]
    stays: list[Stay]
    own_columns: list[str]

    @property
    def is_empty(self) -> bool:
        return not self.gone and not self.stays


def trial_orders() -> models.QuerySet[Order]:
    """Somebody's own orders that were paid with a test card, if at all: no money moved."""
    elsewhere = StripeSession.objects.exclude(session_id=None).exclude(session_id__startswith="cs_test_")
    made = DemoRow.objects.filter(model=Order._meta.label_lower).values("row")
    tried = Order.objects.filter(sessions__session_id__startswith="cs_test_").exclude(pk__in=made)
    return tried.exclude(pk__in=elsewhere.values("order")).distinct()


def plan_removal(*, trials: bool = False) -> Plan:
    """trials: take the owner's own trial orders as the demo's."""
    plan = removal.marked(as_records={Order, Cart})
    if trials:
        plan.add(Order, trial_orders().values_list("pk", flat=True))
    add_parts_of_sales(plan)
    removal.settle(plan, also=hold_numbered)
    return plan


def marked_rows() -> int:
    return DemoRow.objects.count()


def add_parts_of_sales(plan: Plan) -> None:
    for model, column in reversed([*PARTS_OF_A_SALE.items(), (StockMovement, "order")]):
        owner = model._meta.get_field(column).related_model
        for keys in in_batches(plan.go.get(owner, ())):
            found = model._base_manager.filter(**{f"{column}__in": keys})
            plan.add(model, found.values_list("pk", flat=True))


def hold_numbered(plan: Plan) -> bool:
    """Documents stay where one of their series stays, or its numbers would have a gap."""
    held = False
    documents = Invoice.objects.order_by("sequence").values_list("pk", "series", "order")
    staying = {series: pk for pk, series, _order in documents if pk not in plan.go.get(Invoice, ())}
    for pk, series, order in documents:
        if series in staying and plan.goes(Row(Invoice, pk)):
            held |= plan.hold(Row(Order, order), by=Row(Invoice, staying[series]))
    return held


def remove_demo(*, trials: bool = False) -> Report:
    """Safe to call again. trials: also the owner's own trial orders."""
    with transaction.atomic():
        lock(trials=trials)
        plan = plan_removal(trials=trials)
        pictures, own_columns = removal.take_back_profile()
        report = Report(count(plan), stays(plan), own_columns)
        files = take_away(plan) | pictures
        settle_marks(plan)
        page_cache.bump()
    forget_shop_settings()
    for storage, name in removal.unused(files):
        storage.delete(name)
    removal.remove_shipped_pictures()
    return report


def lock(*, trials: bool) -> None:
    """In the order of whoever sells: orders, variants, then the counters of documents."""
    made = DemoRow.objects.filter(model=Order._meta.label_lower).values("row")
    mine = Q(pk__in=made) | (Q(pk__in=trial_orders().values("pk")) if trials else Q())
    for rows in (Order.objects.filter(mine), Variant.objects.all(), InvoiceSeries.objects.all()):
        list(rows.select_for_update().order_by("pk").values_list("pk"))


def take_away(plan: Plan) -> set[Stored]:
    """Delete the rows, and what else knows of them; their files, which are deleted later."""
    files = {file for model, keys in plan.go.items() for file in removal.files_of(model, keys)}
    words = words_of_sales(plan)
    put_figures_right(plan)
    for model in [*FIRST, *(model for model in plan.go if model not in FIRST)]:
        for batch in in_batches(plan.go.get(model, ())):
            delete(model, batch)
    without_documents = Q(last_number__gt=0) & ~models.Exists(
        Invoice.objects.filter(series=models.OuterRef("pk"))
    )
    InvoiceSeries.objects.filter(without_documents).delete()
    forget(words)
    return files


def delete(model: Any, keys: list[UUID]) -> None:
    if issubclass(model, ImmutableModel):  # a sale that never was has no documents to keep
        rows: Any = models.QuerySet(model).filter(pk__in=keys)
        rows._raw_delete(rows.db)
    else:
        model._default_manager.filter(pk__in=keys).delete()


def put_figures_right(plan: Plan) -> None:
    """Where a variant stays, its figure stays what its ledger says."""
    moved: dict[UUID, int] = defaultdict(int)
    for keys in in_batches(plan.go.get(StockMovement, ())):
        rows = StockMovement.objects.filter(pk__in=keys).values_list("variant", "kind", "quantity")
        for variant, kind, quantity in rows:
            moved[variant] += StockMovement.ON_SHELF[StockMovement.Kind(kind)] * quantity
    for variant, pieces in sorted(moved.items()):
        if pieces and not plan.goes(Row(Variant, variant)):
            Variant.objects.filter(pk=variant).update(available=F("available") - pieces)


def words_of_sales(plan: Plan) -> set[str]:
    """By what jobs, mails and Stripe's messages name what goes."""
    words = {str(pk) for keys in plan.go.values() for pk in keys}
    for keys in in_batches(plan.go.get(StripeSession, ())):
        for row in StripeSession.objects.filter(pk__in=keys).values_list("session_id", "payment_intent"):
            words |= {word for word in row if word}
    return words


def forget(words: set[str]) -> None:
    """Work that waits for what is gone, what was mailed about it, and what Stripe told."""
    mails = [pk for pk, key in Email.objects.values_list("pk", "key") if key[-36:] in words]
    words = words | {str(pk) for pk in mails}
    jobs = Job.objects.exclude(args={}).values_list("pk", "args")
    about = [pk for pk, args in jobs if not words.isdisjoint(map(str, args.values()))]
    events = [
        event.pk
        for event in StripeEvent.objects.iterator()
        if event.session_id in words or event.payment_intent in words
    ]
    for model, keys in ((Job, about), (Email, mails), (StripeEvent, events)):
        for batch in in_batches(keys):
            model._default_manager.filter(pk__in=batch).delete()


def settle_marks(plan: Plan) -> None:
    """What was changed is the owner's from now on. What something holds may go once that is gone."""
    held = {(row.model._meta.label_lower, row.pk) for row in plan.held}
    marks = DemoRow.objects.values_list("pk", "model", "row")
    over = [pk for pk, model, row in marks if (model, row) not in held]
    for batch in in_batches(over):
        DemoRow.objects.filter(pk__in=batch).delete()
    DemoRow.objects.filter(is_held=False).update(is_held=True)


def count(plan: Plan) -> list[tuple[str, int]]:
    """What goes, without the parts that go along."""
    found: Counter[str] = Counter()
    for model, keys in plan.go.items():
        if keys and (model is Invoice or model not in {Cart, *removal.PARTS}):
            names = model._meta.verbose_name if len(keys) == 1 else model._meta.verbose_name_plural
            found[str(names)] += len(keys)
    return sorted(found.items())


def stays(plan: Plan) -> list[Stay]:
    found = {removal.whole_of(row): _("You have changed it since.") for row in plan.changed}
    for row in plan.held:
        whole = removal.whole_of(row)
        if whole == row and row not in found:
            found[row] = why(plan, row)
    return sorted((Stay(name(row), reason) for row, reason in found.items()), key=lambda stay: stay.what)


def why(plan: Plan, row: Row) -> str:
    cause = plan.because_of(row)
    if cause == row:
        return _("You have added to it since.")
    document = plan.held[row]
    if row.model is Order and document.model is Invoice:
        number: str = Invoice.objects.get(pk=document.pk).number
        return _("%(number)s was issued in the same series, whose numbers must have no gap.") % {
            "number": number
        }
    return _("%(what)s refers to it.") % {"what": name(cause)}


def name(row: Row) -> str:
    found = row.model._base_manager.get(pk=row.pk)
    kind = capfirst(str(row.model._meta.verbose_name))
    return kind if isinstance(found, SingletonModel) else f"{kind} “{found}”"
