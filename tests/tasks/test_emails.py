from email import message_from_bytes, policy
from pathlib import Path
from smtplib import SMTPDataError

import pytest
from django.contrib.staticfiles import finders
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.mail import BadHeaderError
from django.db import transaction

from shopfolio.core.models import Profile
from shopfolio.core.services import forget_site
from shopfolio.lib.colours import PAPERS, READABLE, contrast, shades
from shopfolio.tasks import emails
from shopfolio.tasks.emails import queue_mail, send_email, tidy
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import run_due_jobs

pytestmark = [pytest.mark.django_db, pytest.mark.rows, pytest.mark.usefixtures("private_files")]


@pytest.fixture(autouse=True)
def _templates(tmp_path, settings):
    folder = tmp_path / "templates" / "emails" / "greeting"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("Hello {{ name }}\n")
    (folder / "body.txt").write_text("\n\nDear {{ name }},   \n\n\n\nhello.\n\n")
    (folder / "body.html").write_text(
        '<html><head></head><body><p class="soft">Dear {{ name }}</p></body></html>'
    )
    [engine] = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path / "templates", *engine["DIRS"]]}]


def queue(name="Anna", **options):
    known = {"key": "greeting-1", "to": "anna@example.org", "context": {"name": name}}
    return queue_mail("greeting", **(known | options))


@pytest.fixture
def folder(settings, tmp_path):
    settings.EMAIL_BACKEND = "shopfolio.tasks.emails.FolderBackend"
    settings.MAIL_DIR = tmp_path / "mail"
    return settings.MAIL_DIR


def parsed(folder):
    [path] = folder.iterdir()
    assert path.suffix == ".eml"
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def test_a_mail_is_a_row_with_a_job_and_nothing_is_sent_yet():
    email = queue()

    assert (email.to, email.subject, email.status) == ("anna@example.org", "Hello Anna", Email.Status.QUEUED)
    assert email.text == "Dear Anna,\n\nhello.\n"
    job = Job.objects.get()
    assert (job.name, job.key, job.args) == ("tasks.send_email", str(email.pk), {"email_id": str(email.pk)})
    assert mail.outbox == []


def test_the_same_key_is_one_mail():
    first = queue("Anna")

    again = queue("Bert")

    assert again == first
    assert Email.objects.get().subject == "Hello Anna"
    assert Job.objects.count() == 1


def test_a_rollback_takes_the_mail_back():
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)

    assert not Email.objects.exists()
    assert not Job.objects.exists()


def test_sent_once_and_marked_so():
    email = queue()

    run_due_jobs()
    send_email(email_id=str(email.pk))

    [message] = mail.outbox
    assert (message.to, message.subject, message.body) == ([email.to], email.subject, email.text)
    email.refresh_from_db()
    assert email.status == Email.Status.SENT
    assert email.sent_at is not None
    assert Job.objects.get().status == Job.Status.DONE


def test_a_crash_after_sending_sends_it_again_under_the_same_message_id(monkeypatch):
    email = queue()
    send_email(email_id=str(email.pk))
    Email.objects.update(status=Email.Status.SENDING)

    send_email(email_id=str(email.pk))

    ids = [message.message()["Message-ID"] for message in mail.outbox]
    assert ids == [email.message_id, email.message_id]


def test_a_server_that_refuses_leaves_the_mail_to_be_tried_again(monkeypatch):
    email = queue()

    def refuse(*args, **kwargs):
        raise SMTPDataError(451, "try later")

    with monkeypatch.context() as patch:
        patch.setattr(emails.EmailMultiAlternatives, "send", refuse)
        run_due_jobs()
    failed = Job.objects.get()
    Job.objects.update(due_at=failed.created)
    run_due_jobs()

    assert (failed.status, failed.attempts) == (Job.Status.DUE, 1)
    assert "SMTPDataError" in failed.last_error
    assert len(mail.outbox) == 1
    email.refresh_from_db()
    assert email.status == Email.Status.SENT


def test_mail_is_not_sent_while_a_transaction_is_open():
    email = queue()

    with pytest.raises(RuntimeError, match="mail inside a transaction"), transaction.atomic():
        send_email(email_id=str(email.pk))

    assert mail.outbox == []


@pytest.mark.parametrize(
    "name",
    ["Anna\r\nBcc: all@example.org", "Anna\nBcc: all@example.org", "Anna\x0b\x85\u2028Bcc: all@example.org"],
)
def test_a_subject_is_one_line_whatever_a_visitor_is_called(name, folder):
    queue(name)

    run_due_jobs()

    message = parsed(folder)
    assert message["Subject"] == "Hello Anna Bcc: all@example.org"
    assert message["Bcc"] is None


def test_a_subject_has_no_signs_that_no_one_sees_and_an_end():
    email = queue("\x00\u202e\u200bAnna" + "x" * 300)

    assert email.subject.startswith("Hello Annax")
    assert len(email.subject) == 255


@pytest.mark.parametrize("field", ["to", "reply_to"])
@pytest.mark.parametrize(
    "address",
    ["a@example.org\nBcc: b@example.org", "a@example.org, b@example.org", "Anna <a@example.org>", "anna"],
)
def test_what_is_not_one_address_gets_no_mail(field, address):
    with pytest.raises(ValidationError):
        queue(**{field: address})

    assert not Email.objects.exists()
    assert not Job.objects.exists()


def test_nobody_is_no_recipient():
    with pytest.raises(ValidationError):
        queue(to="")


def test_a_header_with_a_line_break_is_never_sent():
    email = queue(headers={"List-Unsubscribe": "<https://example.org>\r\nBcc: b@example.org"})

    with pytest.raises(BadHeaderError):
        send_email(email_id=str(email.pk))

    assert mail.outbox == []


def test_text_is_not_escaped_but_html_is():
    email = queue("O'Brien & <b>Sons</b>")

    assert "Dear O'Brien & <b>Sons</b>," in email.text
    assert email.subject == "Hello O'Brien & <b>Sons</b>"
    assert "<b>" not in email.html
    assert "&amp; &lt;b&gt;Sons" in email.html


def test_styles_are_in_the_elements():
    assert '<p class="soft" style="' in queue().html


def test_a_mail_wears_the_owners_accent_in_shades_that_can_be_read():
    Profile.objects.update_or_create(pk=Profile.ID, defaults={"accent": "#ffd400"})
    forget_site()
    email = queue_mail("mail_test", key="1", to="ana@example.org", context={"site_url": "https://a.example"})

    own = shades("#ffd400")
    assert f"color: {own.light};" in email.html.replace(" !important", "")
    assert f"color: {own.dark} !important" in email.html
    assert not {"color: #1e3fb4", "color: #a9bcff"} & set(email.html.split(";"))
    assert min(contrast(own.light, PAPERS["light"]), contrast(own.dark, PAPERS["dark"])) >= READABLE


def test_a_mails_papers_are_the_sites():
    css = Path(str(finders.find("shopfolio/email.css"))).read_text()

    assert [css.count(paper) > 0 for paper in PAPERS.values()] == [True, True]


def test_the_stylesheet_is_found_without_collectstatic(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path / "nothing-collected"
    settings.DEBUG = False
    emails.inliner.cache_clear()

    assert 'style="' in queue().html


def test_kept_in_a_folder_it_is_a_whole_mail(folder, settings):
    path = storages["private"].save("invoices/a.pdf", ContentFile(b"%PDF-1.7 \x00\xff"))
    attachment = {"name": "Rechnung Nº 1.pdf", "type": "application/pdf", "path": path}
    email = queue("Łucja", reply_to="ines@example.org", attachments=[attachment])

    run_due_jobs()

    message = parsed(folder)
    assert message["Subject"] == "Hello Łucja"
    assert message["To"] == "anna@example.org"
    assert message["From"] == settings.DEFAULT_FROM_EMAIL
    assert message["Reply-To"] == "ines@example.org"
    assert message["Message-ID"] == email.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_body(["plain"]).get_content() == "Dear Łucja,\n\nhello.\n"
    assert "Dear Łucja" in message.get_body(["html"]).get_content()
    [attached] = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("Rechnung Nº 1.pdf", "application/pdf")
    assert attached.get_content() == b"%PDF-1.7 \x00\xff"


def test_tidy_text_has_no_ragged_ends():
    assert tidy("\na  \n\n\n\n\nb\x00\r\n  c \n\n") == "a\n\nb\n  c\n"


def test_long_lines_are_wrapped_but_addresses_and_quotes_are_not():
    address = f"https://example.org/{'a-' * 40}"

    assert tidy("word " * 20) == f"{('word ' * 14).strip()}\n{('word ' * 6).strip()}\n"
    assert tidy(f"See {address}") == f"See\n{address}\n"
    assert tidy(f"> {address}") == f"> {address}\n"


@pytest.mark.parametrize(
    ("own", "shown"),
    [
        ("hello@shop.example", "Ines Calder <hello@shop.example>"),
        ("Studio <hello@shop.example>", "Studio <hello@shop.example>"),
    ],
)
def test_mail_comes_under_the_owners_name_unless_the_address_has_one(settings, own, shown):
    settings.DEFAULT_FROM_EMAIL = own

    message = emails.build_message(queue(from_name="Ines\nCalder"))

    assert message.message()["From"] == shown
