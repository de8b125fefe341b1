"""The page that tells the owner what needs a person, whatever app it belongs to."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.urls import reverse

from shopfolio import attention, checklist
from shopfolio.tasks import outbox
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import HANDLERS, PermanentFailure, enqueue, job, run_due_jobs, run_job
from shopfolio.users.models import CustomUser
from tests.factories import make_paid_order, make_shop, make_waiting_order
from tests.troubles import (
    PAGE,
    found,
    long_ago,
    make_dead_job,
    make_dead_mail,
    make_differing_stock,
    make_dispute,
    make_failed_refund,
    make_late_payment,
    make_mail,
    make_review,
    make_unheard_event,
    make_unprinted_invoice,
    press,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

FIRST_PAGE = "/admin/"


def test_nothing_needs_the_owner_of_a_site_that_is_well(owner_client):
    make_shop()
    make_paid_order()
    make_waiting_order()
    Job.objects.create(name="tasks.prune", key="1")
    Job.objects.create(name="tasks.prune", key="2", status=Job.Status.DONE)
    make_mail("sent", status=Email.Status.SENT)

    assert "Nothing needs you." in owner_client.get(PAGE).content.decode()
    assert "Nothing needs your attention." in owner_client.get(FIRST_PAGE).content.decode()


def test_the_first_page_tells_how_much_waits_and_leads_there(owner_client):
    make_shop()
    make_dead_job()
    make_review()

    page = owner_client.get(FIRST_PAGE).content.decode()

    assert f'<a href="{PAGE}">2 things need your attention</a>' in page


@pytest.mark.parametrize("value", ["nonsense", "", None, 7, "01a20a93-be61-7033-8e3b-8da6f1c3f5ab"])
def test_a_job_about_something_that_is_not_there_is_shown_all_the_same(owner_client, value):
    for number, argument in enumerate(attention.SUBJECTS):
        make_dead_job(key=str(number), **{argument: value})

    assert owner_client.get(PAGE).context["groups"][0].total == len(attention.SUBJECTS)


def test_every_job_has_words_for_the_owner():
    ours = {name for name in HANDLERS if not name.startswith("tests.")}

    assert [name for name in ours if HANDLERS[name].label == name] == []


def test_a_mail_whose_job_is_dead_is_told_once():
    make_dead_mail()

    assert found() == {"mails": [("Your order → marta@example.org", "OSError: no space left")]}


def test_a_mail_that_is_tried_for_an_hour_is_late():
    for key, minutes in (("new", 59), ("old", 61)):
        email = make_mail(key, subject=key)
        row = enqueue("tasks.send_email", key=str(email.pk), email_id=str(email.pk))
        long_ago(Job, row, minutes=minutes)

    assert found() == {"late-mails": [("old → marta@example.org", "")]}


def test_a_dead_job_runs_again_and_the_page_comes_back(owner_client):
    make_dead_job()

    page = press(owner_client, "Run again")

    assert page.redirect_chain == [(PAGE, 302)]
    assert "1 job runs again." in page.content.decode()
    assert "Nothing needs you." in page.content.decode()


def test_a_late_mail_is_tried_at_once(owner_client):
    email = make_mail()
    hour = timedelta(hours=1)
    row = enqueue("tasks.send_email", key=str(email.pk), delay=hour, email_id=str(email.pk))
    long_ago(Job, row, minutes=61)

    press(owner_client, "Try now")
    run_due_jobs()

    assert [message.to for message in mail.outbox] == [["marta@example.org"]]
    assert found() == {}


def test_the_way_back_leads_nowhere_else(owner_client):
    job = make_dead_job()
    button = reverse("admin:tasks_job_do", args=[job.pk, "run_again"])
    own_page = reverse("admin:tasks_job_change", args=[job.pk])

    for stranger in ("https://evil.example/admin/", "//evil.example", "/shop/", ""):
        answer = owner_client.post(button, {"next": stranger})
        assert answer["Location"] == own_page
        Job.objects.update(status=Job.Status.DEAD)


def add_one_of_each():
    make_dead_job(key=str(Job.objects.count()), order_id=str(make_paid_order().pk))
    make_dead_mail(str(Job.objects.count()))
    make_review()
    make_late_payment()
    make_dispute()
    make_failed_refund()
    make_unheard_event(f"evt_{Job.objects.count()}")
    make_unprinted_invoice()
    make_differing_stock()
    late = make_mail(f"late{Job.objects.count()}")
    long_ago(Job, enqueue("tasks.send_email", key=str(late.pk), email_id=str(late.pk)), minutes=61)


def test_the_page_asks_the_database_as_often_whatever_waits(owner_client, django_assert_max_num_queries):
    make_shop()
    add_one_of_each()
    owner_client.get(PAGE)
    with django_assert_max_num_queries(24) as few:
        page = owner_client.get(PAGE)
    assert {group.check.kind for group in page.context["groups"]} == set(attention.CHECKS)

    for _ in range(3):
        add_one_of_each()
    owner_client.get(PAGE)  # what is kept of the site for some seconds may be asked for again

    with django_assert_max_num_queries(24) as many:
        owner_client.get(PAGE)
    assert len(many) == len(few)
    # Besides: session, user, second factor; five for the figures, three for what is to be done, the steps.
    with django_assert_max_num_queries(3 + len(attention.CHECKS) + 5 + 3 + len(checklist.STEPS)):
        owner_client.get(FIRST_PAGE)


def test_a_long_list_is_cut_and_tells_its_total(owner_client):
    for number in range(attention.MOST + 3):
        make_dead_job(key=str(number))

    page = owner_client.get(PAGE)

    [group] = page.context["groups"]
    assert (len(group.cases), group.total, group.more) == (50, 53, 3)
    assert "and 3 more" in page.content.decode()


def make_staff(*permissions):
    user = CustomUser.objects.create_user("staff@example.org", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Client()
    browser.force_login(user)
    return browser


def test_staff_see_only_what_they_may_change():
    make_shop()
    make_review()
    make_dead_job()

    pages = {
        names: [group.check.kind for group in make_page(names).context["groups"]]
        for names in [(), ("view_job", "view_order"), ("change_job",), ("change_order",)]
    }

    assert pages == {
        (): [], ("view_job", "view_order"): [], ("change_job",): ["jobs"], ("change_order",): ["reviews"],
    }  # fmt: skip


def make_page(permissions):
    CustomUser.objects.filter(email="staff@example.org").delete()
    return make_staff(*permissions).get(PAGE)


def test_a_visitor_is_asked_to_log_in(client):
    assert client.get(PAGE).status_code == 302


def test_a_dead_job_is_told_to_the_owner_once_a_day(django_capture_on_commit_callbacks):
    make_shop()

    @job("tests.broken")
    def break_down() -> None:
        raise PermanentFailure("no paper")

    for key in ("1", "2"):
        run_job(enqueue("tests.broken", key=key).pk)
        run_due_jobs()

    [message] = mail.outbox
    assert message.to == ["ines@example.org"]
    assert message.subject == "Needs your attention: Work that was given up (1)"
    assert "http://127.0.0.1:8000/admin/attention/" in message.body


def test_what_was_dealt_with_meanwhile_is_not_told():
    make_shop()
    outbox.call_for_attention("jobs")

    run_due_jobs()

    assert mail.outbox == []


def test_a_notice_that_cannot_be_sent_leads_to_no_other(monkeypatch):
    def refuse(*args):
        raise PermanentFailure("no server")

    make_shop()
    make_dead_job()
    outbox.call_for_attention("jobs")
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)

    for _ in range(3):
        run_due_jobs()

    dead = Job.objects.get(name="tasks.send_email")
    assert dead.status == Job.Status.DEAD
    told = Job.objects.filter(name="core.call_for_attention")
    assert [row.args for row in told] == [{"kind": "jobs"}]


def test_a_mail_job_that_makes_no_sense_is_given_up_all_the_same():
    row = enqueue("tasks.send_email", key="1", email_id="nonsense")
    Job.objects.filter(pk=row.pk).update(attempts=9)

    run_job(row.pk)

    row.refresh_from_db()
    assert row.status == Job.Status.DEAD
    assert found()["mails"][0][0] == "Send a mail"


def test_an_error_of_ours_speaks_without_its_class():
    assert attention.last_line("a\nshopfolio.tasks.outbox.PermanentFailure: No paper.\n") == "No paper."
    assert attention.last_line("a\nOSError: [Errno 28] full") == "OSError: [Errno 28] full"
    assert attention.last_line("") == ""


def test_a_mail_that_is_given_up_is_told(monkeypatch):
    def refuse(self, messages):
        if messages[0].to == ["nobody@example.org"]:
            raise PermanentFailure("no such user")
        sent.extend(messages)

    sent = []
    make_shop()
    email = make_mail(to="nobody@example.org")
    enqueue("tasks.send_email", key=str(email.pk), email_id=str(email.pk))
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)

    run_due_jobs()
    run_due_jobs()  # what the first one has led to

    assert [(message.to, message.subject) for message in sent] == [
        (["ines@example.org"], "Needs your attention: Mails that could not be sent (1)")
    ]


def test_the_manual_explains_every_kind():
    manual = (Path(__file__).parent.parent / "docs" / "operate.md").read_text(encoding="utf-8")

    headings = [check.heading for check in attention.CHECKS.values()]
    assert [heading for heading in headings if f"| {heading} |" not in manual] == []
