import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.models import (
    Entitlement,
    Invoice,
    Order,
    OrderEvent,
    StockMovement,
    StripeSession,
    Variant,
)
from shopfolio.ecommerce.services import payment
from shopfolio.ecommerce.services.checkout import place_order
from shopfolio.ecommerce.services.pricing import price_cart
from shopfolio.tasks.models import Job
from tests.ecommerce.refund_states import paid_twice
from tests.ecommerce.stripe_states import has_expired, has_failed, is_on_its_way, is_open, is_paid
from tests.factories import make_buyer, make_cart, make_owner, make_shop, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture
def variant():
    make_shop()
    return make_variant(available=5)


def place(variant, quantity=2, **buyer):
    cart = make_cart((variant, quantity))
    return place_order(cart, buyer=make_buyer(**buyer), shown_total=price_cart(cart).total)


@pytest.fixture
def attempt(variant):
    attempt = place(variant).sessions.get()
    payment.record(is_open(attempt))
    return attempt


def story(order):
    return list(order.events.order_by("created").values_list("to_status", flat=True))


def shelf(variant):
    return Variant.objects.get(pk=variant.pk).available


def test_an_open_session_offers_the_order_for_payment(attempt):
    attempt.refresh_from_db()

    assert (attempt.status, attempt.url) == ("open", f"https://checkout.stripe.com/c/pay/{attempt.pk.hex}")
    assert story(attempt.order) == ["draft", "awaiting_payment"]


def test_a_paid_session_makes_a_sale_with_everything_that_follows(attempt, variant):
    order = payment.record(is_paid(attempt))

    assert story(order) == ["draft", "awaiting_payment", "paid"]
    assert (order.amount_paid, order.total) == (28_600, 28_600)
    invoice = Invoice.objects.get()
    assert (invoice.order, invoice.total, invoice.last4) == (order, 28_600, "4242")
    assert list(variant.movements.order_by("created").values_list("kind", flat=True)) == [
        "received",
        "reserved",
        "sold",
    ]
    assert shelf(variant) == 3
    assert order.cart.lines.count() == 0
    assert Job.objects.filter(name="ecommerce.deliver_invoice", key=invoice.number).count() == 1


def test_the_same_answer_twenty_times_is_one_sale(attempt, variant):
    for _ in range(20):
        order = payment.record(is_paid(attempt))

    assert story(order) == ["draft", "awaiting_payment", "paid"]
    assert Invoice.objects.count() == 1
    assert StockMovement.objects.filter(kind="sold").count() == 1
    assert shelf(variant) == 3


def test_stripe_may_be_quicker_than_our_own_second_transaction(variant):
    attempt = place(variant).sessions.get()

    order = payment.record(is_paid(attempt))

    attempt.refresh_from_db()
    assert order.status == Order.Status.PAID
    assert (attempt.status, attempt.session_id) == ("paid", f"cs_test_{attempt.pk.hex}")


def test_what_was_put_into_the_cart_since_stays_there(attempt, variant):
    line = attempt.order.cart.lines.get()
    line.quantity = 5
    line.save()

    payment.record(is_paid(attempt))

    line.refresh_from_db()
    assert line.quantity == 3


def test_goods_go_back_once_stripe_says_expired(attempt, variant):
    for _ in range(2):
        order = payment.record(has_expired(attempt))

    assert order.status == Order.Status.EXPIRED
    assert shelf(variant) == 5
    assert StockMovement.objects.filter(kind="released").count() == 1
    assert not Invoice.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"amount": 1}, "Stripe was paid 1 EUR, the order is 28600 EUR"),
        ({"currency": "USD"}, "Stripe was paid 28600 USD, the order is 28600 EUR"),
        ({"reference": "somebody-else"}, "names another order: somebody-else"),
    ],
)
def test_any_difference_is_put_before_the_owners_eyes(attempt, variant, wrong, why):
    order = payment.record(is_paid(attempt, **wrong))

    assert order.status == Order.Status.REVIEW
    assert why in order.events.last().why
    assert not Invoice.objects.exists()
    assert shelf(variant) == 3


def test_a_live_payment_never_counts_for_a_test_shop(attempt):
    assert payment.record(is_paid(attempt, livemode=True)) is None

    attempt.order.refresh_from_db()
    assert attempt.order.status == Order.Status.AWAITING_PAYMENT


def test_a_session_of_somebody_else_is_nothing_to_us(variant):
    attempt = place(variant).sessions.get()

    assert payment.record(is_paid(attempt, id="cs_test_other", metadata={})) is None
    assert not Invoice.objects.exists()


def test_delayed_money_keeps_the_goods_until_it_comes(attempt, variant):
    order = payment.record(is_on_its_way(attempt))
    assert (order.status, shelf(variant)) == (Order.Status.PROCESSING, 3)

    order = payment.record(is_paid(attempt))

    assert story(order) == ["draft", "awaiting_payment", "processing", "paid"]
    assert Invoice.objects.count() == 1


def test_delayed_money_that_does_not_come_gives_the_goods_back(attempt, variant):
    payment.record(is_on_its_way(attempt))

    for _ in range(2):
        order = payment.record(has_failed(attempt))

    assert order.status == Order.Status.FAILED
    assert shelf(variant) == 5
    assert StockMovement.objects.filter(kind="released").count() == 1


def test_late_money_takes_the_goods_again_while_they_are_there(attempt, variant):
    payment.record(has_expired(attempt))

    order = payment.record(is_paid(attempt))

    assert order.status == Order.Status.PAID
    assert shelf(variant) == 3
    assert StockMovement.shelf_by_ledger(variant.pk) == 3
    assert Invoice.objects.count() == 1


def test_late_money_for_goods_that_are_gone_asks_the_owner(attempt, variant):
    payment.record(has_expired(attempt))
    place(variant, 5, email="quicker@example.org")

    order = payment.record(is_paid(attempt))

    assert order.status == Order.Status.REVIEW
    assert order.events.last().why.startswith("Paid after it was expired.")
    assert shelf(variant) == 0
    assert not Invoice.objects.exists()


def test_a_second_payment_of_a_paid_order_is_noted_and_sells_nothing(attempt, variant):
    order = payment.record(is_paid(attempt))
    second = StripeSession.objects.create(
        order=order, number=2, amount=order.total, currency="EUR", idempotency_key="co:second", request={},
        expires_at=attempt.expires_at,
    )  # fmt: skip

    assert paid_twice() == []

    payment.record(is_paid(second))

    assert OrderEvent.objects.last().why == (
        f"Paid a second time: cs_test_{second.pk.hex}. €286.00 goes back by itself."
    )
    assert paid_twice() == [order]
    assert Invoice.objects.count() == 1
    assert shelf(variant) == 3


@pytest.fixture
def stripe_says(monkeypatch):
    """Lets Stripe answer a question about any session with this."""

    def say(*states):
        answers = {state.id: state for state in states}
        monkeypatch.setattr(gateway, "retrieve_session", lambda session_id, **how: answers[session_id])

    return say


@pytest.fixture
def late_order(attempt, variant):
    """Paid after it had expired, when somebody else held all the pieces."""
    payment.record(has_expired(attempt))
    quicker = place(variant, 5, email="quicker@example.org")
    order = payment.record(is_paid(attempt))
    assert order.status == Order.Status.REVIEW
    payment.record(has_expired(is_offered(quicker)))
    return order


def is_offered(order):
    attempt = order.sessions.get()
    payment.record(is_open(attempt))
    return attempt


def test_asking_again_makes_a_sale_when_the_goods_have_come_back(late_order, attempt, variant, stripe_says):
    stripe_says(is_paid(attempt))
    owner = make_owner()

    for _ in range(2):
        order = payment.ask_again(late_order, by=owner)

    event = order.events.last()
    assert (order.status, event.to_status, event.by) == ("paid", "paid", owner)
    assert event.why == "Asked Stripe again: money and goods are there"
    assert shelf(variant) == StockMovement.shelf_by_ledger(variant.pk) == 3
    assert Invoice.objects.get().order == order


def test_asking_again_while_the_goods_are_gone_says_so_and_changes_nothing_else(
    late_order, attempt, variant, stripe_says
):
    stripe_says(is_paid(attempt))
    Variant.objects.update(available=1)

    order = payment.ask_again(late_order)

    assert order.status == Order.Status.REVIEW
    assert order.events.last().why.startswith("Asked Stripe again. Only 1 left")
    assert shelf(variant) == 1
    assert not Invoice.objects.exists()


def test_asking_again_never_sells_for_other_money(attempt, variant, stripe_says):
    order = payment.record(is_paid(attempt, amount=1))
    stripe_says(is_paid(attempt, amount=1))

    order = payment.ask_again(order)

    assert order.status == Order.Status.REVIEW
    assert order.events.last().why == "Stripe was paid 1 EUR, the order is 28600 EUR"
    assert shelf(variant) == 3


def test_pieces_that_are_still_held_are_not_taken_a_second_time(attempt, variant, stripe_says):
    """A review keeps the goods: what was wrong with the answer is put right, and they are sold once."""
    order = payment.record(is_paid(attempt, reference="somebody-else"))
    assert (order.status, shelf(variant)) == (Order.Status.REVIEW, 3)
    stripe_says(is_paid(attempt))

    order = payment.ask_again(order)

    assert order.status == Order.Status.PAID
    assert shelf(variant) == StockMovement.shelf_by_ledger(variant.pk) == 3


def test_asking_again_moves_any_order_to_where_stripe_is(attempt, variant, stripe_says):
    stripe_says(has_expired(attempt))

    order = payment.ask_again(attempt.order)

    assert (order.status, shelf(variant)) == (Order.Status.EXPIRED, 5)


def test_an_order_that_was_never_offered_is_not_asked_for(variant, monkeypatch):
    order = place(variant)
    monkeypatch.setattr(gateway, "retrieve_session", lambda *args, **how: pytest.fail("asked"))

    assert payment.ask_again(order).status == Order.Status.DRAFT


def test_downloads_are_granted_with_the_payment():
    make_shop()
    variant = make_variant(kind=Variant.Kind.DIGITAL, available=None)
    attempt = place(variant).sessions.get()

    order = payment.record(is_paid(attempt))

    assert list(Entitlement.objects.values_list("order", "product", "status")) == [
        (order.pk, variant.product_id, "active")
    ]


ANSWERS = {
    "open": is_open,
    "paid": is_paid,
    "way": is_on_its_way,
    "failed": has_failed,
    "expired": has_expired,
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=st.lists(st.sampled_from(sorted(ANSWERS)), min_size=1, max_size=8))
def test_in_whatever_order_answers_come_the_books_add_up(variant, answers):
    before = shelf(variant)
    attempt = place(variant, 1, email="any@example.org").sessions.get()

    for answer in answers:
        order = payment.record(ANSWERS[answer](attempt))

    assert StockMovement.shelf_by_ledger(variant.pk) == shelf(variant)
    assert order.invoices.count() == (1 if "paid" in answers else 0)
    assert (order.status == Order.Status.PAID) == ("paid" in answers)
    holds = order.status in {*Order.HOLDS_STOCK, Order.Status.PAID}
    assert shelf(variant) == before - (1 if holds else 0)
    Variant.objects.filter(pk=variant.pk).update(available=before)
    StockMovement.objects.filter(order=order).delete()


def test_the_database_itself_refuses_a_second_open_order_of_a_cart(variant):
    order = place(variant)
    same = {
        "cart": order.cart,
        "email": "marta@example.org",
        "name": "Marta Reis",
        "currency": "EUR",
        "total": 1,
    }

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.create(**same)
    with pytest.raises(IntegrityError), transaction.atomic():
        StripeSession.objects.create(
            order=order, number=2, amount=1, currency="EUR", idempotency_key="co:second", request={},
            expires_at=timezone.now(),
        )  # fmt: skip

    Order.objects.create(**same, status=Order.Status.EXPIRED)
    assert Order.objects.count() == 2
