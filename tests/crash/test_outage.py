"""Stripe goes away and comes back while the site's own programs run."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from shopfolio.ecommerce.models import Order, StripeSession
from shopfolio.tasks.models import Email, Job
from tests.counts import count, tell
from tests.crash.jobs import enqueue_mail
from tests.ecommerce.buying import press_pay, receive, sessions_at
from tests.factories import carry_cart, make_cart, make_shop, make_variant
from tests.processes import Programs, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]

EVENTS = count(6, 60)
SECONDS = {
    "shopfolio.tasks.outbox.EVERY": {"ecommerce.watch_stripe": count(1, 30)},
    "shopfolio.ecommerce.gateway.BRIEFLY": count(1, 5),
    "shopfolio.tasks.outbox.UNTOUCHED": timedelta(seconds=count(1, 10)),
}
"""Between two questions, of patience with each, before the sweep rings; in `make soak` as they are."""


def place_order(client: Any, variant: Any) -> Any:
    carry_cart(client, make_cart((variant, 1)))
    return press_pay(client, total="14600")


@pytest.fixture
def tide_table(private_files: Any) -> Any:
    make_shop()
    return make_variant(available=5)


@pytest.mark.parametrize("fault", ["never answered", "unreachable"][: count(1, 2)])
def test_within_a_minute_of_its_return_the_books_agree_and_mails_flow_meanwhile(
    programs: Programs, client: Any, road: Any, simulator: Any, tide_table: Any, fault: str, tmp_path: Any
) -> None:
    simulator.webhook_url = ""
    simulator.pay(place_order(client, tide_table)["Location"])
    paid = StripeSession.objects.get()
    with road.faulty(fault):
        assert place_order(client, tide_table).status_code == 503
        for number in range(EVENTS):
            receive("checkout.session.completed", paid.session_id or "", event_id=f"evt_{number}")
        Job.objects.filter(name="ecommerce.follow_attempt", key__endswith="-60").update(
            due_at="2026-01-01T00:00Z"
        )
        programs.start("beat", **SECONDS)
        programs.start("worker", **SECONDS)
        wait_for(lambda: Job.objects.filter(waits_for="stripe").count() >= EVENTS + 1)
        began = time.monotonic()
        enqueue_mail(1)
        wait_for(lambda: Email.objects.get().status == "sent", seconds=30)
        mailed = time.monotonic() - began

    began = time.monotonic()
    wait_for(lambda: not Job.objects.filter(waits_for="stripe").exists(), seconds=60)
    wait_for(agree, seconds=max(1, 60 - (time.monotonic() - began)))
    took = time.monotonic() - began

    assert list(Order.objects.order_by("created").values_list("status", flat=True)) == [
        "paid",
        "awaiting_payment",
    ]
    assert len(sessions_at(simulator)) == 2
    assert not Job.objects.filter(status="dead").exists()
    kind = f"{connection.vendor}, {settings.CELERY_BROKER_URL.partition(':')[0]}, {fault}"
    tell(kind, f"{EVENTS} events", f"books agree after {took:.1f} s", f"mail meanwhile after {mailed:.1f} s")


def agree() -> bool:
    jobs = Job.objects.filter(name__in=["ecommerce.handle_event"])
    return (
        not jobs.exclude(status="done").exists()
        and not StripeSession.objects.filter(status="creating").exists()
    )
