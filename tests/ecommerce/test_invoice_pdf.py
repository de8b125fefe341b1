import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import BytesIO

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from pypdf import PdfReader

from shopfolio.ecommerce.models import Invoice, InvoicePDF
from shopfolio.ecommerce.services import invoicing
from shopfolio.ecommerce.services.invoicing import pdf_of
from shopfolio.ecommerce.services.mails import deliver
from shopfolio.ecommerce.services.printing import print_invoice
from shopfolio.pictures import private_storage
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import run_due_jobs
from tests.factories import make_paid_order, make_product, make_shop, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows, pytest.mark.usefixtures("private_files")]


@pytest.fixture(autouse=True)
def _october():
    with time_machine.travel(datetime(2026, 10, 22, 12, tzinfo=UTC)):
        yield


def make_invoice(*lines, **buyer) -> Invoice:
    make_shop(invoice_footer="Thank you.", tax_note="Exempt by article 53.")
    return make_paid_order(*lines, **buyer).invoices.get()


def pages_of(pdf: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages]


def words(pdf: bytes) -> str:
    return " ".join(pages_of(pdf))


def stored(pdf: InvoicePDF) -> bytes:
    with private_storage().open(pdf.file.name) as file:
        return file.read()


def files() -> list[str]:
    storage = private_storage()
    return storage.listdir("invoices")[1] if storage.exists("invoices") else []


def test_it_says_all_that_an_invoice_must_say():
    variant = make_variant(make_product("Tide Table", tax_rate=600), title="50 × 70 cm", sku="TIDE")
    invoice = make_invoice((variant, 2), company="Reis Lda", tax_id="ESX1234567X")

    text = words(print_invoice(invoice))

    for part in (
        "Invoice", "INV-2026-0001", "22 October 2026", invoice.order.number,
        "Ines Calder", "Rua da Bempostinha 27", "1150-065 Lisboa", "Portugal", "Tax number: PT298114760",
        "Reis Lda", "Marta Reis", "Rua da Sofia 81", "3000-391 Coimbra", "Tax number: ESX1234567X",
        "Tide Table, 50 × 70 cm", "TIDE", "€140.00", "6 %", "€280.00", "Delivery", "23 %", "€6.00",
        "€264.15 €15.85 €280.00", "€4.88 €1.12 €6.00", "€269.03 €16.97", "€286.00",
        "Paid on 22 October 2026 by card ending 4242.", "Prices include tax.", "Thank you.", "Page 1 of 1",
    ):  # fmt: skip
        assert part in text
    assert "Exempt" not in text


def test_amounts_and_dates_are_written_in_the_orders_language():
    invoice = make_invoice((make_variant(price=123_456), 1), language="de")

    text = words(print_invoice(invoice))

    assert "1.234,56 €" in text
    assert "22. Oktober 2026" in text


def test_the_same_invoice_gives_the_same_bytes():
    invoice = make_invoice()

    first = print_invoice(invoice)
    with time_machine.travel(datetime(2031, 1, 1, tzinfo=UTC)):
        second = print_invoice(Invoice.objects.get())

    assert first == second


def test_it_is_a_pdf_to_be_kept():
    pdf = print_invoice(make_invoice(name="Γιώργος Łódź Ștefan Дмитрий"))

    reader = PdfReader(BytesIO(pdf))
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in pdf
    assert (reader.metadata.title, reader.metadata.author) == ("Invoice INV-2026-0001", "Ines Calder")
    assert "Γιώργος Łódź Ștefan Дмитрий" in words(pdf)


def test_a_name_that_no_font_has_still_gets_its_invoice():
    pdf = print_invoice(make_invoice(name="日本 太郎", company=""))

    assert pdf.startswith(b"%PDF-")
    assert b"pdfaid" not in pdf
    assert "€146.00" in words(pdf)


def test_what_a_buyer_types_is_never_markup():
    name = '#panic("x") $x$ *bold* <b>& \\ #include "/x" @ref `raw`'

    pdf = print_invoice(make_invoice(name=name, company="\x07‮Evil"))

    assert name in words(pdf)


def test_a_word_without_end_stays_in_its_column():
    invoice = make_invoice((make_variant(make_product("W" * 250)), 1))

    page = PdfReader(BytesIO(print_invoice(invoice))).pages[0]

    places = []
    page.extract_text(visitor_text=lambda text, _cm, tm, *_: places.append((text, tm[4])))
    assert max(text.count("W") for text, _x in places) <= 24


def test_many_lines_fill_pages_that_repeat_the_head_of_the_table():
    invoice = make_invoice(*[(make_variant(make_product(f"Print number {n}")), 1) for n in range(1, 41)])

    pages = pages_of(print_invoice(invoice))

    assert len(pages) == 3
    assert all("Unit price Description" in page for page in pages)
    assert all(f"Page {number} of 3" in page for number, page in enumerate(pages, start=1))
    assert [f"Print number {n}" in " ".join(pages) for n in range(1, 41)] == [True] * 40
    assert "€5,606.00" in pages[-1]


@pytest.mark.parametrize(("prints", "lines_on_pages"), [(1, [2]), (12, [12, 1]), (40, [13, 20, 8])])
def test_sums_never_leave_the_last_line_and_the_head_never_stands_alone(prints, lines_on_pages):
    invoice = make_invoice(*[(make_variant(make_product(f"Print {n}")), 1) for n in range(1, prints + 1)])

    pages = pages_of(print_invoice(invoice))

    assert [page.count("23 %") for page in pages[:-1]] == lines_on_pages[:-1]
    assert ["Unit price Description" in page for page in pages] == [True] * len(lines_on_pages)
    before, last_line, sums = pages[-1].partition("1 €6.00 Delivery 23 % €6.00")
    assert before.count("23 %") + bool(last_line) == lines_on_pages[-1]
    assert "Tax rate Net Tax Total" in sums
    assert not any("Tax rate Net" in page for page in pages[:-1])


def test_the_buyer_gets_it_with_the_mail_and_the_file_matches_its_checksum():
    invoice = make_invoice()

    run_due_jobs()

    pdf = InvoicePDF.objects.get()
    assert pdf.sha256 == hashlib.sha256(stored(pdf)).hexdigest()
    [message] = [message for message in mail.outbox if message.to == ["marta@example.org"]]
    assert message.attachments == [(f"{invoice.number}.pdf", stored(pdf), "application/pdf")]
    assert not Job.objects.filter(name="ecommerce.deliver_invoice").exclude(status="done").exists()


def test_delivered_again_it_is_neither_printed_nor_mailed_again():
    invoice = make_invoice()

    deliver(invoice)
    deliver(invoice)

    assert InvoicePDF.objects.count() == 1
    assert len(files()) == 1
    assert Email.objects.count() == 1


def test_killed_between_file_and_row_the_next_run_prints_it(monkeypatch):
    invoice = make_invoice()
    with monkeypatch.context() as patch:
        patch.setattr(InvoicePDF.objects, "get_or_create", killed)
        with pytest.raises(Killed):
            deliver(invoice)

    deliver(invoice)

    pdf = InvoicePDF.objects.get()
    assert hashlib.sha256(stored(pdf)).hexdigest() == pdf.sha256
    assert Email.objects.get().attachments[0]["path"] == pdf.file.name


def test_killed_between_row_and_mail_the_next_run_mails_it():
    invoice = make_invoice()
    pdf = pdf_of(invoice)

    deliver(invoice)

    assert InvoicePDF.objects.get() == pdf
    assert Email.objects.get().attachments == [
        {"name": "INV-2026-0001.pdf", "type": "application/pdf", "path": pdf.file.name}
    ]


@pytest.mark.django_db(transaction=True)
def test_printed_by_two_at_once_there_is_one_file_and_one_mail(monkeypatch):
    invoice = make_invoice()
    printed = print_invoice(invoice)
    monkeypatch.setattr(invoicing, "print_invoice", lambda _invoice: printed)

    def run(_index):
        try:
            deliver(Invoice.objects.get())
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(run, range(6)))

    assert InvoicePDF.objects.count() == 1
    assert files() == [InvoicePDF.objects.get().file.name.rpartition("/")[2]]
    assert Email.objects.count() == 1


def test_files_are_not_written_while_a_transaction_is_open():
    invoice = make_invoice()

    with pytest.raises(RuntimeError, match="files inside a transaction"), transaction.atomic():
        pdf_of(invoice)

    assert files() == []


class Killed(Exception):
    """The power went out here."""


def killed(**kwargs):
    raise Killed
