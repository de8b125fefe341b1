"""A buyer at the checkout, time that passes, and what our books and Stripe's say afterwards."""

import time
from typing import Any

from django.test import Client
from django.utils import timezone

from shopfolio.ecommerce.models import Order, StripeEvent, Variant
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import enqueue, run_due_jobs

LATER = "The payment service does not answer. Nothing was charged. Please try again in a minute."


def filled(**fields: Any) -> dict[str, Any]:
    form = {
        "email": "marta@example.org", "name": "Marta Reis", "address_line1": "Rua da Sofia 81",
        "postcode": "3000-391", "city": "Coimbra", "country": "PT", "total": "28600", "terms": "on",
    }  # fmt: skip
    return form | fields


def press_pay(client: Client, **fields: Any) -> Any:
    return client.post("/checkout/", filled(**fields))


def time_passes() -> None:
    """All that waits for its time is due, as minutes later; what waits for Stripe is not."""
    Job.objects.filter(status="due", waits_for="").update(due_at=timezone.now())
    run_due_jobs()


def look_out() -> None:
    """What happens every thirty seconds."""
    enqueue("ecommerce.watch_stripe", key=f"watch-{time.monotonic_ns()}")
    run_due_jobs()


def receive(kind: str, session_id: str, *, event_id: str = "evt_1", **fields: Any) -> StripeEvent:
    """An event that has come through the door."""
    payload = {"livemode": False} | fields
    event = StripeEvent.objects.create(event_id=event_id, type=kind, session_id=session_id, payload=payload)
    enqueue("ecommerce.handle_event", key=event_id, event_pk=str(event.pk))
    return event


def shelf() -> int | None:
    return Variant.objects.get().available


def states() -> list[str]:
    return list(Order.objects.order_by("created").values_list("status", flat=True))


def sessions_at(simulator: Any, status: str | None = None) -> list[Any]:
    """Stripe's sessions, the newest first."""
    found = simulator.client.v1.checkout.sessions.list({"limit": 100}).data
    return [session for session in found if status in {None, session.status}]


def charges_at(simulator: Any) -> list[Any]:
    return list(simulator.client.v1.events.list({"type": "payment_intent.succeeded"}).data)
