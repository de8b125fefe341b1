"""What buyers and the owner read in their mail."""

import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.core import mail
from django.core.files.base import ContentFile

from shopfolio.core.models import ContactMessage, Policy, Profile
from shopfolio.core.services import forget_site, receive_message, subscribe
from shopfolio.ecommerce.models import ProductFile
from shopfolio.ecommerce.services.fulfilment import mark_sent
from shopfolio.ecommerce.services.mails import mail_order_paid
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import run_due_jobs
from tests.factories import (
    make_owner,
    make_paid_order,
    make_product,
    make_shop,
    make_variant,
    make_waiting_order,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rows, pytest.mark.usefixtures("private_files")]

BUYER, OWNER = "marta@example.org", "ines@example.org"
EVIL = "<script>alert('x')</script> & Sons"


@pytest.fixture(autouse=True)
def _shop():
    with time_machine.travel(datetime(2026, 10, 22, 12, tzinfo=UTC)):
        make_shop()
        yield


def sent_to(address):
    run_due_jobs()
    [message] = [message for message in mail.outbox if message.to == [address]]
    return message


def html_of(message):
    [(html, kind)] = message.alternatives
    assert kind == "text/html"
    return html


def make_download(title="Pen Up, Pen Down", **fields):
    book = make_product(title, tax_rate=600)
    ProductFile.objects.create(product=book, title="EPUB", file=ContentFile(b"PK", name="book.epub"))
    return make_variant(book, available=None, kind="digital", **({"price": 2_400} | fields))


def test_the_buyer_reads_what_was_bought_and_where_it_is():
    print_ = make_variant(make_product("Tide Table"), title="50 × 70 cm")
    order = make_paid_order((print_, 2), (make_download(), 1), waives_withdrawal=True)

    message = sent_to(BUYER)

    assert message.subject == f"Order {order.number} is paid"
    assert message.reply_to == [OWNER]
    assert (
        message.body.replace("\u00a0", " ")
        == f"""\
Thank you, Marta Reis.

Order {order.number}, 22 October 2026.
Your downloads are ready.

2 × Tide Table, 50 × 70 cm: €280.00
Pen Up, Pen Down: €24.00
Delivery: €6.00

Total: €310.00
Of which tax, 23 %: €53.48
Of which tax, 6 %: €1.36

Your order:
http://127.0.0.1:8000{order.get_absolute_url()}

Ready to download there:
- Pen Up, Pen Down, EPUB

Goes to:
Marta Reis
Rua da Sofia 81
3000-391 Coimbra
Portugal

You asked for your downloads at once and agreed that the right of
withdrawal ends with that.

The invoice INV-2026-0001 is attached. To ask anything, answer this
e-mail.

Ines Calder

--
Ines Calder, Rua da Bempostinha 27, 1150-065 Lisboa. Tax number
PT298114760.

You get this because you ordered. The links to all your orders, whenever
you need them:
http://127.0.0.1:8000/orders/find/
"""
    )
    html = html_of(message)
    for part in ("Thank you, Marta Reis.", "€310.00", "€53.48", "Pen Up, Pen Down, EPUB", "3000-391 Coimbra"):
        assert part in html
    assert f'href="http://127.0.0.1:8000{order.get_absolute_url()}"' in html


def test_what_costs_nothing_is_confirmed_without_invoice_or_address():
    order = make_paid_order((make_download("Wallpaper", price=0), 1))

    message = sent_to(BUYER)

    assert message.subject == f"Order {order.number} is yours"
    assert message.attachments == []
    assert "- Wallpaper, EPUB" in message.body
    for absent in ("invoice", "Goes to", "tax,"):
        assert absent not in message.body


def test_the_buyer_keeps_the_terms_as_they_were():
    body = "<h2>Delivery</h2><p>By post.</p>"
    for slug in ("terms", "privacy"):
        Policy.objects.create(title=slug.title(), slug=slug, body=body, status=Policy.Status.PUBLISHED)
    order = make_paid_order()
    first = sent_to(BUYER)
    mail.outbox.clear()
    Policy.objects.update(body="<p>By pigeon.</p>")

    mail_order_paid(order, again=1)
    run_due_jobs()

    again = sent_to(BUYER)
    Email.objects.all().delete()
    mail.outbox.clear()
    mail_order_paid(order, again=2)

    assert sent_to(BUYER).attachments == []
    for message in (first, again):
        assert message.attachments[-1:] == [("terms.txt", "Terms\n\nDelivery\n\nBy post.\n", "text/plain")]
        assert "also brings the terms that you ordered under" in " ".join(message.body.split())


def test_the_owner_reads_who_bought_and_what_is_left():
    variant = make_variant(make_product("Tide Table"), available=40)
    order = make_paid_order((variant, 2), (make_download(), 1))

    message = sent_to(OWNER)

    assert message.subject == f"New order {order.number}: €310.00 from Marta Reis"
    assert message.reply_to == [BUYER]
    assert message.attachments == []
    assert "Marta Reis (marta@example.org) has ordered." in message.body
    assert "2 × Tide Table: €280.00\n  38 left\nPen Up, Pen Down: €24.00\nDelivery" in message.body
    admin_page = f"http://127.0.0.1:8000/admin/ecommerce/order/{order.pk}/change/"
    assert f"\n{admin_page}\n" in message.body
    assert f'href="{admin_page}"' in html_of(message)


def test_an_owner_without_public_address_is_written_to_by_login():
    Profile.objects.update(email="")
    forget_site()
    make_owner(email="login@example.org")
    make_paid_order()

    assert sent_to("login@example.org").subject.startswith("New order")


def test_every_paid_order_is_mailed_once():
    make_paid_order()
    run_due_jobs()
    Job.objects.filter(name__startswith="ecommerce.").update(status=Job.Status.DUE)

    run_due_jobs()

    assert sorted(message.to for message in mail.outbox) == [[OWNER], [BUYER]]
    assert Email.objects.count() == 2


@pytest.mark.parametrize("address", [BUYER, OWNER])
def test_names_are_words_never_markup(address):
    make_paid_order((make_variant(make_product(EVIL)), 1), name=f"Marta {EVIL}")

    message = sent_to(address)

    assert f"{EVIL}: €140.00" in message.body
    assert f"Marta {EVIL}" in message.body
    html = html_of(message)
    assert "<script" not in html
    assert "&lt;script&gt;alert('x')&lt;/script&gt; &amp; Sons" in html.replace("&#x27;", "'")


def test_a_visitors_message_reaches_the_owner_quoted():
    words = f"Dear Ines,\n\nwould you print {EVIL}\n-- \nhttps://example.org/{'a' * 80}"
    receive_message(ContactMessage(name="Anna\nBcc: all", email="anna@example.org", message=words))

    message = sent_to(OWNER)

    assert message.subject == "Anna Bcc: all has written to you"
    assert message.reply_to == ["anna@example.org"]
    quote = f"> Dear Ines,\n>\n> would you print {EVIL}\n> --\n> https://example.org/{'a' * 80}\n"
    assert quote in message.body
    html = html_of(message)
    assert "would you print &lt;script&gt;" in html
    assert "<script" not in html


def test_a_reader_is_asked_to_confirm():
    subscribe("reader@example.org")

    message = sent_to("reader@example.org")

    assert message.subject == "Please confirm: letters from Ines Calder"
    [link] = re.findall(
        r"^http://127\.0\.0\.1:8000/newsletter/confirm/\S+/$", message.body, flags=re.MULTILINE
    )
    assert f'href="{link}"' in html_of(message)


@pytest.mark.parametrize("address", [BUYER, OWNER])
def test_html_fetches_nothing_and_keeps_to_the_dark_mode(address):
    make_paid_order()

    html = html_of(sent_to(address))

    assert not re.search(r"<(img|link|script|iframe)|url\(|@import|@font-face", html)
    assert set(re.findall(r'href="(\w+:)', html)) == {"http:"}
    assert "@media (prefers-color-scheme: dark)" in html
    assert "max-width: 600px" in html
    assert 'style="' in html


def test_the_buyer_is_told_once_that_the_parcel_has_left():
    print_, book = make_variant(make_product("Night Bus"), title="50 × 70 cm"), make_download()
    order = make_paid_order((print_, 2), (book, 1), name=f"Marta {EVIL}")
    run_due_jobs()
    mail.outbox.clear()

    assert mark_sent(order.pk) is True
    assert mark_sent(order.pk) is False

    message = sent_to(BUYER)
    assert message.subject == f"Order {order.number} is on its way"
    assert message.reply_to == [OWNER]
    assert message.attachments == []
    assert "left on 22 October 2026." in message.body
    assert "- 2 × Night Bus, 50 × 70 cm\n" in message.body
    assert "Pen Up" not in message.body
    assert f"http://127.0.0.1:8000{order.get_absolute_url()}" in message.body
    assert "<script>" not in html_of(message)
    assert Email.objects.filter(key=f"order-sent-{order.pk}").count() == 1


def test_nobody_is_told_of_an_order_that_is_not_paid():
    order = make_waiting_order((make_variant(), 1))

    assert mark_sent(order.pk) is False

    assert not Email.objects.exists()
