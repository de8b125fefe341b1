import io
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.signals import request_started
from django.db import close_old_connections
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from shopfolio.core.models import ContactMessage
from shopfolio.wsgi import application

pytestmark = pytest.mark.django_db
CODECS = ["hex", "rot13", "idna", "undefined", "punycode", "utf-7", "unicode_escape", "utf-16"]


@pytest.fixture(autouse=True)
def _keep_the_tests_connection():
    """As Django's test client does: a real request begins by closing old connections."""
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)


def ask(method, path, *, charset="utf-8", kind="text/html", body=b"", query="", length=None):
    """The status that the server's own door answers with; the test client has another."""
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query,
        "HTTP_SEC_FETCH_SITE": "same-origin",
        "CONTENT_TYPE": f"{kind}; charset={charset}", "CONTENT_LENGTH": str(length or len(body)),
        "REMOTE_ADDR": "127.0.0.1", "wsgi.input": io.BytesIO(body),
    }  # fmt: skip
    setup_testing_defaults(environ)
    answered = []
    application(environ, lambda status, headers, error=None: answered.append(status[:3]))
    return answered


@pytest.mark.parametrize("charset", CODECS)
def test_words_are_read_as_utf_8_whatever_charset_a_form_states(charset):
    fields = {"name": r"Aná +2AA- \ud800", "email": "ana@example.org", "message": "Olá"}

    status = ask(
        "POST", "/contact/", charset=charset, kind=MULTIPART_CONTENT, body=encode_multipart(BOUNDARY, fields)
    )

    assert status == ["303"]
    assert ContactMessage.objects.get().name == r"Aná +2AA- \ud800"


@pytest.mark.parametrize("charset", CODECS)
def test_an_address_is_read_as_utf_8_too(charset):
    assert ask("GET", "/checkout/return/", charset=charset, query="session_id=%2B2AA-%5Cud800") == ["404"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"name=Ana&email=ana@example.org&message=Half"),
        (
            MULTIPART_CONTENT,
            encode_multipart(BOUNDARY, {"name": "Ana", "email": "a@b.cc", "message": "Half"}),
        ),
    ],
)
def test_half_a_form_is_none(kind, body):
    assert ask("POST", "/contact/", kind=kind, body=body, length=len(body) + 1) == ["400"]
    assert not ContactMessage.objects.exists()
    assert ask("POST", "/contact/", kind=kind, body=body) == ["303"]
