"""What can go wrong on a site, as rows: for tests of the page that tells the owner."""

from datetime import timedelta

import time_machine
from django.db.models import F
from django.utils import timezone

from shopfolio import attention
from shopfolio.ecommerce.models import Order, Refund, StripeEvent, StripeSession, Variant
from shopfolio.tasks.models import Email, Job
from tests.factories import make_paid_order, make_variant, make_waiting_order

PAGE = "/admin/attention/"


def long_ago(model, row, **ago):
    """The row was made some time ago."""
    model.objects.filter(pk=row.pk).update(created=timezone.now() - timedelta(**ago))


def make_dead_job(name="tests.nothing", key="1", error="OSError: no space left", **args):
    last_error = f"Traceback\n  …\n{error}"
    dead = {"status": Job.Status.DEAD, "args": args, "attempts": 10, "last_error": last_error}
    return Job.objects.update_or_create(name=name, key=key, defaults=dead)[0]


def make_mail(key="1", **fields):
    fields = {"to": "marta@example.org", "subject": "Your order", "message_id": f"<{key}@x>"} | fields
    return Email.objects.create(key=key, text="Hello", **fields)


def make_dead_mail(key="1", **fields):
    email = make_mail(key, **fields)
    return email, make_dead_job("tasks.send_email", str(email.pk), email_id=str(email.pk))


def make_review(why="Only 1 left of Print."):
    order = make_waiting_order()
    Order.objects.filter(pk=order.pk).update(status=Order.Status.AWAITING_PAYMENT)
    order.refresh_from_db()
    return order.transition(Order.Status.REVIEW, why=why)


def make_late_payment(status=StripeSession.Status.OPEN, **fields):
    order = make_waiting_order()
    late = timezone.now() - timedelta(minutes=11)
    changes = {"status": status, "expires_at": late, "session_id": f"cs_{order.number}"} | fields
    StripeSession.objects.filter(order=order).update(**changes)
    Order.objects.filter(pk=order.pk).update(status=Order.Status.AWAITING_PAYMENT)
    return order.sessions.get()


def make_dispute():
    order = make_paid_order()
    StripeSession.objects.filter(order=order).update(dispute="needs_response", answer_by=timezone.now())
    return order.sessions.get()


def make_failed_refund():
    order = make_paid_order()
    return Refund.objects.create(
        order=order, session=order.sessions.get(), amount=500, currency="EUR",
        idempotency_key=f"re:{order.pk}", status=Refund.Status.FAILED, last_error="lost_or_stolen_card",
    )  # fmt: skip


def make_unheard_event(key="evt_1", session_id="", **ago):
    event = StripeEvent.objects.create(
        event_id=key, type="checkout.session.completed", session_id=session_id, payload={}
    )
    long_ago(StripeEvent, event, **(ago or {"minutes": 11}))
    return event


def make_unprinted_invoice(minutes=61):
    with time_machine.travel(timezone.now() - timedelta(minutes=minutes)):
        return make_paid_order().invoices.get()


def make_differing_stock():
    variant = make_variant(available=5)
    Variant.objects.filter(pk=variant.pk).update(available=F("available") + 2)
    return variant


def found():
    """What waits: the words of each case by its kind."""
    return {
        group.check.kind: [(case.what, case.why) for case in group.cases]
        for group in attention.look(list(attention.CHECKS.values()))
    }


def press(browser, text):
    """Open the page and press the first button of these words; the page that comes then."""
    groups = browser.get(PAGE).context["groups"]
    buttons = [button for group in groups for case in group.cases for button in case.buttons]
    [url, *_more] = [button.url for button in buttons if button.text == text]
    return browser.post(url, {"next": PAGE}, follow=True)
