import json
import time

import pytest
import stripe

from shopfolio.ecommerce.models import StripeEvent
from shopfolio.tasks.models import Job

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

SECRET = "whsec_first"
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "checkout.session.completed",
    "livemode": False,
    "data": {"object": {"id": "cs_test_1", "object": "checkout.session"}},
}


@pytest.fixture(autouse=True)
def _secrets(settings):
    settings.STRIPE_WEBHOOK_SECRET = [SECRET, "whsec_second"]


def signed(payload: str, *, secret: str = SECRET, at: float | None = None) -> str:
    stamp = int(at or time.time())
    return f"t={stamp},v1={stripe.WebhookSignature._compute_signature(f'{stamp}.{payload}', secret)}"


def post(client, payload, signature):
    return client.post(
        "/webhooks/stripe/", payload, content_type="application/json", headers={"stripe-signature": signature}
    )


def test_a_signed_event_is_kept_with_one_job(client):
    payload = json.dumps(EVENT)

    response = post(client, payload, signed(payload))

    assert response.status_code == 200
    event = StripeEvent.objects.get()
    assert (event.event_id, event.type, event.session_id, event.status) == (
        "evt_1",
        "checkout.session.completed",
        "cs_test_1",
        "received",
    )
    assert Job.objects.get().args == {"event_pk": str(event.pk)}


def test_the_same_event_twenty_times_is_one_row_and_one_job(client):
    payload = json.dumps(EVENT)

    answers = {post(client, payload, signed(payload)).status_code for _ in range(20)}

    assert answers == {200}
    assert StripeEvent.objects.count() == 1
    assert Job.objects.count() == 1


@pytest.mark.parametrize("sign", ["\\u0000", "\\ud800"])
def test_signs_that_a_database_may_not_keep_lose_no_event(client, sign):
    """A buyer's name, as typed at Stripe."""
    details = {"customer_details": {"name": "Marta<>Reis"}}
    subject = EVENT["data"]["object"] | details
    payload = json.dumps(EVENT | {"data": {"object": subject}}).replace("<>", sign)

    response = post(client, payload, signed(payload))

    assert response.status_code == 200
    event = StripeEvent.objects.get()
    assert (event.event_id, event.session_id) == ("evt_1", "cs_test_1")
    assert Job.objects.get().args == {"event_pk": str(event.pk)}


def test_during_a_rotation_both_secrets_count(client):
    payload = json.dumps(EVENT)

    assert post(client, payload, signed(payload, secret="whsec_second")).status_code == 200


REFUSED = {
    "none": lambda payload: "",
    "nonsense": lambda payload: "nonsense",
    "empty": lambda payload: "t=1,v1=",
    "guessed secret": lambda payload: signed(payload, secret="whsec_guessed"),
    "strange letters": lambda payload: f"t={int(time.time())},v1=é",
    "stale": lambda payload: signed(payload, at=time.time() - 301),
    "another event's": lambda payload: signed(payload.replace("evt_1", "evt_2")),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_stripe_did_not_sign_now_is_refused_and_leaves_nothing(client, kind):
    payload = json.dumps(EVENT)

    assert post(client, payload, REFUSED[kind](payload)).status_code == 400
    assert not StripeEvent.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "payload", ["{", "[]", "null", '"x"', "{}", '{"id": 1}', '{"data": {"object": []}}', "\x00"]
)
def test_signed_nonsense_is_refused_and_leaves_nothing(client, payload):
    assert post(client, payload, signed(payload)).status_code == 400
    assert not StripeEvent.objects.exists()


def test_without_a_secret_there_is_no_door(client, settings):
    settings.STRIPE_WEBHOOK_SECRET = []
    payload = json.dumps(EVENT)

    assert post(client, payload, signed(payload)).status_code == 404


def test_the_door_takes_posts_only(client):
    assert client.get("/webhooks/stripe/").status_code == 405


def test_stripe_needs_no_origin_and_no_token(client):
    payload = json.dumps(EVENT)
    client.handler.enforce_csrf_checks = True

    assert post(client, payload, signed(payload)).status_code == 200


def test_without_the_check_a_forged_event_would_be_kept(client, monkeypatch):
    """Negative control of the signature check."""
    monkeypatch.setattr(stripe.WebhookSignature, "verify_header", lambda *args: True)
    payload = json.dumps(EVENT)

    assert post(client, payload, REFUSED["guessed secret"](payload)).status_code == 200
    assert StripeEvent.objects.count() == 1
