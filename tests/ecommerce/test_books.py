"""Whatever happens in whatever order, the ledger is the shelf, and the books end as Stripe's are."""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shopfolio.ecommerce.exceptions import SoldOut
from shopfolio.ecommerce.gateway import SessionState
from shopfolio.ecommerce.models import Invoice, Order, StockMovement, StripeSession, Variant
from shopfolio.ecommerce.services import payment, stock
from shopfolio.ecommerce.services.stocktaking import take_stock
from tests.counts import count
from tests.ecommerce.stripe_states import has_expired, has_failed, is_on_its_way, is_open, is_paid
from tests.factories import make_shop, make_variant, make_waiting_order

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

WHICH = st.integers(0, 1)
PIECES = st.integers(0, 3)
ANSWERS = {
    "open": is_open, "processing": is_on_its_way, "paid": is_paid, "failed": has_failed,
    "expired": has_expired,
}  # fmt: skip
NEXT = {"open": ["processing", "paid", "expired"], "processing": ["paid", "failed"]}
ORDER_IS = {"open": "awaiting_payment"}
"""What the order is when the session is what Stripe says; the same word where none is named."""
OFF_THE_SHELF = {*Order.HOLDS_STOCK, Order.Status.PAID}


@dataclass
class Session:
    """Stripe's side of an order: what it is, and everything that it ever answered."""

    attempt: StripeSession
    pieces: tuple[int, int]
    status: str = "open"
    answers: list[SessionState] = field(default_factory=list)

    def becomes(self, status: str) -> None:
        self.status = status
        self.answers.append(ANSWERS[status](self.attempt))


class Books(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        make_shop()
        self.variants = [make_variant(available=4), make_variant(available=2)]
        self.owned = [4, 2]
        """Pieces that came in, less those that were counted away: on the shelf, or with an order."""
        self.sessions: list[Session] = []
        self.invoices_before = Invoice.objects.count()

    def shelf(self) -> list[int]:
        return [Variant.objects.get(pk=variant.pk).available or 0 for variant in self.variants]

    @rule(which=WHICH, quantity=st.integers(1, 3))
    def receive(self, which: int, quantity: int) -> None:
        stock.receive(self.variants[which].pk, quantity)
        self.owned[which] += quantity

    @rule(which=WHICH, quantity=st.integers(-3, 3))
    def correct(self, which: int, quantity: int) -> None:
        if self.shelf()[which] + quantity < 0:
            with pytest.raises(SoldOut):
                stock.correct(self.variants[which].pk, quantity)
        else:
            stock.correct(self.variants[which].pk, quantity)
            self.owned[which] += quantity

    @rule(which=WHICH, counted=st.integers(0, 5))
    def take_stock(self, which: int, counted: int) -> None:
        shown = self.shelf()[which]
        take_stock(self.variants[which].pk, shown=shown, counted=counted)
        self.owned[which] += counted - shown

    @rule(pieces=st.tuples(PIECES, PIECES).filter(any))
    def order(self, pieces: tuple[int, int]) -> None:
        wanted = [(variant, n) for variant, n in zip(self.variants, pieces, strict=True) if n]
        if any(n > left for n, left in zip(pieces, self.shelf(), strict=True)):
            with pytest.raises(SoldOut):
                make_waiting_order(*wanted)
            return
        session = Session(make_waiting_order(*wanted).sessions.get(), pieces)
        session.becomes("open")
        self.sessions.append(session)

    @precondition(lambda self: any(session.status in NEXT for session in self.sessions))
    @rule(choice=st.data())
    def something_happens_at_stripe(self, choice: st.DataObject) -> None:
        undecided = [session for session in self.sessions if session.status in NEXT]
        session = choice.draw(st.sampled_from(undecided))
        session.becomes(choice.draw(st.sampled_from(NEXT[session.status])))

    @precondition(lambda self: self.sessions)
    @rule(choice=st.data())
    def an_answer_arrives(self, choice: st.DataObject) -> None:
        """Any that was ever given: late, again, or before an older one."""
        session = choice.draw(st.sampled_from(self.sessions))
        payment.record(choice.draw(st.sampled_from(session.answers)))

    @invariant()
    def the_ledger_is_the_shelf(self) -> None:
        for which, (variant, left) in enumerate(zip(self.variants, self.shelf(), strict=True)):
            away = sum(s.pieces[which] for s in self.sessions if self.order_of(s).status in OFF_THE_SHELF)
            assert left == StockMovement.shelf_by_ledger(variant.pk) == self.owned[which] - away >= 0

    @invariant()
    def invoices_have_no_gap(self) -> None:
        numbers = list(Invoice.objects.order_by("sequence").values_list("sequence", flat=True))
        paid = [session for session in self.sessions if self.order_of(session).paid_at]
        assert numbers == list(range(1, self.invoices_before + len(paid) + 1))

    def order_of(self, session: Session) -> Order:
        return Order.objects.get(pk=session.attempt.order_id)

    def teardown(self) -> None:
        """In the end everything that Stripe has to say is heard."""
        for session in self.sessions:
            payment.record(session.answers[-1])
            order = self.order_of(session)
            assert order.status == ORDER_IS.get(session.status, session.status)
            assert order.sessions.get().status == session.status
            assert order.invoices.count() == (1 if session.status == "paid" else 0)
        self.the_ledger_is_the_shelf()


def test_stock_and_orders_keep_their_books_whatever_happens():
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=count(15, 150),
            stateful_step_count=count(15, 40),
            deadline=None,
            phases=[Phase.reuse, Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
