"""What browsers tell us of the Content-Security-Policy."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from shopfolio.core.models import CspReport
from shopfolio.core.views import csp
from shopfolio.tasks.outbox import enqueue, run_job
from shopfolio.users.limits import MINUTE, Limits
from tests.factories import make_owner

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

OURS = "http://testserver"
REPORT = {
    "document-uri": f"{OURS}/orders/0189.secret/?session_id=cs_1",
    "referrer": f"{OURS}/checkout/?email=ana@example.org",
    "effective-directive": "script-src-elem",
    "violated-directive": "script-src-elem",
    "original-policy": "default-src 'none'",
    "blocked-uri": "https://user:key@Evil.example/steal.js?c=ana@example.org",
    "script-sample": "alert(1)",
    "status-code": 200,
}


def send(report, *, client=None, **headers):
    body = report if isinstance(report, bytes) else json.dumps({"csp-report": report}).encode()
    browser = client or Client(enforce_csrf_checks=True)
    return browser.post("/csp-reports/", body, content_type="application/csp-report", headers=headers)


def test_a_report_is_counted_by_kind_without_a_word_about_the_visitor():
    answers = [send(REPORT).status_code for _ in range(3)]

    row = CspReport.objects.get()
    assert answers == [204, 204, 204]
    assert (row.directive, row.blocked, row.count) == ("script-src-elem", "https://evil.example", 3)
    assert row.page == "/orders/<str:token>/"
    assert "ana" not in str(list(CspReport.objects.values()))


@pytest.mark.parametrize(
    ("blocked", "kept"),
    [
        ("inline", "inline"),
        ("eval", "eval"),
        ("", ""),
        ("data", "data"),
        ("blob:http://x/1", "blob"),
        ("chrome-extension://abcdef/a.js", "chrome-extension"),
        ("http://a.example:8080/x", "http://a.example:8080"),
        ("https://a\x00b<i>.example/", "https://abi.example"),
        ("https://\ud800.example/", "https://.example"),
        ("https://" + "x" * 300, "https://" + "x" * 192),
    ],
)
def test_of_what_was_refused_only_the_site_is_kept(blocked, kept):
    assert send(REPORT | {"blocked-uri": blocked}).status_code == 204

    assert CspReport.objects.get().blocked == kept


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"csp-report": 7}',
        b"[" * 16_000,
        REPORT | {"document-uri": "https://evil.example/"},
        REPORT | {"document-uri": 7},
        REPORT | {"document-uri": "http://["},
        REPORT | {"blocked-uri": ["inline"]},
        REPORT | {"effective-directive": "made-up"},
        REPORT | {"effective-directive": " ", "violated-directive": ""},
    ],
)
def test_what_is_no_report_about_a_page_of_ours_is_not_kept(nonsense):
    assert send(nonsense).status_code == 400
    assert not CspReport.objects.exists()


def test_a_report_of_an_older_browser_names_the_whole_rule():
    old = {"violated-directive": "img-src 'self' data:", "effective-directive": ""}

    assert send(REPORT | old).status_code == 204
    assert CspReport.objects.get().directive == "img-src"


def test_a_report_that_is_too_large_is_refused():
    assert send(REPORT | {"script-sample": "x" * csp.MOST_BYTES}).status_code == 413
    assert not CspReport.objects.exists()


def test_who_reports_too_quickly_is_not_heard(monkeypatch):
    monkeypatch.setattr(csp, "REPORTS", Limits("csp", per_network={MINUTE: 2}))

    assert [send(REPORT).status_code for _ in range(4)] == [204, 204, 429, 429]
    assert CspReport.objects.get().count == 2


def test_invented_kinds_do_not_fill_the_disk(monkeypatch):
    monkeypatch.setattr(CspReport, "MOST", 3)

    for number in range(5):
        assert send(REPORT | {"blocked-uri": f"https://{number}.example/"}).status_code == 204
    send(REPORT | {"blocked-uri": "https://2.example/"})

    assert list(CspReport.objects.order_by("created").values_list("count", flat=True)) == [1, 1, 2]


def test_a_kind_that_was_not_seen_for_thirty_days_is_forgotten():
    for blocked, days in (("old", 31), ("young", 29)):
        send(REPORT | {"blocked-uri": blocked})
        CspReport.objects.filter(blocked=blocked).update(modified=timezone.now() - timedelta(days=days))

    run_job(enqueue("core.forget", key="once").pk)

    assert CspReport.objects.get().blocked == "young"


def test_the_owner_reads_them_in_the_back_office(client):
    send(REPORT)
    client.force_login(make_owner())

    page = client.get("/admin/core/cspreport/").content.decode()

    assert "https://evil.example" in page
    assert "/orders/&lt;str:token&gt;/" in page


def test_every_page_names_the_address_for_reports(client):
    assert "report-uri /csp-reports/" in client.get("/contact/")["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/blog/\ud800/", "/blog/\x00/", "/" + "x" * 9_000, "/%zz", "//"])
def test_an_address_may_be_anything_and_is_kept_as_its_pattern(path):
    assert send(REPORT | {"document-uri": f"{OURS}{path}"}).status_code == 204
    assert CspReport.objects.get().page in {"/blog/<str:slug>/", "none"}
