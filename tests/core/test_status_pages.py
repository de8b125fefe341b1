"""What people read when something is refused or broken."""

import logging
import re

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpResponse, UnreadablePostError
from django.test import override_settings
from django.urls import path

from shopfolio import urls
from shopfolio.core import middleware
from shopfolio.core.models import BlogPost, ContactMessage
from shopfolio.core.services import forget_site
from shopfolio.users.limits import TooMany
from tests.factories import make_owner
from tests.users.people import log_in_as

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
POLICY = "default-src 'none'"


def fail(error):
    def view(request):
        raise error

    return view


handler400, handler403, handler404 = urls.handler400, urls.handler403, urls.handler404
handler500 = urls.handler500
urlpatterns = [
    path("forbidden/", fail(PermissionDenied())),
    path("crash/", fail(ZeroDivisionError("secret"))),
    path("away/", fail(OperationalError("no connection"))),
    path("closed/", fail(InterfaceError("closed"))),
    path("cut/", fail(UnreadablePostError("cut"))),
    path("quick/", fail(TooMany(90))),
    path("empty/", lambda request: HttpResponse(status=405, headers={"Allow": "GET"})),
    *urls.urlpatterns,
]


@pytest.fixture(autouse=True)
def _failing_views(client):
    client.raise_request_exception = False
    with override_settings(ROOT_URLCONF=__name__):
        yield


def too_large(client, **extra):
    kind = "application/x-www-form-urlencoded"
    return client.generic("POST", "/contact/", b"x" * 1_000_001, content_type=kind, **extra)


ASK = {
    400: lambda client, **headers: client.get("/", headers={"Host": "evil.example", **headers}),
    403: lambda client, **headers: client.get("/forbidden/", headers=headers),
    404: lambda client, **headers: client.get("/nothing/", headers=headers),
    405: lambda client, **headers: client.post("/blog/", headers=headers),
    413: lambda client, **headers: too_large(client, headers=headers),
    429: lambda client, **headers: client.get("/quick/", headers=headers),
    500: lambda client, **headers: client.get("/crash/", headers=headers),
    503: lambda client, **headers: client.get("/away/", headers=headers),
}


@pytest.mark.parametrize("status", ASK)
def test_a_status_has_a_page_in_our_design_with_a_way_on(client, status):
    answer = ASK[status](client)

    page = answer.content.decode()
    assert answer.status_code == status
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert f"Error {status}" in page
    assert len(re.findall(r"<h1[ >]", page)) == 1
    assert '<meta name="robots" content="noindex">' in page
    assert 'rel="canonical"' not in page
    assert 'href="/"' in page
    assert POLICY in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "private, no-store"
    assert not answer.cookies


@pytest.mark.parametrize("status", ASK)
def test_htmx_gets_the_sentence_alone(client, status):
    answer = ASK[status](client, **HTMX)

    page = answer.content.decode()
    assert answer.status_code == status
    if status == 405:
        assert page == ""
    else:
        assert page.startswith('<div class="notice bad"><b>')
        assert "<html" not in page


@pytest.mark.parametrize("headers", [{"Accept": "application/json"}, HTMX])
def test_a_program_gets_no_page_with_405(client, headers):
    answer = client.post("/blog/", headers=headers)

    assert (answer.status_code, answer.content) == (405, b"")
    assert answer["Allow"] == "GET, HEAD"


def test_the_page_for_405_still_says_what_is_allowed(client):
    assert client.delete("/contact/")["Allow"] == "GET, HEAD, POST"
    assert client.head("/empty/").content == b""


def test_who_is_too_quick_is_told_when_to_come_back(client):
    answer = ASK[429](client)

    assert answer["Retry-After"] == "90"
    assert "Please try again in 2 minutes." in answer.content.decode()


@pytest.mark.parametrize("path", ["/away/", "/closed/"])
def test_programs_are_told_when_to_come_back_while_the_database_is_away(client, path):
    answer = client.get(path)

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")


def test_a_page_that_needs_the_database_is_503_without_it(client, monkeypatch):
    def gone(*args):
        raise OperationalError("server closed the connection")

    forget_site()
    monkeypatch.setattr(connection, "cursor", gone)

    pages = [
        client.get("/blog/"),
        client.get("/nothing/"),
        client.get("/admin/"),
        client.post("/cart/add/x/"),
    ]

    assert [page.status_code for page in pages[:2]] == [503, 503]
    assert "The ink is being refilled." in pages[0].content.decode()
    assert "server closed" not in pages[0].content.decode()


def test_nothing_of_an_error_of_ours_is_shown(client):
    assert "secret" not in ASK[500](client).content.decode()


def test_an_error_of_ours_is_logged_with_its_traceback(client, caplog):
    ASK[500](client)

    [record] = [record for record in caplog.records if record.name == "django.request"]
    assert record.levelname == "ERROR"
    assert record.exc_info[0] is ZeroDivisionError


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 429])
def test_a_strangers_nonsense_is_not_logged(client, caplog, status):
    caplog.set_level(logging.WARNING)
    ASK[status](client)

    loud = [
        record for record in caplog.records if logging.getLogger(record.name).isEnabledFor(record.levelno)
    ]
    assert loud == []


def test_a_connection_that_broke_is_no_error_of_ours(client, caplog):
    answer = client.get("/cut/")

    assert answer.status_code == 400
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize(
    "path", ["/contact/", "/newsletter/", "/cart/add/x/", "/checkout/", "/nothing/", "/admin/login/"]
)
@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
)
def test_what_is_too_large_is_refused_before_it_is_read(client, monkeypatch, path, kind):
    monkeypatch.setattr(
        "django.http.request.HttpRequest._load_post_and_files", lambda self: pytest.fail("read")
    )

    answer = client.generic("POST", path, b"x" * 1_000_001, content_type=kind)

    assert answer.status_code == 413


def test_a_body_at_the_limit_is_read(client):
    answer = client.generic(
        "POST",
        "/contact/",
        b"message=".ljust(1_000_000, b"x"),
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code == 422
    assert "Ensure this value has at most 10000 characters (it has 999992)." in answer.content.decode()
    assert "x" * 999_992 in answer.content.decode()
    assert not ContactMessage.objects.exists()


def test_only_staff_may_upload(client, django_user_model):
    buyer = django_user_model.objects.create_user("buyer@example.org")

    def upload(path="/admin/core/blogpost/add/"):
        return client.post(path, {"image": ContentFile(b"x" * 1_500_000, name="a.png")}).status_code

    strangers = upload()
    client.force_login(buyer)
    buyers = upload()
    log_in_as(client, make_owner())

    assert (strangers, buyers, upload("/contact/"), upload()) == (413, 413, 413, 200)
    assert not BlogPost.objects.exists()


def test_staff_may_not_fill_the_disk(client, monkeypatch):
    monkeypatch.setattr(middleware, "FROM_STAFF", 1_200_000)
    log_in_as(client, make_owner())
    file = ContentFile(b"x" * 1_200_000, name="a.png")

    assert client.post("/admin/core/blogpost/add/", {"image": file}).status_code == 413


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"0123456789", "multipart/form-data"),
        (b"--x\r\n", "multipart/form-data; boundary=\xff"),
        (b"&".join(b"a%d=1" % number for number in range(3_000)), "application/x-www-form-urlencoded"),
        (
            b"".join(
                b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nx\r\n'
                for _ in range(200)
            )
            + b"--x--",
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_a_form_that_cannot_be_read_is_a_bad_request(client, body, kind):
    answer = client.generic("POST", "/contact/", body, content_type=kind)

    assert answer.status_code == 400
    assert "I can’t read this handwriting." in answer.content.decode()
