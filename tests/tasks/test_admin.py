from email import message_from_bytes

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from shopfolio.tasks.models import Email, Job
from shopfolio.users.models import CustomUser
from tests.troubles import make_dead_mail, make_mail

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def button(job: Job) -> str:
    return reverse("admin:tasks_job_do", args=[job.pk, "run_again"])


def test_a_dead_job_gets_all_its_tries_again(owner_client):
    job = Job.objects.create(name="tasks.prune", key="1", status=Job.Status.DEAD, attempts=10)
    page = owner_client.get(reverse("admin:tasks_job_change", args=[job.pk]))
    assert button(job) in page.content.decode()

    owner_client.post(button(job))

    job.refresh_from_db()
    assert (job.status, job.attempts) == (Job.Status.DUE, 0)


def test_a_done_job_offers_no_second_run(owner_client):
    job = Job.objects.create(name="tasks.prune", key="1", status=Job.Status.DONE)

    page = owner_client.get(reverse("admin:tasks_job_change", args=[job.pk]))
    answer = owner_client.post(button(job))

    assert button(job) not in page.content.decode()
    assert answer.status_code == 404
    job.refresh_from_db()
    assert job.status == Job.Status.DONE


def test_looking_does_not_run_a_job(owner_client):
    job = Job.objects.create(name="tasks.prune", key="1", status=Job.Status.DEAD)

    answer = owner_client.get(button(job))

    assert answer.status_code == 405
    job.refresh_from_db()
    assert job.status == Job.Status.DEAD


def test_the_list_runs_only_the_dead_ones_among_the_chosen(owner_client):
    dead = Job.objects.create(name="tasks.prune", key="1", status=Job.Status.DEAD)
    done = Job.objects.create(name="tasks.prune", key="2", status=Job.Status.DONE)

    chosen = {"action": "run_again", "_selected_action": [dead.pk, done.pk]}
    page = owner_client.post(reverse("admin:tasks_job_changelist"), chosen, follow=True)

    assert "1 job runs again." in page.content.decode()
    assert set(Job.objects.values_list("key", "status")) == {("1", "due"), ("2", "done")}


def test_staff_without_the_right_cannot_run_a_job(client):
    job = Job.objects.create(name="tasks.prune", key="1", status=Job.Status.DEAD)
    client.force_login(CustomUser.objects.create_user("staff@example.org", is_staff=True))

    answer = client.post(button(job))

    assert answer.status_code in {403, 404}
    job.refresh_from_db()
    assert job.status == Job.Status.DEAD


def test_a_mail_can_be_taken_away_as_it_went_out(owner_client):
    mail = Email.objects.create(
        key="1", to="ana@example.org", subject="Your order", text="Hello", html="<p>Hello</p>",
        message_id="<1@example.org>",
    )  # fmt: skip

    answer = owner_client.get(reverse("admin:tasks_email_eml", args=[mail.pk]))

    assert answer.headers["Content-Disposition"] == 'attachment; filename="mail.eml"'
    message = message_from_bytes(answer.content)
    assert (message["To"], message["Subject"], message["Message-ID"]) == (
        "ana@example.org", "Your order", "<1@example.org>",
    )  # fmt: skip
    assert [part.get_content_type() for part in message.walk()][1:] == ["text/plain", "text/html"]


def test_a_mail_shows_its_html_to_nobody_but_a_mail_program(owner_client):
    mail = Email.objects.create(
        key="1", to="ana@example.org", subject="Hi", text="Hello", html="<script>alert(1)</script>",
        message_id="<1@example.org>",
    )  # fmt: skip

    page = owner_client.get(reverse("admin:tasks_email_change", args=[mail.pk])).content.decode()

    assert "Hello" in page
    assert "alert(1)" not in page


def test_staff_without_the_right_cannot_take_a_mail_away(client):
    mail = Email.objects.create(key="1", to="a@example.org", subject="Hi", text="x", message_id="<1@x>")
    client.force_login(CustomUser.objects.create_user("staff@example.org", is_staff=True))

    assert client.get(reverse("admin:tasks_email_eml", args=[mail.pk])).status_code == 404


def test_a_mail_that_lets_somebody_in_is_read_by_the_owner_alone(client, owner_client):
    row = {"to": "ana@example.org", "subject": "Your code", "text": "123456", "is_secret": True}
    mail = Email.objects.create(key="1", message_id="<1@example.org>", **row)
    clerk = CustomUser.objects.create_user("clerk@example.org", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_email"))
    pages = [f"/admin/tasks/email/{mail.pk}/change/", f"/admin/tasks/email/{mail.pk}/mail.eml"]

    for page in pages:
        assert owner_client.get(page).status_code == 200
    client.force_login(clerk)

    assert client.get("/admin/tasks/email/").status_code == 200
    assert all(b"123456" not in client.get(page).content for page in pages)
    assert [client.get(page).status_code for page in pages] == [302, 404]


def test_a_mail_says_why_it_did_not_go_and_is_sent_again_from_its_page(owner_client):
    email, job = make_dead_mail()
    Job.objects.filter(pk=job.pk).update(last_error="Traceback\n…\n550 no such user")
    page = reverse("admin:tasks_email_change", args=[email.pk])
    button = reverse("admin:tasks_email_do", args=[email.pk, "send_again"])
    html = owner_client.get(page).content.decode()
    assert "550 no such user" in html
    assert "Traceback" not in html
    assert "Could not be sent" in html
    assert button in html

    owner_client.post(button)

    job.refresh_from_db()
    assert (job.status, job.attempts) == (Job.Status.DUE, 0)
    assert button not in owner_client.get(page).content.decode()


def test_a_mail_that_went_out_is_not_sent_again(owner_client):
    email = make_mail("sent", status=Email.Status.SENT)
    button = reverse("admin:tasks_email_do", args=[email.pk, "send_again"])

    assert (
        button not in owner_client.get(reverse("admin:tasks_email_change", args=[email.pk])).content.decode()
    )
    assert owner_client.post(button).status_code == 404


@pytest.mark.parametrize("field", ["text", "html"])
def test_nobody_asks_the_list_of_mails_what_one_says(owner_client, field):
    row = {"to": "ana@example.org", "subject": "Your code", "text": "123456", "html": "123456"}
    Email.objects.create(key="1", message_id="<1@example.org>", is_secret=True, **row)

    for guess in ("12", "99"):
        answer = owner_client.get(f"/admin/tasks/email/?{field}__startswith={guess}")
        assert answer.status_code == 400
