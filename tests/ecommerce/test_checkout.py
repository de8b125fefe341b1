from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from shopfolio.core.models import Profile
from shopfolio.core.services import forget_site
from shopfolio.ecommerce import gateway
from shopfolio.ecommerce.exceptions import PaymentUnavailable, PriceChanged, ShopError, SoldOut
from shopfolio.ecommerce.models import CartLine, Invoice, Order, StripeSession, Variant
from shopfolio.ecommerce.services import checkout, payment
from shopfolio.ecommerce.services.checkout import place_order, start_checkout
from shopfolio.ecommerce.services.pricing import price_cart
from shopfolio.ecommerce.tasks import NotExpiredYet, follow_attempt
from shopfolio.tasks.models import Job
from tests.ecommerce.stripe_states import is_on_its_way, is_paid
from tests.factories import make_buyer, make_cart, make_product, make_shop, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture
def stripe_api(simulator, settings):
    """Our gateway speaks to the simulator."""
    settings.STRIPE_SECRET_KEY = simulator.key
    settings.STRIPE_API_BASE = simulator.url
    gateway.client.cache_clear()
    yield simulator
    gateway.client.cache_clear()


@pytest.fixture
def unreachable_stripe(settings):
    settings.STRIPE_SECRET_KEY = "sk_test_simulator_nobody_listens"
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    gateway.client.cache_clear()
    yield
    gateway.client.cache_clear()


@pytest.fixture
def variant():
    make_shop()
    return make_variant(make_product("Tide Table"), title="50 × 70 cm", available=5)


@pytest.fixture
def cart(variant):
    return make_cart((variant, 2))


def check_out(cart, **buyer):
    return start_checkout(cart, buyer=make_buyer(**buyer), shown_total=price_cart(cart).total)


def sessions_at(stripe_api):
    return stripe_api.client.v1.checkout.sessions.list().data


def test_the_buyer_is_sent_to_a_page_that_asks_for_the_orders_total(stripe_api, cart):
    url = check_out(cart)

    order = Order.objects.get()
    attempt = order.sessions.get()
    [session] = sessions_at(stripe_api)
    assert url == session.url == attempt.url
    assert (order.status, attempt.status, attempt.session_id) == ("awaiting_payment", "open", session.id)
    assert (session.amount_total, session.currency, session.client_reference_id) == (
        28_600,
        "eur",
        str(order.pk),
    )
    assert session.metadata.to_dict() == {
        "order": str(order.pk),
        "number": order.number,
        "attempt": str(attempt.pk),
    }
    assert session.expires_at == int(attempt.expires_at.timestamp())
    lines = stripe_api.client.v1.checkout.sessions.line_items.list(session.id).data
    assert [(line.description, line.quantity, line.amount_total) for line in lines] == [
        ("Tide Table, 50 × 70 cm", 2, 28_000),
        ("Delivery", 1, 600),
    ]


def test_clicking_twice_leads_to_the_same_page(stripe_api, cart, variant):
    first, second = check_out(cart), check_out(cart)

    assert first == second
    assert len(sessions_at(stripe_api)) == 1
    assert Order.objects.count() == 1
    variant.refresh_from_db()
    assert variant.available == 3


def test_another_cart_means_another_order_and_the_old_page_is_closed(stripe_api, cart, variant):
    old_url = check_out(cart)
    CartLine.objects.update(quantity=3)

    new_url = check_out(cart)

    assert new_url != old_url
    assert [session.status for session in sessions_at(stripe_api)] == ["open", "expired"]
    assert list(Order.objects.order_by("created").values_list("status", flat=True)) == [
        "expired",
        "awaiting_payment",
    ]
    variant.refresh_from_db()
    assert variant.available == 2


def test_an_order_that_was_paid_meanwhile_is_shown_and_not_sold_again(stripe_api, cart, variant):
    stripe_api.pay(check_out(cart))
    CartLine.objects.update(quantity=3)

    url = check_out(cart)

    order = Order.objects.get()
    assert order.status == Order.Status.PAID
    assert url == order.get_absolute_url()
    assert Invoice.objects.count() == 1
    variant.refresh_from_db()
    assert variant.available == 3


def test_paying_and_asking_makes_the_sale(stripe_api, cart):
    stripe_api.pay(check_out(cart))
    attempt = StripeSession.objects.get()

    order = payment.settle(attempt.session_id)

    attempt.refresh_from_db()
    assert order.status == Order.Status.PAID
    assert (attempt.payment_method, attempt.card_brand, attempt.last4) == ("card", "visa", "4242")
    assert attempt.payment_intent.startswith("pi_")
    assert Invoice.objects.get().payment_intent == attempt.payment_intent


def test_a_declined_card_changes_nothing(stripe_api, cart):
    stripe_api.pay(check_out(cart), card="4000000000000002")

    order = payment.settle(StripeSession.objects.get().session_id)

    assert order.status == Order.Status.AWAITING_PAYMENT
    assert not Invoice.objects.exists()


def test_another_total_than_the_one_shown_reserves_nothing(cart, variant):
    shown = price_cart(cart).total
    Variant.objects.update(price=15_000)

    with pytest.raises(PriceChanged) as refusal:
        start_checkout(cart, buyer=make_buyer(), shown_total=shown)

    assert refusal.value.message == "A price has changed: the total is now €306.00."
    assert not Order.objects.exists()
    variant.refresh_from_db()
    assert variant.available == 5


def test_what_is_sold_out_cannot_be_ordered(cart):
    Variant.objects.update(available=1)

    with pytest.raises(SoldOut) as refusal:
        check_out(cart)

    assert refusal.value.message == "Tide Table, 50 × 70 cm: Only 1 left."
    assert not Order.objects.exists()


def test_an_empty_cart_cannot_be_ordered():
    make_shop()

    with pytest.raises(ShopError, match="Your cart is empty"):
        check_out(make_cart())


def test_less_than_stripe_takes_is_refused_before_anything_is_written(variant):
    cheap = make_variant(price=49, kind=Variant.Kind.DIGITAL, available=None)

    with pytest.raises(ShopError, match=r"€0\.49 is too little to be paid by card"):
        check_out(make_cart((cheap, 1)))

    assert not Order.objects.exists()


def test_what_costs_nothing_is_paid_at_once_without_stripe_or_invoice(variant):
    gift = make_variant(price=0, kind=Variant.Kind.DIGITAL, available=None)

    url = check_out(make_cart((gift, 1)))

    order = Order.objects.get()
    assert url == order.get_absolute_url()
    assert order.status == Order.Status.PAID
    assert order.entitlements.count() == 1
    assert not StripeSession.objects.exists()
    assert not Invoice.objects.exists()


def test_when_stripe_is_away_the_order_waits_and_the_next_try_goes_on_with_it(
    unreachable_stripe, cart, settings, simulator
):
    with pytest.raises(PaymentUnavailable):
        check_out(cart)
    waiting = StripeSession.objects.get()
    assert (waiting.status, waiting.order.status) == ("creating", "draft")

    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = simulator.key, simulator.url
    gateway.client.cache_clear()
    url = check_out(cart)

    attempt = StripeSession.objects.get()
    assert (attempt.pk, attempt.url, attempt.status) == (waiting.pk, url, "open")
    assert len(sessions_at(simulator)) == 1


def test_an_answer_that_got_lost_is_given_again(stripe_api, cart):
    order = place_order(cart, buyer=make_buyer(), shown_total=price_cart(cart).total)
    attempt = order.sessions.get()
    lost = gateway.create_session(attempt.request, idempotency_key=attempt.idempotency_key)

    follow_attempt(attempt_id=str(attempt.pk))

    attempt.refresh_from_db()
    assert (attempt.session_id, attempt.status) == (lost.id, "open")
    assert len(sessions_at(stripe_api)) == 1


def test_an_attempt_that_stripe_will_not_open_any_more_gives_its_goods_back(stripe_api, cart, variant):
    order = place_order(cart, buyer=make_buyer(), shown_total=price_cart(cart).total)
    stripe_api.clock.ahead = 10 * 60  # by now the session would live less than Stripe's 30 minutes

    follow_attempt(attempt_id=str(order.sessions.get().pk))

    order.refresh_from_db()
    assert (order.status, order.sessions.get().status) == ("cancelled", "abandoned")
    variant.refresh_from_db()
    assert variant.available == 5


def test_a_page_that_nobody_pays_gives_the_goods_back_when_stripe_says_so(stripe_api, cart, variant):
    check_out(cart)
    attempt = StripeSession.objects.get()
    stripe_api.clock.ahead = 36 * 60

    follow_attempt(attempt_id=str(attempt.pk))

    attempt.refresh_from_db()
    assert (attempt.status, attempt.order.status) == ("expired", "expired")
    variant.refresh_from_db()
    assert variant.available == 5


def test_our_own_clock_never_gives_goods_back(stripe_api, cart, variant):
    check_out(cart)
    attempt = StripeSession.objects.get()
    StripeSession.objects.update(expires_at=timezone.now() - timedelta(minutes=1))

    with pytest.raises(NotExpiredYet):
        follow_attempt(attempt_id=str(attempt.pk))

    variant.refresh_from_db()
    assert variant.available == 3


def test_an_attempt_is_asked_for_at_one_five_and_fifteen_minutes_and_at_its_end(cart):
    before = timezone.now()

    place_order(cart, buyer=make_buyer(), shown_total=price_cart(cart).total)

    waits = [
        round((job.due_at - before).total_seconds())
        for job in Job.objects.filter(name="ecommerce.follow_attempt").order_by("due_at")
    ]
    assert waits == [60, 300, 900, 2130]


def test_nobody_waits_for_stripe_with_a_transaction_open(stripe_api, cart):
    order = place_order(cart, buyer=make_buyer(), shown_total=price_cart(cart).total)

    with transaction.atomic(), pytest.raises(RuntimeError, match="a call to Stripe inside a transaction"):
        checkout.open_session(order.sessions.get())

    assert sessions_at(stripe_api) == []


def test_net_prices_reach_stripe_as_whole_lines(stripe_api, variant):
    make_shop(prices_include_tax=False, shipping_price=0)
    odd = make_variant(make_product("Postcard"), price=333, available=9)

    check_out(make_cart((odd, 3)))

    [session] = sessions_at(stripe_api)
    [line] = stripe_api.client.v1.checkout.sessions.line_items.list(session.id).data
    assert (line.description, line.quantity, line.amount_total) == ("3 × Postcard", 1, 1_229)
    assert Order.objects.get().total == 1_229


def test_a_payment_that_arrives_while_the_form_is_posted_again_is_not_asked_for_twice(
    cart, variant, monkeypatch
):
    """The webhook commits after the second click has begun: PostgreSQL shows it to the next statement."""
    order = place_order(cart, buyer=make_buyer(), shown_total=price_cart(cart).total)
    look_for_order, paid = checkout.find_open_order, is_paid(order.sessions.get())

    def pay_and_look(cart):
        payment.record(paid)
        return look_for_order(cart)

    monkeypatch.setattr(checkout, "find_open_order", pay_and_look)

    with pytest.raises(ShopError, match="Your cart is empty"):
        place_order(cart, buyer=make_buyer(), shown_total=order.total)

    assert Order.objects.get() == order
    variant.refresh_from_db()
    assert variant.available == 3


def test_money_on_its_way_when_the_page_is_over_is_not_asked_for_again(stripe_api, cart, monkeypatch):
    check_out(cart)
    attempt = StripeSession.objects.get()
    StripeSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    slow = is_on_its_way(attempt, id=attempt.session_id)
    monkeypatch.setattr(gateway, "retrieve_session", lambda *args, **kwargs: slow)

    url = check_out(cart)

    order = Order.objects.get()
    assert order.status == Order.Status.PROCESSING
    assert url == order.get_absolute_url()


def test_an_order_that_needs_a_look_is_shown_and_not_sold_again(stripe_api, cart, monkeypatch):
    check_out(cart)
    order = Order.objects.get()
    attempt = order.sessions.get()
    CartLine.objects.update(quantity=3)
    wrong = is_paid(attempt, id=attempt.session_id, amount=1)
    monkeypatch.setattr(gateway, "retrieve_session", lambda *args, **kwargs: wrong)

    url = check_out(cart)

    assert url == order.get_absolute_url()
    assert Order.objects.get().status == Order.Status.REVIEW


def test_the_same_cart_while_its_money_is_on_its_way_is_the_same_order(cart, variant):
    order = place_order(cart, buyer=make_buyer(), shown_total=price_cart(cart).total)
    payment.record(is_on_its_way(order.sessions.get()))

    url = check_out(cart)

    assert url == order.get_absolute_url()
    assert Order.objects.get().status == Order.Status.PROCESSING
    variant.refresh_from_db()
    assert variant.available == 3


def test_another_cart_while_money_is_on_its_way_is_an_order_of_its_own(stripe_api, cart):
    order = place_order(cart, buyer=make_buyer(), shown_total=price_cart(cart).total)
    payment.record(is_on_its_way(order.sessions.get()))
    CartLine.objects.update(quantity=1)

    check_out(cart)

    assert sorted(Order.objects.values_list("status", flat=True)) == ["awaiting_payment", "processing"]


def test_a_total_that_was_shown_before_the_price_rose_is_refused_also_beside_an_open_order(cart):
    shown = price_cart(cart).total
    Variant.objects.update(price=15_000)
    place_order(cart, buyer=make_buyer(), shown_total=price_cart(cart).total)

    with pytest.raises(PriceChanged):
        place_order(cart, buyer=make_buyer(), shown_total=shown)

    assert Order.objects.get().status == Order.Status.DRAFT


def test_the_same_figure_in_another_currency_is_another_order(cart):
    order = place_order(cart, buyer=make_buyer(), shown_total=price_cart(cart).total)
    Profile.objects.update(currency="JPY")
    forget_site()

    with pytest.raises(checkout.AnotherOrderOpen):
        place_order(cart, buyer=make_buyer(), shown_total=order.total)


def test_a_session_that_stripe_no_longer_knows_keeps_its_goods_held(stripe_api, cart, variant, client):
    check_out(cart)
    stripe_api.reset()
    CartLine.objects.update(quantity=3)

    page = client.get(f"/checkout/return/?session_id={StripeSession.objects.get().session_id}")
    with pytest.raises(PaymentUnavailable):
        check_out(cart)

    assert (page.status_code, "We are asking the bank" in page.content.decode()) == (200, True)
    variant.refresh_from_db()
    assert (variant.available, Order.objects.get().status) == (3, "awaiting_payment")
