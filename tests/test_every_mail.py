"""What holds for each mail, whatever it says."""

import re
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest

from shopfolio.core.models import ContactMessage, ContactReply, Profile
from shopfolio.core.services import forget_site, site
from shopfolio.ecommerce.services.mails import LinkToOrder, order_paid_context
from shopfolio.tasks.emails import render_mail
from tests.factories import make_file, make_paid_order, make_product, make_shop, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows, pytest.mark.usefixtures("private_files")]

FOLDER = Path(__file__).parent.parent / "shopfolio" / "templates" / "emails"
MAILS = sorted(path.parent.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("subject.txt"))
SITE = "http://127.0.0.1:8000"


def everything_a_mail_can_say():
    make_shop()
    book = make_product("Pen Up, Pen Down")
    make_file(book)
    order = make_paid_order((make_variant(), 2), (make_variant(book, available=None, kind="digital"), 1))
    order.tracking_url = "https://parcels.example/1"
    invoice = order.invoices.get()
    message = ContactMessage(name="Anna", email="anna@example.org", message="Would you print it?")
    check = SimpleNamespace(heading="Jobs given up", advice="Run them again.")
    pages = ("find", "confirm", "page", "reset", "security", "login", "sign_up", "data")
    return {
        **order_paid_context(order, invoice),
        **{f"{page}_url": f"{SITE}/{page}/" for page in pages},
        "site_url": SITE, "message": message, "reply": ContactReply(message=message, text="Gladly."),
        "group": SimpleNamespace(check=check, cases=[SimpleNamespace(what="Send a mail")], total=1),
        "links": [LinkToOrder.to(order, language="en")],
        "sent": ["2 × Tide Table"], "how": "Parcel 1", "why": "The bank asks the money back.",
        "credit_note": invoice, "amount": "€10.00", "card": "4242", "downloads_end": True, "waived": True,
        "terms": True,
        "code": "123456", "purpose": "log_in", "what": "email_changed", "to_email": "new@example.org",
        "day": "22 October 2026",
    }  # fmt: skip


@pytest.fixture(params=MAILS)
def mail(request):
    return render_mail(request.param, everything_a_mail_can_say())


def words(html):
    """As they are read, between single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def one_space(text):
    return " ".join(re.sub(r"^>", "", text, flags=re.MULTILINE).split())


def test_the_list_of_mails_shows_a_sentence_that_the_mail_itself_hides(mail):
    subject, _text, html = mail

    [preview] = re.findall(r'<body[^>]*>\s*<div class="preview" style="display: none;[^>]*>(.*?)</div>', html)
    shown = words(preview).rstrip("\u034f\u200c ")
    assert len(shown) > 5
    assert shown != subject
    assert preview.count("\u200c") == 90


def test_links_are_named_in_words_and_are_those_of_the_text(mail):
    _subject, text, html = mail

    links = re.findall(r'<a\b[^>]*href="(http[^"]+)"[^>]*>(.*?)</a>', html)

    assert not [name for _address, name in links if re.match(r"https?:", words(name)) or not words(name)]
    assert {address for address, _name in links} == set(re.findall(r"https?://\S+", text))
    assert not re.search(r">[^<]*https?://", html.partition("<body")[2])


def test_each_sentence_of_the_html_is_in_the_text(mail):
    _subject, text, html = mail
    paragraphs = re.findall(r"<(?:p|li)\b[^>]*>(.*?)</(?:p|li)>", html, flags=re.DOTALL)
    sentences = [
        sentence
        for paragraph in paragraphs
        for sentence in re.split(r"(?<=[.?!]) ", words(paragraph))
        if sentence.endswith((".", "?", "!"))
    ]

    assert sentences
    assert [sentence for sentence in sentences if sentence not in one_space(text)] == []


def test_a_second_line_of_the_sellers_address_is_told():
    context = everything_a_mail_can_say()
    Profile.objects.update(address_line2="2.º esquerdo")
    forget_site()

    _subject, text, html = render_mail("order_paid", context | {"site": site()})

    assert "Rua da Bempostinha 27, 2.º esquerdo, 1150-065 Lisboa." in one_space(text)
    assert "Rua da Bempostinha 27, 2.º esquerdo, 1150-065 Lisboa." in words(html)
