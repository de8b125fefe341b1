"""Stripe, the buyer and our own jobs tell of one payment at once: the books end as Stripe's are."""

import threading
from collections import Counter

import pytest
import requests

from shopfolio.ecommerce.models import Invoice, Order, StockMovement, StripeEvent, StripeSession
from shopfolio.ecommerce.tasks import follow_attempt
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import run_due_jobs, run_job
from tests.counts import count
from tests.factories import make_product, make_shop, make_variant
from tests.processes import wait_for
from tests.race.results import told
from tests.race.threads import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]

PRICE, SHELF = 14_000, 100
WAVE = 40
"""Doors at once, four for each payment; two of them take a connection each, of PostgreSQL's hundred."""


@pytest.fixture
def variant():
    make_shop(shipping_price=0)
    return make_variant(make_product("Tide Table"), available=SHELF, price=PRICE)


@pytest.fixture
def buyers(shop, variant):
    """Each has a page at Stripe open."""
    browsers = shop.browsers_at_the_checkout(count(5, 40), variant)
    outcomes = all_at_once(len(browsers), lambda index: shop.press_pay(browsers[index], PRICE))
    assert outcomes == {"sent to Stripe": len(browsers)}
    return browsers


def batched(acts, number):
    return [acts[start : start + number] for start in range(0, len(acts), number)]


def at(acts):
    return lambda index: acts[index]()


def event_arrived(session_id):
    return StripeEvent.objects.filter(session_id=session_id).exists()


def assert_books_are_stripes(shop, variant):
    """Sales, invoices and shelf follow from what Stripe says of every session."""
    ours = {row.session_id: row for row in StripeSession.objects.select_related("order")}
    theirs = shop.sessions()
    assert ours.keys() == theirs.keys()
    expected = {"complete": ("paid", "paid", 1), "expired": ("expired", "expired", 0),
                "open": ("open", "awaiting_payment", 0)}  # fmt: skip
    for session_id, status in theirs.items():
        attempt = ours[session_id]
        found = (attempt.status, attempt.order.status, attempt.order.invoices.count())
        assert found == expected[status], attempt.last_error
    gone = sum(
        line.quantity
        for attempt in ours.values()
        if attempt.order.status != "expired"
        for line in attempt.order.lines.all()
    )
    variant.refresh_from_db()
    assert variant.available == StockMovement.shelf_by_ledger(variant.pk) == SHELF - gone
    numbers = list(Invoice.objects.order_by("sequence").values_list("sequence", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_webhook_return_page_and_reconciler_at_once_are_one_sale(shop, variant, buyers, private_files):
    attempts = list(StripeSession.objects.all())
    back = [shop.simulator.pay(attempt.url).headers["Location"] for attempt in attempts]
    wait_for(lambda: all(event_arrived(attempt.session_id) for attempt in attempts))
    hints = [Job.objects.get(name="ecommerce.handle_event", args__event_pk=str(event.pk))
             for event in StripeEvent.objects.filter(type="checkout.session.completed")]  # fmt: skip
    acts = [
        act
        for number, attempt in enumerate(attempts)
        for act in (
            lambda number=number: requests.get(back[number], allow_redirects=False, timeout=60).status_code,
            lambda number=number: requests.get(back[number], allow_redirects=False, timeout=60).status_code,
            lambda number=number: run_job(hints[number].pk) and "handled",
            lambda attempt=attempt: follow_attempt(attempt_id=str(attempt.pk)) or "asked",
        )
    ]

    with told(f"{len(attempts)} payments, each by two return pages, webhook and reconciler") as row:
        row.outcome = sum((all_at_once(len(wave), at(wave)) for wave in batched(acts, WAVE)), Counter())

    assert row.outcome == {"303": 2 * len(attempts), "handled": len(attempts), "asked": len(attempts)}
    assert_books_are_stripes(shop, variant)
    assert StockMovement.objects.filter(kind="sold").count() == len(attempts)
    shop.assert_nothing_went_wrong()


def test_paid_in_the_moment_that_it_expires_is_paid_or_expired(shop, variant, buyers, private_files):
    attempts = list(StripeSession.objects.all())
    expire = shop.simulator.client.v1.checkout.sessions.expire
    acts = [
        act
        for attempt in attempts
        for act in (
            lambda attempt=attempt: shop.simulator.pay(attempt.url).status_code,
            lambda attempt=attempt: expire(attempt.session_id).status,
        )
    ]

    with told(f"{len(attempts)} sessions, paid and expired at once") as row:
        all_at_once(len(acts), lambda index: acts[index]())
        wait_for(lambda: all(event_arrived(attempt.session_id) for attempt in attempts))
        run_due_jobs()
        row.outcome = Counter(Order.objects.values_list("status", flat=True))

    assert row.outcome.total() == len(attempts)
    assert_books_are_stripes(shop, variant)
    shop.assert_nothing_went_wrong()


def test_paid_while_another_window_changes_the_cart_is_never_asked_for_twice(
    shop, variant, buyers, private_files
):
    """Posting a changed cart closes the old page at Stripe; the money may have come by then."""
    attempts = list(StripeSession.objects.all())
    for buyer in buyers:
        assert buyer.add(variant.product).status_code == 303

    # A payment a post, spread over the time that the posts take.
    turn = threading.Semaphore(2)

    def pay_or_post(index):
        if index % 2:
            turn.acquire()
            return f"paid {shop.simulator.pay(attempts[index // 2].url).status_code}"
        posted = buyers[index // 2].pay(2 * PRICE).status_code
        turn.release()
        return f"posted {posted}"

    with told(f"{len(buyers)} pages, paid while a changed cart is posted") as row:
        posted = all_at_once(2 * len(buyers), pay_or_post)
        wait_for(lambda: all(event_arrived(attempt.session_id) for attempt in attempts))
        run_due_jobs()
        row.outcome = Counter(Order.objects.values_list("status", flat=True))

    assert posted["posted 303"] == posted["paid 303"] + posted["paid 410"] == len(buyers), posted
    assert_books_are_stripes(shop, variant)
    shop.assert_nothing_went_wrong()
