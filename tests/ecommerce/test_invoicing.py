from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shopfolio.abstract_models import ImmutableError
from shopfolio.core.models import Profile
from shopfolio.ecommerce.models import Invoice, InvoiceLine, InvoicePDF, InvoiceSeries, ShopSettings
from shopfolio.ecommerce.services.invoicing import issue_invoice, take_number
from shopfolio.ecommerce.services.mails import order_paid_context
from shopfolio.ecommerce.services.printing import invoice_data, tax_groups
from shopfolio.tasks.models import Job
from tests.factories import make_paid_order, make_product, make_shop, make_variant, make_waiting_order

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture
def shop():
    return make_shop()


@time_machine.travel(datetime(2026, 10, 22, 12, tzinfo=UTC), tick=False)
def test_an_invoice_is_a_snapshot_of_who_sold_what_to_whom(shop):
    product = make_product("Tide Table")
    variant = make_variant(product, title="50 × 70 cm", sku="TIDE", price=14_000)

    order = make_paid_order((variant, 2), company="Reis Lda", tax_id="PT500", language="pt")

    invoice = Invoice.objects.get()
    assert (invoice.number, invoice.issued_on, invoice.kind) == (
        "INV-2026-0001",
        date(2026, 10, 22),
        "invoice",
    )
    assert (invoice.order, invoice.language, invoice.currency) == (order, "pt", "EUR")
    assert (invoice.net, invoice.tax, invoice.total) == (23_252, 5_348, 28_600)
    assert invoice.seller == {
        "name": "Ines Calder", "email": "ines@example.org", "address_line1": "Rua da Bempostinha 27",
        "address_line2": "", "postcode": "1150-065", "city": "Lisboa", "country": "PT",
        "tax_id": "PT298114760",
    }  # fmt: skip
    assert invoice.buyer == {
        "name": "Marta Reis", "company": "Reis Lda", "email": "marta@example.org", "tax_id": "PT500",
        "address_line1": "Rua da Sofia 81", "address_line2": "", "postcode": "3000-391", "city": "Coimbra",
        "country": "PT",
    }  # fmt: skip
    assert (invoice.payment_method, invoice.last4) == ("card", "4242")
    assert invoice.payment_intent == f"pi_{order.number}"
    assert invoice.paid_at == datetime(2026, 10, 22, 12, tzinfo=UTC)
    goods, delivery = invoice.lines.order_by("position")
    assert (goods.title, goods.sku, goods.product) == ("Tide Table, 50 × 70 cm", "TIDE", product)
    assert (goods.quantity, goods.unit_code, goods.unit_price, goods.total) == (2, "C62", 14_000, 28_000)
    assert (delivery.title, delivery.product, delivery.total) == ("Delivery", None, 600)


@time_machine.travel(datetime(2026, 12, 31, 23, 30, tzinfo=UTC), tick=False)
def test_its_day_and_year_are_those_where_the_seller_lives(shop, settings):
    settings.TIME_ZONE = "Europe/Berlin"

    order = make_paid_order()

    invoice = Invoice.objects.get()
    assert (invoice.number, invoice.issued_on) == ("INV-2027-0001", date(2027, 1, 1))
    assert "on 1 January 2027" in invoice_data(invoice)["paid"]
    assert order_paid_context(order, invoice)["day"] == "1 January 2027"


def test_later_changes_of_seller_product_and_shop_do_not_reach_it(shop):
    variant = make_variant(make_product("Tide Table"))
    make_paid_order((variant, 1))
    Profile.objects.update(legal_name="Somebody Else")
    ShopSettings.objects.update(invoice_footer="New footer", tax_rate=100)
    variant.product.title = "Another name"
    variant.product.save()

    invoice = Invoice.objects.get()

    assert invoice.seller["name"] == "Ines Calder"
    assert "footer" not in invoice.texts
    assert [line.title for line in invoice.lines.all()] == ["Tide Table", "Delivery"]


def test_an_order_has_one_invoice_however_often_it_is_issued(shop):
    order = make_paid_order()

    with transaction.atomic():
        again = issue_invoice(order, attempt=None)

    assert again == Invoice.objects.get()
    assert again.last4 == "4242"
    assert InvoiceSeries.objects.get().last_number == 1
    assert Job.objects.filter(name="ecommerce.deliver_invoice").count() == 1


def test_the_invoices_job_has_the_number_as_its_key(shop):
    make_paid_order()

    invoice = Invoice.objects.get()
    job = Job.objects.get(name="ecommerce.deliver_invoice")
    assert (job.key, job.args) == (invoice.number, {"invoice_id": str(invoice.pk)})


def test_each_year_by_utc_begins_a_series(shop):
    numbers = []
    for moment in (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)):
        with time_machine.travel(moment, tick=False):
            order = make_paid_order()
        numbers.append(order.invoices.get().number)

    assert numbers == ["INV-2026-0001", "INV-2027-0001"]


def test_the_owner_chooses_how_numbers_begin():
    make_shop(invoice_prefix="FT")

    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC)):
        make_paid_order()

    assert Invoice.objects.get().number == "FT-2026-0001"


def test_no_invoice_outside_a_transaction(shop):
    order = make_waiting_order()

    with pytest.raises(RuntimeError, match="outside a transaction"):
        issue_invoice(order, attempt=None)

    assert not Invoice.objects.exists()
    assert not InvoiceSeries.objects.exists()


def test_lines_that_do_not_add_up_to_what_was_paid_are_refused_whole(shop):
    order = make_waiting_order()
    order.total += 1

    with pytest.raises(ValueError, match="do not add up"), transaction.atomic():
        issue_invoice(order, attempt=None)

    assert not Invoice.objects.exists()
    assert not InvoiceSeries.objects.exists()


def test_an_order_that_costs_nothing_gets_no_invoice(shop):
    make_paid_order((make_variant(price=0, kind="digital"), 1))

    assert not Invoice.objects.exists()
    assert sorted(Job.objects.filter(name__contains="mail").values_list("name", flat=True)) == [
        "ecommerce.mail_order_paid",
        "ecommerce.mail_order_received",
    ]


def test_the_note_about_missing_tax_stands_only_where_tax_is_missing():
    make_shop(tax_note="Exempt by article 53.", invoice_footer="Thank you.")

    taxed = make_paid_order().invoices.get()
    untaxed = make_paid_order((make_variant(make_product(tax_rate=0, tax_category="E")), 1)).invoices.get()

    assert taxed.texts == {"footer": "Thank you.", "prices": "Prices include tax."}
    assert untaxed.texts["tax_note"] == "Exempt by article 53."


@pytest.mark.parametrize("name", ["invoice", "line", "pdf"])
def test_what_was_issued_cannot_be_changed_or_deleted(shop, name):
    make_paid_order()
    invoice = Invoice.objects.get()
    InvoicePDF.objects.create(invoice=invoice, file="invoices/x.pdf", sha256="0" * 64)
    row = {"invoice": invoice, "line": invoice.lines.first(), "pdf": invoice.pdf}[name]
    attempts = [
        row.save,
        row.delete,
        lambda: type(row).objects.filter(pk=row.pk).update(created=None),
        lambda: type(row).objects.filter(pk=row.pk).delete(),
        lambda: type(row).objects.bulk_update([row], ["created"]),
    ]

    for attempt in attempts:
        with pytest.raises(ImmutableError):
            attempt()

    assert type(row).objects.get(pk=row.pk) == row


amounts = st.integers(min_value=50, max_value=10**7)
rates = st.sampled_from([0, 1, 550, 600, 1300, 1900, 2300, 10_000])
sold = st.lists(st.tuples(amounts, st.integers(1, 9), rates), min_size=1, max_size=5)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sold=sold, inclusive=st.booleans())
def test_totals_are_the_orders_and_the_tax_table_adds_up(sold, inclusive):
    make_shop(prices_include_tax=inclusive)
    lines_sold = [
        (make_variant(make_product(tax_rate=rate), price=price), quantity) for price, quantity, rate in sold
    ]

    order = make_paid_order(*lines_sold)

    invoice = order.invoices.get()
    lines = list(invoice.lines.all())
    groups = tax_groups(lines)
    assert (invoice.total, invoice.tax) == (order.total, order.tax) == (order.amount_paid, order.tax)
    assert sum(line.total for line in lines) == invoice.total
    assert sum(group.net for group in groups) == invoice.net
    assert sum(group.tax for group in groups) == invoice.tax
    assert sum(group.total for group in groups) == invoice.total
    assert len({(group.rate, group.category) for group in groups}) == len(groups)


class Changed(Exception):
    """Something went wrong after the number was taken."""


def at_once(work, items):
    def run(item):
        try:
            return work(item)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        return list(pool.map(run, items))


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_though_twenty_pay_at_once_and_some_fail():
    make_shop()
    orders = [make_waiting_order() for _ in range(20)]
    refused = set(range(0, 20, 3))

    def pay(index):
        try:
            with transaction.atomic():
                invoice = issue_invoice(orders[index], attempt=None)
                if index in refused:
                    raise Changed
                return invoice.sequence
        except Changed:
            return None

    given_out = at_once(pay, range(20))

    assert sorted(number for number in given_out if number) == list(range(1, 14))
    assert InvoiceSeries.objects.get().last_number == 13
    assert Invoice.objects.count() == 13


@pytest.mark.django_db(transaction=True)
def test_one_order_issued_by_many_at_once_has_one_invoice():
    make_shop()
    order = make_waiting_order()

    def issue(_index):
        with transaction.atomic():
            return issue_invoice(order, attempt=None).number

    numbers = at_once(issue, range(8))

    assert len(set(numbers)) == 1
    assert InvoiceSeries.objects.get().last_number == 1
    assert InvoiceLine.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_number_is_given_back_when_what_it_was_for_fails():
    with transaction.atomic():
        take_number("INV-2026")
        transaction.set_rollback(True)

    with transaction.atomic():
        _series, number = take_number("INV-2026")

    assert number == 1
