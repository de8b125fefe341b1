"""Every link that leaves the site is built from SITE_URL, whatever a request says about its host."""

import re

import pytest
from django.core import mail
from django.test import Client

from shopfolio.core.models import BlogPost, ContactMessage
from shopfolio.tasks.models import Email
from shopfolio.tasks.outbox import run_due_jobs
from tests import addresses
from tests.everything import add_pages
from tests.factories import make_paid_order

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

OURS = "http://127.0.0.1:8000"
LIE = {
    "Host": "localhost:4711",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "666",
    "Forwarded": "host=evil.example",
}
EVIL = {"Host": "evil.example"}


@pytest.fixture
def content():
    add_pages()


@pytest.mark.parametrize("name", addresses.PUBLIC)
def test_a_page_names_no_host_but_ours(client, content, name):
    [address] = addresses.addresses({name: addresses.PUBLIC[name]})

    answer = client.get(address, headers=LIE)

    assert answer.status_code == 200
    text = f"{answer.content.decode()} {answer.headers}"
    assert "evil" not in text
    assert "localhost:4711" not in text
    own = {link for link in re.findall(r"https?://[^/\"<\s]+", text) if "127.0.0.1" in link}
    assert own <= {OURS}


def test_mails_lead_to_the_site_whatever_host_a_request_named(client, content):
    make_paid_order()
    client.post("/newsletter/", {"email": "ana@example.org"}, headers=LIE)
    client.post("/orders/find/", {"email": "marta@example.org"}, headers=LIE)
    client.post("/contact/", {"name": "Ana", "email": "a@example.org", "message": "Hi"}, headers=LIE)
    run_due_jobs()

    assert {row.key.split("-")[0] for row in Email.objects.all()} == {"newsletter", "order", "contact"}
    words = " ".join(f"{message.body} {message.alternatives}" for message in mail.outbox)
    assert "evil" not in words
    assert "4711" not in words
    assert set(re.findall(r"https?://[^/\"<\s]+", words)) == {OURS}


@pytest.mark.parametrize("path", ["/newsletter/", "/orders/find/", "/contact/"])
def test_a_host_that_is_not_ours_is_refused_and_nothing_happens(path):
    fields = {"email": "marta@example.org", "name": "Ana", "message": "Hi"}

    answer = Client().post(path, fields, headers=EVIL)

    assert answer.status_code == 400
    assert not Email.objects.exists()
    assert not ContactMessage.objects.exists()
    assert not BlogPost.objects.exists()
