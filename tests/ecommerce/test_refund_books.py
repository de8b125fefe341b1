"""Any sequence of refunds, by whichever door, stopped anywhere: the books agree with Stripe's."""

from contextlib import contextmanager, suppress

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shopfolio.ecommerce.exceptions import CannotRefund, PaymentUnavailable, RefundRefused
from shopfolio.ecommerce.models import Invoice, InvoiceSeries, Order, Refund, StockMovement
from shopfolio.ecommerce.services import refund_settlement
from shopfolio.ecommerce.services.printing import tax_groups
from shopfolio.ecommerce.services.refund_settlement import make_refund, settle_refunds
from shopfolio.ecommerce.services.refunds import refund_order, try_again
from shopfolio.ecommerce.tasks import reconcile
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import run_due_jobs
from tests.counts import count
from tests.factories import make_paid_order, make_product, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

AMOUNTS = st.integers(1, 16_000)
BEGINS = st.sampled_from(["succeeded", "pending"])
STEPS = st.one_of(
    st.tuples(st.just("ask for"), AMOUNTS, BEGINS, st.booleans()),
    st.tuples(st.just("ask for the rest"), BEGINS),
    st.tuples(st.just("dashboard"), AMOUNTS, BEGINS),
    st.tuples(st.just("decide"), st.integers(0, 9), st.sampled_from(["succeeded", "failed", "canceled"])),
    st.tuples(st.just("hear"), st.booleans()),
    st.tuples(st.just("work")),
    st.tuples(st.just("try again"), st.integers(0, 9)),
)
"""What people, banks and jobs may do, in any order. `hear`: of what is so, or was before the last step."""


class Story:
    def __init__(self, stripe, order):
        self.stripe, self.order = stripe, order
        self.intent = order.find_payment().payment_intent
        self.earlier = []

    def play(self, step):
        name, *rest = step
        before = self.stripe.retrieve_refunds(self.intent)
        with suppress(CannotRefund, RefundRefused):
            getattr(self, name.replace(" ", "_"))(*rest)
        self.earlier = before

    def ask_for(self, amount, begins, restock):
        self.stripe.begins = begins
        refund_order(self.order, amount=amount, restock=restock)

    def ask_for_the_rest(self, begins):
        self.stripe.begins = begins
        refund_order(self.order)

    def dashboard(self, amount, begins):
        self.stripe.give_back(self.intent, amount, begins)

    def decide(self, which, status):
        """Stripe's own rules: what has failed stays so, and what has succeeded can only fail."""
        open_still = [
            each for each in self.stripe.refunds.values() if each.status in {"pending", "succeeded"}
        ]
        if open_still:
            self.stripe.decide(open_still[which % len(open_still)].id, status)

    def hear(self, earlier):
        states = self.earlier if earlier else self.stripe.retrieve_refunds(self.intent)
        refund_settlement.record_refunds(self.order.find_payment(), states)

    def work(self):
        for refund_id in Refund.objects.filter(status="created").values_list("pk", flat=True):
            make_refund(refund_id)

    def try_again(self, which):
        failed = list(Refund.objects.filter(status="failed", dealt_with_at=None).order_by("created"))
        if failed:
            try_again(failed[which % len(failed)])


def check(order):
    """What holds at any moment, whatever is under way."""
    order = Order.objects.get(pk=order.pk)
    refunds = Refund.objects.filter(order=order)
    gone = sum(refund.amount for refund in refunds if refund.status == "succeeded")
    assert 0 <= order.amount_refunded == gone <= order.amount_paid == 14_930
    expected = "paid" if not gone else "refunded" if gone == order.amount_paid else "partially_refunded"
    assert order.status == expected
    documents = list(Invoice.objects.filter(order=order).exclude(kind="invoice"))
    assert sum(document.total for document in documents) == -gone
    assert sorted(document.sequence for document in documents) == list(range(1, len(documents) + 1))
    counters = InvoiceSeries.objects.filter(code__startswith="CN-")
    assert sum(counter.last_number for counter in counters) == len(documents)
    check_documents(order)
    for variant_id in {movement.variant_id for movement in order.movements.all()}:
        variant = order.movements.filter(variant_id=variant_id).first().variant
        assert StockMovement.shelf_by_ledger(variant_id) == variant.available


def check_documents(order):
    """Each adds up, and no tax rate is ever given back more than it was asked for."""
    lines = []
    for document in order.invoices.order_by("created"):
        own = list(document.lines.all())
        assert sum(line.net for line in own) == document.net
        assert sum(line.tax for line in own) == document.tax
        assert sum(line.total for line in own) == document.total
        lines += own
    for group in tax_groups(lines):
        assert group.net >= 0
        assert group.tax >= 0
    if order.status == "refunded":
        assert [(group.net, group.tax) for group in tax_groups(lines)] == [(0, 0)] * 3


@pytest.fixture
def order(stripe):
    """149.30 at three tax rates, with amounts that no share divides evenly."""
    book = make_variant(make_product(tax_rate=600), price=333, available=9)
    free = make_variant(make_product(tax_rate=0), price=597, available=9)
    return make_paid_order((make_variant(price=13_400, available=9), 1), (book, 1), (free, 1))


@contextmanager
def undone():
    """One order and one database serve all examples."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@settings(
    max_examples=count(30, 1000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEPS, min_size=1, max_size=10))
def test_in_whatever_order_refunds_come_the_books_add_up(stripe, order, steps):
    stripe.refunds.clear()
    story = Story(stripe, order)

    with undone():
        for step in steps:
            story.play(step)
            check(order)
        story.work()
        settle_refunds(story.intent)

        check(order)
        assert Order.objects.get(pk=order.pk).amount_refunded == stripe.gone(story.intent, "succeeded")
        known = dict(Refund.objects.exclude(refund_id=None).values_list("refund_id", "amount"))
        assert known == {each.id: each.amount for each in stripe.retrieve_refunds(story.intent)}


class Stopped(Exception):
    """The machine stops here."""


def stop(*args, **kwargs):
    raise Stopped


PLACES = {
    "before Stripe is asked what there is": (refund_settlement, "settle_refunds"),
    "before Stripe is asked for it": (refund_settlement, "ask_for"),
    "after Stripe has done it": (refund_settlement, "record_refunds"),
    "while the books are balanced": (refund_settlement, "balance"),
    "before the credit note": (refund_settlement, "issue_credit_note"),
    "before the mail is promised": (refund_settlement, "enqueue"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("finishes", ["the job", "the nightly run"])
def test_stopped_anywhere_it_is_finished_later(stripe, order, monkeypatch, place, finishes):
    refund = refund_order(order, restock=True)
    module, name = PLACES[place]
    with monkeypatch.context() as patch:
        patch.setattr(module, name, stop)
        with pytest.raises(Stopped):
            make_refund(refund.pk)
    check(order)
    assert Refund.objects.get().status == "created"

    if finishes == "the nightly run":
        Job.objects.filter(name="ecommerce.make_refund").delete()
        Refund.objects.update(created=order.created.replace(year=2020))
        reconcile()
    run_due_jobs()

    check(order)
    assert stripe.gone(order.find_payment().payment_intent) == 14_930
    assert Order.objects.get(pk=order.pk).status == "refunded"
    assert Refund.objects.get().credit_note.total == -14_930
    assert order.movements.filter(kind="returned").count() == 3
    assert Job.objects.filter(name="ecommerce.deliver_refund", status="done").count() == 1


def test_stripe_is_away_between_any_two_steps(stripe, order):
    refund = refund_order(order)
    stripe.is_away = True
    for ask in (lambda: make_refund(refund.pk), lambda: settle_refunds(refund.session.payment_intent)):
        with pytest.raises(PaymentUnavailable):
            ask()
        check(order)
    stripe.is_away = False

    make_refund(refund.pk)

    check(order)
    assert Order.objects.get(pk=order.pk).status == "refunded"
