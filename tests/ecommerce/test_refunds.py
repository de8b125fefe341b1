from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from shopfolio.ecommerce.exceptions import CannotRefund
from shopfolio.ecommerce.models import (
    Entitlement,
    Invoice,
    Order,
    Refund,
    StockMovement,
    Variant,
)
from shopfolio.ecommerce.services import refund_settlement, refunds
from shopfolio.ecommerce.services.entitlements import downloads_of
from shopfolio.ecommerce.services.refund_settlement import make_refund, settle_refunds
from shopfolio.ecommerce.services.refunds import refund_order, set_aside, try_again
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import run_due_jobs
from tests.ecommerce.refund_states import figures, fresh, intent_of, shelf
from tests.factories import (
    make_file,
    make_owner,
    make_paid_order,
    make_product,
    make_variant,
    make_waiting_order,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture
def order(stripe):
    """Paid: a print for 140.00 and 6.00 of delivery, both with 23 % tax inside."""
    return make_paid_order((make_variant(available=5), 1))


def told_owner():
    return [job.args["event_id"] for job in Job.objects.filter(name="ecommerce.mail_owner")]


def test_the_row_comes_first_and_stripe_is_asked_by_a_job(order, stripe):
    owner = make_owner()

    refund = refund_order(order, amount=5_000, reason="Arrived late", by=owner)

    assert (refund.status, refund.amount, refund.currency) == ("created", 5_000, "EUR")
    assert (refund.idempotency_key, refund.session) == (f"re:{refund.pk}", order.find_payment())
    assert Job.objects.get(name="ecommerce.make_refund").args == {"refund_id": str(refund.pk)}
    event = order.events.last()
    assert (event.why, event.by) == ("A refund of €50.00 was asked for. Arrived late", owner)
    assert figures(order) == ("paid", 14_600, 0)
    assert stripe.asked == []


def test_row_and_job_come_about_together_or_not_at_all(order, stripe, monkeypatch):
    monkeypatch.setattr(refunds, "enqueue", lambda *args, **kwargs: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        refund_order(order, amount=5_000)

    assert not Refund.objects.exists()
    assert not order.events.filter(why__startswith="A refund").exists()


def test_a_part_goes_back(order, stripe):
    owner = make_owner()
    refund_order(order, amount=5_000, by=owner)

    run_due_jobs()

    assert figures(order) == ("partially_refunded", 14_600, 5_000)
    refund = Refund.objects.get()
    assert (refund.status, stripe.gone(intent_of(order))) == ("succeeded", 5_000)
    assert stripe.refunds[refund.refund_id].metadata == {"refund": str(refund.pk), "order": str(order.pk)}
    event = order.events.last()
    assert (event.to_status, event.by) == ("partially_refunded", owner)
    assert refund.credit_note.total == -5_000
    assert shelf(order) == 4
    assert told_owner() == []


def test_what_is_left_goes_back_when_no_amount_is_named(order, stripe):
    refund_order(order, amount=5_000)
    run_due_jobs()

    refund_order(order)
    run_due_jobs()

    assert figures(order) == ("refunded", 14_600, 14_600)
    assert list(order.refunds.order_by("created").values_list("amount", flat=True)) == [5_000, 9_600]


@pytest.mark.parametrize("amount", [0, -1, 14_601])
def test_never_more_than_was_paid(order, stripe, amount):
    with pytest.raises(CannotRefund, match=r"Between nothing and €146\.00"):
        refund_order(order, amount=amount)

    assert not Refund.objects.exists()
    assert not Job.objects.filter(name="ecommerce.make_refund").exists()


def test_what_is_under_way_counts_as_gone(order, stripe):
    stripe.begins = "pending"
    refund_order(order, amount=10_000)
    with pytest.raises(CannotRefund, match=r"Between nothing and €46\.00"):
        refund_order(order, amount=5_000)
    run_due_jobs()

    with pytest.raises(CannotRefund, match=r"Between nothing and €46\.00"):
        refund_order(order, amount=5_000)

    assert figures(order) == ("paid", 14_600, 0)
    assert Refund.objects.get().status == "pending"


def test_nothing_was_paid_so_nothing_goes_back(stripe):
    order = make_waiting_order()

    with pytest.raises(CannotRefund, match="Nothing is left to refund"):
        refund_order(order)


def test_the_database_itself_refuses_more_than_was_paid(order, stripe):
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(amount_refunded=14_601)
    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.create(order=order, session=order.find_payment(), amount=0, currency="EUR")


def test_a_form_sent_twice_is_one_refund(order, stripe):
    wish = uuid4()

    first, second = (refund_order(order, amount=1_000, wish=wish) for _ in range(2))

    assert first == second == Refund.objects.get()
    assert Job.objects.filter(name="ecommerce.make_refund").count() == 1


def test_a_wish_that_belongs_to_another_order_is_not_granted(order, stripe):
    wish = refund_order(make_paid_order(), amount=1_000).pk

    with pytest.raises(IntegrityError), transaction.atomic():
        refund_order(order, amount=1_000, wish=wish)


def test_the_job_may_run_twice(order, stripe):
    refund = refund_order(order, amount=1_000)

    for _ in range(3):
        make_refund(refund.pk)

    assert stripe.asked.count("create") == 1
    assert figures(order) == ("partially_refunded", 14_600, 1_000)
    assert Invoice.objects.filter(kind="credit_note").count() == 1
    assert Job.objects.filter(name="ecommerce.deliver_refund").count() == 1


def test_goods_come_back_only_where_the_owner_says_so_and_once(order, stripe):
    refund_order(order, amount=1_000)
    run_due_jobs()
    assert shelf(order) == 4

    for _ in range(2):
        refund_order(order, amount=1_000, restock=True)
        run_due_jobs()

    assert shelf(order) == 5
    variant = order.lines.exclude(variant=None).get().variant
    assert StockMovement.shelf_by_ledger(variant.pk) == 5
    assert variant.movements.get(kind="returned").quantity == 1


def test_downloads_end_with_all_of_the_money_and_not_with_a_part(stripe, client):
    book = make_variant(make_product("Book"), kind=Variant.Kind.DIGITAL, available=None, price=2_400)
    file = make_file(book.product)
    order = make_paid_order((book, 1))
    address = f"{order.get_absolute_url()}downloads/{file.pk}/"

    refund_order(order, amount=400)
    run_due_jobs()
    assert client.get(address).status_code == 200
    refund_order(order)
    run_due_jobs()

    assert client.get(address).status_code == 404
    assert Entitlement.objects.get().status == "revoked"
    page = client.get(order.get_absolute_url()).content.decode()
    assert address not in page
    assert "Your downloads ended with the refund." in page


def test_a_slow_refund_counts_when_the_money_has_left(order, stripe):
    stripe.begins = "pending"
    refund = refund_order(order)
    run_due_jobs()
    refund.refresh_from_db()
    assert (refund.status, figures(order)) == ("pending", ("paid", 14_600, 0))
    assert not Invoice.objects.filter(kind="credit_note").exists()

    stripe.decide(refund.refund_id, "succeeded")
    settle_refunds(intent_of(order))

    assert figures(order) == ("refunded", 14_600, 14_600)
    assert Invoice.objects.filter(kind="credit_note").count() == 1


@pytest.mark.parametrize("ends", ["failed", "canceled"])
def test_a_slow_refund_that_fails_leaves_the_books_as_they_were(order, stripe, ends):
    stripe.begins = "pending"
    refund = refund_order(order)
    run_due_jobs()
    refund.refresh_from_db()

    stripe.decide(refund.refund_id, ends)
    settle_refunds(intent_of(order))

    assert figures(order) == ("paid", 14_600, 0)
    assert not Invoice.objects.filter(kind="credit_note").exists()
    assert list(Refund.objects.need_a_look()) == [refund]
    assert len(told_owner()) == 1
    assert refund_order(order).amount == 14_600


def test_a_refund_that_comes_back_restores_the_order(stripe):
    book = make_variant(make_product("Book"), kind=Variant.Kind.DIGITAL, available=None, price=2_400)
    make_file(book.product)
    order = make_paid_order((book, 1))
    refund = refund_order(order)
    run_due_jobs()
    refund.refresh_from_db()
    paid_at = fresh(order).paid_at

    stripe.decide(refund.refund_id, "failed")
    for _ in range(2):
        settle_refunds(intent_of(order))
    run_due_jobs()

    assert figures(order) == ("paid", 2_400, 0)
    assert fresh(order).paid_at == paid_at
    assert Entitlement.objects.get().status == "active"
    assert len(downloads_of(fresh(order))) == 1
    documents = order.invoices.order_by("created")
    assert [(each.kind, each.total) for each in documents] == [
        ("invoice", 2_400), ("credit_note", -2_400), ("cancellation", 2_400),
    ]  # fmt: skip
    assert documents[2].corrects == documents[1]
    assert hasattr(documents[2], "pdf")
    assert [mail.subject for mail in Email.objects.filter(key__startswith="owner-notice-")] == [
        f"Order {order.number} wants a look"
    ]
    assert "€24.00 has failed: expired or canceled card" in Email.objects.get(subject__endswith="look").text


def test_a_refund_that_comes_back_leaves_what_else_went_back(order, stripe):
    first, second = refund_order(order, amount=4_600), refund_order(order, amount=10_000)
    run_due_jobs()
    assert figures(order) == ("refunded", 14_600, 14_600)
    second.refresh_from_db()

    stripe.decide(second.refund_id, "failed")
    settle_refunds(intent_of(order))

    assert figures(order) == ("partially_refunded", 14_600, 4_600)
    first.refresh_from_db()
    assert first.status == "succeeded"


def test_an_answer_that_was_asked_for_earlier_changes_nothing(order, stripe):
    stripe.begins = "pending"
    refund = refund_order(order)
    run_due_jobs()
    earlier = stripe.retrieve_refunds(intent_of(order))
    refund.refresh_from_db()
    stripe.decide(refund.refund_id, "succeeded")
    settle_refunds(intent_of(order))

    refund_settlement.record_refunds(order.find_payment(), earlier)

    assert figures(order) == ("refunded", 14_600, 14_600)


def test_stripe_refuses_and_the_money_may_go_back_in_another_way(order, stripe):
    refund = refund_order(order, amount=10_000)
    stripe.give_back(intent_of(order), 14_600, "pending")  # in the dashboard, and nobody has told us

    make_refund(refund.pk)

    refund.refresh_from_db()
    assert refund.status == "failed"
    assert "is greater than unrefunded amount" in refund.last_error
    assert len(told_owner()) == 1
    assert list(Refund.objects.need_a_look()) == [refund]
    assert figures(order) == ("paid", 14_600, 0)


def test_what_failed_is_asked_for_again_or_set_aside(order, stripe):
    refund = refund_order(order, amount=10_000)
    dashboard = stripe.give_back(intent_of(order), 14_600, "pending")
    run_due_jobs()
    stripe.decide(dashboard.id, "canceled")
    settle_refunds(intent_of(order))
    refund.refresh_from_db()
    cancelled = Refund.objects.get(refund_id=dashboard.id)
    assert set(Refund.objects.need_a_look()) == {refund, cancelled}

    set_aside(cancelled)
    again = try_again(refund)
    run_due_jobs()

    again.refresh_from_db()
    assert (again.status, again.amount) == ("succeeded", 10_000)
    assert figures(order) == ("partially_refunded", 14_600, 10_000)
    assert not Refund.objects.need_a_look().exists()
    with pytest.raises(CannotRefund):
        try_again(refund)
    assert Refund.objects.count() == 3


def test_an_outage_loses_nothing(order, stripe):
    refund_order(order)
    stripe.is_away = True
    run_due_jobs()
    job = Job.objects.get(name="ecommerce.make_refund")
    assert (job.status, job.waits_for, figures(order)) == ("due", "stripe", ("paid", 14_600, 0))

    stripe.is_away = False
    Job.objects.update(due_at=timezone.now())
    run_due_jobs()

    assert figures(order) == ("refunded", 14_600, 14_600)
