"""People with accounts, and what reaches them by mail."""

import re
import time

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import run_job
from shopfolio.users.models import CustomUser

PASSWORD = "seven wooden boats"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def make_person(email="ana@example.org", **fields):
    person = CustomUser.objects.create_user(email, PASSWORD, **fields)
    person.confirm_address()
    return person


def give_app(person):
    """An authenticator app and spare codes."""
    TOTP.activate(person, SECRET)
    return RecoveryCodes.activate(person)


def app_code(secret=SECRET, *, steps=0):
    """What the app shows now, or so many half minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def mailed_code():
    """The code in the latest mail."""
    return re.search(r"\b\d{6}\b", Email.objects.latest("created").text).group()


def run_jobs(name):
    """All that are due of this name; how many there were."""
    due = list(Job.objects.filter(name=name, status=Job.Status.DUE))
    for row in due:
        assert run_job(row.pk), row.last_error
    return len(due)


def log_in_as(browser, person):
    """Without asking anything, and nothing is asked for again."""
    browser.force_login(person)
    type_password(browser, person)


def type_password(browser, person):
    """A moment ago, so that nobody asks once more."""
    note(browser, person, "password")


def show_second_factor(browser, person):
    note(browser, person, "mfa")


def note(browser, person, method):
    """As allauth remembers who has shown what."""
    session = browser.session
    session["account_authentication_methods"] = [
        {"method": method, "at": time.time(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()
