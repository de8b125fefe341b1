from datetime import UTC, date, datetime
from io import BytesIO

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from shopfolio.abstract_models import ImmutableError
from shopfolio.core.models import Profile
from shopfolio.ecommerce.models import Invoice, InvoiceSeries, Order, Refund, ShopSettings
from shopfolio.ecommerce.services.credit_notes import shared_out
from shopfolio.ecommerce.services.printing import TaxGroup, print_invoice
from shopfolio.ecommerce.services.refund_settlement import make_refund, settle_refunds
from shopfolio.ecommerce.services.refunds import refund_order
from shopfolio.tasks.models import Email
from shopfolio.tasks.outbox import run_due_jobs
from tests.factories import make_file, make_paid_order, make_product, make_shop, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

OCTOBER, NOVEMBER = datetime(2026, 10, 22, 12, tzinfo=UTC), datetime(2026, 11, 3, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _october():
    with time_machine.travel(OCTOBER):
        yield


@pytest.fixture
def stripe(refunds_at_stripe):
    make_shop(invoice_footer="Thank you.")
    return refunds_at_stripe


@pytest.fixture
def order(stripe):
    """Two prints at 23 %, a book at 6 %, delivery: 280.00, 24.00 and 6.00, with tax inside."""
    print_ = make_variant(make_product("Tide Table"), title="50 × 70 cm", sku="TIDE", price=14_000)
    book = make_variant(make_product("Pen Up", tax_rate=600), sku="PEN", price=2_400)
    return make_paid_order((print_, 2), (book, 1), company="Reis Lda")


def give_back(order, amount=None):
    """The credit note for it, of November."""
    with time_machine.travel(NOVEMBER, tick=False):
        refund = refund_order(order, amount=amount)
        make_refund(refund.pk)
    refund.refresh_from_db()
    return refund.credit_note


def lines_of(note):
    fields = ("title", "quantity", "unit_price", "tax_rate", "net", "tax", "total")
    return list(note.lines.order_by("position").values_list(*fields))


def words(document):
    pages = [page.extract_text() for page in PdfReader(BytesIO(print_invoice(document))).pages]
    return " ".join("\n".join(pages).replace("\u00a0", " ").split())


def test_all_of_it_is_the_invoice_with_its_signs_turned(order):
    invoice = order.invoices.get()

    note = give_back(order)

    assert (note.kind, note.number, note.issued_on) == ("credit_note", "CN-2026-0001", date(2026, 11, 3))
    assert (note.order, note.corrects) == (order, invoice)
    assert (note.net, note.tax, note.total) == (-invoice.net, -invoice.tax, -31_000)
    assert (note.seller, note.buyer, note.currency) == (invoice.seller, invoice.buyer, "EUR")
    assert (note.last4, note.payment_intent, note.paid_at) == ("4242", invoice.payment_intent, NOVEMBER)
    assert lines_of(note) == [
        ("Tide Table, 50 × 70 cm", 2, -14_000, 2300, -22_764, -5_236, -28_000),
        ("Pen Up", 1, -2_400, 600, -2_264, -136, -2_400),
        ("Delivery", 1, -600, 2300, -488, -112, -600),
    ]
    assert [line.product for line in note.lines.all()] == [line.product for line in invoice.lines.all()]


def test_a_part_is_a_line_for_each_tax_rate_in_proportion(order):
    note = give_back(order, 10_000)

    assert lines_of(note) == [
        ("Partial refund", 1, -9_226, 2300, -7_501, -1_725, -9_226),
        ("Partial refund", 1, -774, 600, -730, -44, -774),
    ]
    assert (note.net, note.tax, note.total) == (-8_231, -1_769, -10_000)


def test_the_rest_leaves_nothing_over_in_any_rate(order):
    for amount in (1, 9_999, 3):
        give_back(order, amount)

    note = give_back(order)

    assert {line[0] for line in lines_of(note)} == {"Refund of the rest"}
    documents = Invoice.objects.filter(order=order)
    assert [sum(getattr(each, name) for each in documents) for name in ("net", "tax", "total")] == [0, 0, 0]
    assert [each.sequence for each in documents.filter(kind="credit_note").order_by("created")] == [
        1,
        2,
        3,
        4,
    ]


def test_prices_without_tax_stay_so_in_a_part(refunds_at_stripe):
    make_shop(prices_include_tax=False)
    order = make_paid_order((make_variant(price=10_000), 1))

    note = give_back(order, order.total // 2)

    [(_title, _quantity, unit_price, _rate, net, tax, total)] = lines_of(note)
    assert (unit_price, net, tax, total) == (-5_300, -5_300, -1_219, -6_519)


def test_it_has_a_series_of_its_own_and_begins_as_the_owner_says(order):
    ShopSettings.objects.update(credit_note_prefix="NC")

    note = give_back(order)

    assert note.number == "NC-2026-0001"
    assert dict(InvoiceSeries.objects.values_list("code", "last_number")) == {"INV-2026": 1, "NC-2026": 1}


def test_both_series_cannot_begin_alike():
    with pytest.raises(ValidationError, match="must begin otherwise"):
        ShopSettings(invoice_prefix="A", credit_note_prefix="A").full_clean()


def test_it_is_never_edited_nor_deleted(order):
    note = give_back(order)
    note.total = -1

    for attempt in (note.save, note.delete, note.lines.first().delete):
        with pytest.raises(ImmutableError):
            attempt()


def test_the_seller_is_who_sells_today_and_the_buyer_who_bought(order):
    Profile.objects.update(address_line1="Rua Nova 1")

    note = give_back(order)

    assert note.seller["address_line1"] == "Rua Nova 1"
    assert note.buyer["company"] == "Reis Lda"
    assert order.invoices.get(kind="invoice").seller["address_line1"] == "Rua da Bempostinha 27"


def test_it_names_the_buyer_of_its_invoice_also_after_their_data_were_erased(order):
    Order.objects.update(name="Erased", company="", email="", address_line1="")

    note = give_back(order)

    assert note.buyer == order.invoices.get(kind="invoice").buyer
    assert note.buyer["name"] == "Marta Reis"


def test_the_page_says_what_a_credit_note_must_say(order):
    text = words(give_back(order))

    for part in (
        "Credit note", "CN-2026-0001", "3 November 2026", "Corrects Invoice INV-2026-0001 22 October 2026",
        order.number, "Ines Calder", "Reis Lda", "Tide Table, 50 × 70 cm", "-€140.00", "-€280.00", "-€310.00",
        "Refunded on 3 November 2026 to the card ending 4242.", "Thank you.",
    ):  # fmt: skip
        assert part in text, part
    assert "Paid on" not in text


def test_it_speaks_the_buyers_language(stripe):
    order = make_paid_order(language="de")

    text = words(give_back(order))

    assert "3. November 2026" in text
    assert "-146,00 €" in text


def test_what_takes_it_back_names_it(order, stripe):
    note = give_back(order, 10_000)
    refund = Refund.objects.get()
    stripe.decide(refund.refund_id, "failed")

    with time_machine.travel(NOVEMBER):
        settle_refunds(refund.session.payment_intent)

    document = Invoice.objects.get(kind="cancellation")
    assert (document.number, document.corrects, document.total) == ("CN-2026-0002", note, 10_000)
    assert [line[2:] for line in lines_of(document)] == [
        (9_226, 2300, 7_501, 1_725, 9_226), (774, 600, 730, 44, 774),
    ]  # fmt: skip
    text = words(document)
    for part in ("Cancellation", "Corrects Credit note CN-2026-0001", "The refund came back on 3 November"):
        assert part in text, part


def test_after_it_was_taken_back_all_of_it_can_go_back(order, stripe):
    give_back(order)
    refund = Refund.objects.get()
    stripe.decide(refund.refund_id, "failed")
    settle_refunds(refund.session.payment_intent)

    note = give_back(order)

    assert note.number == "CN-2026-0003"
    assert lines_of(note)[0][:3] == ("Tide Table, 50 × 70 cm", 2, -14_000)


GROUPS = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(lambda pair: TaxGroup(0, "S", *pair)),
    min_size=1,
    max_size=5,
).filter(lambda groups: sum(group.total for group in groups) > 0)


@given(groups=GROUPS, part=st.floats(0, 1))
def test_shares_add_up_and_overdraw_nothing(groups, part):
    amount = int(part * sum(group.total for group in groups))

    parts = shared_out(amount, groups)

    assert sum(each.total for each in parts) == amount
    for group, each in zip(groups, parts, strict=True):
        assert 0 <= each.net <= group.net
        assert 0 <= each.tax <= group.tax


def mail_about(order):
    [message] = [message for message in mail.outbox if message.to == [order.email]]
    return message


@pytest.fixture
def sent(order):
    """Nothing but what follows."""
    run_due_jobs()
    mail.outbox.clear()


def test_the_buyer_is_told_with_the_credit_note_attached(order, sent):
    refund_order(order, amount=10_000, reason="He complained again")
    run_due_jobs()

    message = mail_about(order)
    note = Invoice.objects.get(kind="credit_note")
    assert message.subject == f"€100.00 comes back to you: order {order.number}"
    assert message.attachments[0][0] == f"{note.number}.pdf"
    assert message.attachments[0][1].startswith(b"%PDF")
    for body in (message.body, message.alternatives[0][0]):
        assert order.number in body
        assert f"The credit note {note.number} is attached." in body
        assert "to the card ending 4242" in " ".join(body.split())
        assert order.get_absolute_url() in body
        assert "complained" not in body
        assert "downloads" not in body
    assert [mail.to for mail in mail.outbox] == [[order.email]]


def test_each_refund_is_told_once(order, sent):
    for amount in (1_000, 2_000):
        refund = refund_order(order, amount=amount)
        for _ in range(2):
            make_refund(refund.pk)
            run_due_jobs()

    subjects = [message.subject for message in mail.outbox]
    assert subjects == [f"{sum_} comes back to you: order {order.number}" for sum_ in ("€10.00", "€20.00")]
    assert Email.objects.filter(key__endswith=f"-{order.pk}", key__startswith="order-refunded").count() == 2


def test_the_end_of_the_downloads_is_said(stripe):
    book = make_variant(make_product("Book"), kind="digital", available=None, price=2_400)
    make_file(book.product)
    order = make_paid_order((book, 1))
    run_due_jobs()
    mail.outbox.clear()

    refund_order(order)
    run_due_jobs()

    assert "With the refund, your downloads have ended." in mail_about(order).body
