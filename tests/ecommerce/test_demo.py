from io import StringIO

import pytest
from django.core.management import call_command

from shopfolio.core.models import (
    BlogPost,
    Certificate,
    ContactMessage,
    Policy,
    Profile,
    Project,
    Skill,
    Testimonial,
)
from shopfolio.core.search import search
from shopfolio.ecommerce.demo.load import tell_simulator
from shopfolio.ecommerce.models import Invoice, Order, Product, StockMovement, Variant
from shopfolio.ecommerce.services.refund_settlement import make_refund
from shopfolio.ecommerce.services.refunds import refund_order
from shopfolio.tasks.models import Email, Job
from shopfolio.users.models import CustomUser

pytestmark = [pytest.mark.django_db]

MODELS = (
    BlogPost, Certificate, ContactMessage, CustomUser, Email, Invoice, Job, Order, Policy, Product, Profile,
    Project, Skill, StockMovement, Testimonial, Variant,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _pictures_that_are_there(settings, demo_media):
    settings.MEDIA_ROOT = demo_media


def load(**options):
    said = StringIO()
    call_command("demo", stdout=said, **options)
    return said.getvalue()


def rows():
    return {model.__name__: model.objects.count() for model in MODELS}


def test_the_demo_is_a_whole_site_and_loading_it_again_changes_nothing(settings, tmp_path):
    first_words = load()
    first = rows()

    second_words = load()

    assert (first["Project"], first["BlogPost"], first["Testimonial"], first["Certificate"]) == (6, 8, 5, 3)
    assert (first["Skill"], first["Product"], first["Policy"], first["CustomUser"]) == (12, 10, 6, 1)
    assert first["Invoice"] == Order.objects.filter(status="paid").count() == 5
    assert all(invoice.pdf.file.size > 1_000 for invoice in Invoice.objects.all())
    assert rows() == first
    assert first_words.splitlines()[-3:] == second_words.splitlines()[-3:]


def test_a_demo_order_can_be_refunded_at_the_simulator(settings, tmp_path, road, simulator):
    load()
    order = Order.objects.filter(status="paid").first()
    for _ in range(2):
        tell_simulator(simulator.config.database)

    make_refund(refund_order(order).pk)

    order.refresh_from_db()
    assert (order.status, order.amount_refunded) == ("refunded", order.total)
    intent = order.find_payment().payment_intent
    [refund] = simulator.client.v1.refunds.list({"payment_intent": intent}).data
    assert (refund.amount, refund.status) == (order.total, "succeeded")
    session = simulator.client.v1.checkout.sessions.retrieve(order.sessions.get().session_id)
    assert (session.payment_status, session.amount_total, session.client_reference_id) == (
        "paid", order.total, str(order.pk),
    )  # fmt: skip


def test_at_a_real_account_the_demos_payments_are_not_made_up(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.STRIPE_SECRET_KEY = "sk_test_of_an_account"

    load()

    assert not (tmp_path / "stripe.sqlite3").exists()


def test_the_demos_people_are_written_to_by_nobody(settings, tmp_path):
    load()

    assert Job.objects.count() == 0
    assert Email.objects.count() == 0


def test_the_demos_shelf_is_what_its_ledger_says(settings, tmp_path):
    load(products=40, posts=30)

    assert Product.objects.live().count() == 40
    assert BlogPost.objects.live().count() == 30
    assert search("note 22").hits[0].path.startswith("/blog/note-22-")
    assert search("sheet 30").hits[0].path.startswith("/shop/sheet-30-")
    for variant in Variant.objects.exclude(available=None):
        assert StockMovement.shelf_by_ledger(variant.pk) == variant.available


def test_the_owner_can_log_in_with_what_was_printed(settings, tmp_path):
    words = load()

    owner = CustomUser.objects.get()
    password = words.split("Password")[1].strip()
    assert owner.is_superuser
    assert owner.check_password(password)
