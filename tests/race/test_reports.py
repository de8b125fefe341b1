"""Many browsers report the same refusal at once: one row, and every report counted."""

import json
import time

import pytest
from django.test import Client

from shopfolio.core.models import CspReport
from shopfolio.core.views import csp
from shopfolio.users.limits import HOUR, Limits
from tests.counts import count
from tests.race.threads import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rows]

TOGETHER = 12
TIMES = count(4, 40)
REPORT = {
    "document-uri": "http://testserver/contact/",
    "effective-directive": "img-src",
    "blocked-uri": "https://evil.example/1.gif",
}


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch):
    monkeypatch.setattr(csp, "REPORTS", Limits("csp", per_network={HOUR: 100_000}))


def report_often():
    body = json.dumps({"csp-report": REPORT})

    def report(_number):
        browser = Client()
        for _ in range(TIMES):
            answer = browser.post("/csp-reports/", body, content_type="application/csp-report")
            assert answer.status_code == 204

    assert all_at_once(TOGETHER, report) == {"None": TOGETHER}


def test_every_report_is_counted_in_one_row():
    report_often()

    assert CspReport.objects.get().count == TOGETHER * TIMES


def test_control_a_counter_that_reads_first_loses_reports(monkeypatch):
    def read_then_write(kind):
        row, _created = CspReport.objects.get_or_create(**kind, defaults={"count": 0})
        time.sleep(0.005)  # others read the same meanwhile, on any machine
        CspReport.objects.filter(pk=row.pk).update(count=row.count + 1)

    monkeypatch.setattr(csp, "count_report", read_then_write)

    report_often()

    assert CspReport.objects.get().count < TOGETHER * TIMES
