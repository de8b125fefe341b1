from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.stripe_simulator import line_item

EXPANDED = {"expand": ["payment_intent.latest_charge"]}


def fetch(simulator, session):
    return simulator.client.v1.checkout.sessions.retrieve(session.id, EXPANDED)


def event_types(simulator):
    return sorted(event.type for event in simulator.client.v1.events.list().data)


def test_paying_completes_the_session_and_leads_back_to_the_shop(simulator):
    session = simulator.new_session(payment_intent_data={"metadata": {"order": "7"}})

    answer = simulator.pay(session.url, email="marta@example.org", name="Marta Reis")

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://127.0.0.1:8000/checkout/return/?session_id={session.id}"
    paid = fetch(simulator, session)
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (paid.customer_details.email, paid.customer_details.name) == ("marta@example.org", "Marta Reis")
    intent = paid.payment_intent
    assert (intent.status, intent.amount, intent.amount_received, intent.currency) == (
        "succeeded",
        2400,
        2400,
        "eur",
    )
    assert intent.metadata["order"] == "7"
    charge = intent.latest_charge
    assert (charge.status, charge.paid, charge.amount_captured) == ("succeeded", True, 2400)
    card = charge.payment_method_details.card
    assert (card.brand, card.last4) == ("visa", "4242")
    simulator.sink.wait_for("checkout.session.completed", "payment_intent.succeeded")
    assert event_types(simulator) == ["checkout.session.completed", "payment_intent.succeeded"]


def test_a_payment_intent_can_be_asked_for_by_itself(simulator):
    session = simulator.new_session()
    simulator.pay(session.url)

    intent_id = simulator.client.v1.checkout.sessions.retrieve(session.id).payment_intent
    intent = simulator.client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]})

    assert intent.latest_charge.payment_intent == intent.id == intent_id


def test_the_email_that_the_shop_gave_is_the_one_that_counts(simulator):
    session = simulator.new_session(customer_email="marta@example.org")

    simulator.pay(session.url, email="someone@else.example")

    assert fetch(simulator, session).customer_details.email == "marta@example.org"


def test_a_declined_card_leaves_the_session_open(simulator):
    session = simulator.new_session()

    answer = simulator.pay(session.url, card="4000 0000 0000 0002")

    assert answer.status_code == 402
    assert "The card was declined" in answer.text
    assert fetch(simulator, session).status == "open"
    assert event_types(simulator) == []
    assert simulator.pay(session.url).status_code == 303


@pytest.mark.parametrize("fields", [{"card": "4111111111111111"}, {"email": "nobody"}])
def test_a_form_that_was_filled_in_wrongly_comes_back(simulator, fields):
    session = simulator.new_session()

    answer = simulator.pay(session.url, **fields)

    assert answer.status_code == 422
    assert fetch(simulator, session).status == "open"


def test_cancelling_leads_back_and_leaves_the_session_open(simulator):
    session = simulator.new_session()

    answer = simulator.press(session.url, "cancel")

    back = f"http://127.0.0.1:8000/checkout/cancelled/?session_id={session.id}"
    assert (answer.status_code, answer.headers["Location"]) == (303, back)
    assert f'href="{back}"' in requests.get(session.url, timeout=5).text
    assert fetch(simulator, session).status == "open"


def test_a_free_session_is_completed_without_a_payment(simulator):
    session = simulator.new_session(line_items=[line_item(amount=0)])

    simulator.pay(session.url)

    done = fetch(simulator, session)
    assert (done.status, done.payment_status, done.payment_intent) == (
        "complete",
        "no_payment_required",
        None,
    )
    assert event_types(simulator) == ["checkout.session.completed"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_cannot_be_paid_says_so(simulator, method):
    expired, paid = simulator.new_session(), simulator.new_session()
    simulator.client.v1.checkout.sessions.expire(expired.id)
    simulator.pay(paid.url)
    before = event_types(simulator)

    def look(url):
        form = {"action": "pay", "card_number": "4242424242424242", "email": "a@example.org"}
        return requests.request(
            method, url, data=form if method == "post" else None, timeout=5, allow_redirects=False
        )

    answers = [look(url) for url in (expired.url, paid.url, simulator.url + "/c/pay/cs_test_nothing")]

    assert [answer.status_code for answer in answers] == [410, 409, 404]
    assert "This payment has expired" in answers[0].text
    assert "This payment is already complete" in answers[1].text
    assert "No such payment" in answers[2].text
    assert event_types(simulator) == before
    assert fetch(simulator, expired).payment_status == "unpaid"


def test_many_clicks_on_pay_charge_once(simulator):
    session = simulator.new_session()

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: simulator.pay(session.url).status_code, range(12)))

    assert sorted(answers) == [303] + [409] * 11
    assert event_types(simulator) == ["checkout.session.completed", "payment_intent.succeeded"]


def test_paying_and_expiring_at_once_ends_in_one_of_both(simulator):
    sessions = [simulator.new_session() for _ in range(10)]

    def expire(session):
        return simulator.client.v1.checkout.sessions.expire(session.id)

    with ThreadPoolExecutor(4) as threads:
        pays = [threads.submit(simulator.pay, session.url) for session in sessions]
        ends = [threads.submit(expire, session) for session in sessions]

    for session, pay, end in zip(sessions, pays, ends, strict=True):
        found = fetch(simulator, session)
        was_paid, was_expired = pay.result().status_code == 303, end.exception() is None
        assert was_paid != was_expired
        assert found.status == ("complete" if was_paid else "expired")


@pytest.mark.parametrize(
    ("action", "payment_status", "intent_status", "told"),
    [
        (
            "succeed",
            "paid",
            "succeeded",
            ["checkout.session.async_payment_succeeded", "payment_intent.succeeded"],
        ),
        ("fail", "unpaid", "requires_payment_method", ["checkout.session.async_payment_failed"]),
    ],
)
def test_a_bank_debit_completes_first_and_pays_later(simulator, action, payment_status, intent_status, told):
    session = simulator.new_session()

    promised = simulator.press(session.url, "pay_later")

    assert (promised.status_code, promised.headers["Location"]) == (303, f"/c/pay/{session.id}")
    assert "Bank debit under way" in requests.get(session.url, timeout=5).text
    waiting = fetch(simulator, session)
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    assert waiting.payment_intent.status == "processing"
    assert event_types(simulator) == ["checkout.session.completed"]

    finished = simulator.press(session.url, action)

    assert finished.headers["Location"].endswith(f"/checkout/return/?session_id={session.id}")
    done = fetch(simulator, session)
    assert (done.status, done.payment_status) == ("complete", payment_status)
    assert done.payment_intent.status == intent_status
    assert event_types(simulator) == sorted(["checkout.session.completed", *told])
    assert simulator.press(session.url, action).status_code == 409


def test_paying_again_while_the_bank_debit_is_under_way_charges_nothing(simulator):
    session = simulator.new_session()
    simulator.press(session.url, "pay_later")

    answer = simulator.pay(session.url)

    assert answer.status_code == 409
    assert fetch(simulator, session).payment_status == "unpaid"


def test_the_pay_page_says_what_is_sold_and_that_no_money_moves(simulator):
    session = simulator.new_session(
        line_items=[line_item("Tide <Table>", 1200, 2), line_item("Book", 500, 1)]
    )

    page = requests.get(session.url, timeout=5)

    assert page.status_code == 200
    for text in ("Studio Vela", "No money moves", "Tide &lt;Table&gt;", "€12.00", "€24.00", "Book", "€29.00"):
        assert text in page.text
    assert f'action="/c/pay/{session.id}"' in page.text
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert policy.endswith("form-action 'self' http://127.0.0.1:8000")
    assert "style=" not in page.text
    assert "<script" not in page.text
    assert (
        requests.get(simulator.url + "/pay.css", timeout=5).headers["Content-Type"]
        == "text/css; charset=utf-8"
    )


@pytest.mark.parametrize(
    ("card", "outcome"),
    [
        ("4242 4242 4242 4242", "Visa, accepted"),
        ("4000 0000 0000 0002", "Declined by the bank"),
        ("4000 0000 0000 7726", "Accepted; a refund takes a while"),
        ("4000 0000 0000 5126", "Accepted; a refund fails later"),
        ("4000 0000 0000 0259", "Accepted; the bank asks the money back"),
    ],
)
def test_the_pay_page_says_what_each_card_leads_to(simulator, card, outcome):
    page = requests.get(simulator.new_session().url, timeout=5)

    assert f'{card}</b><span class="soft">{outcome}</span>' in page.text
