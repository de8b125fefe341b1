"""Nobody learns from an answer, or from the work that it took, whether an address has an account."""

import re
from dataclasses import asdict, dataclass, replace

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shopfolio.core.models import Subscriber
from shopfolio.tasks.models import Email, Job
from shopfolio.users.models import CustomUser
from tests.users.people import PASSWORD, give_app, make_person, type_password

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

UNKNOWN = "norah@example.org"
"""As long as the known one, so that the lengths of the pages can be compared too."""


def shut_out(email):
    make_person(email, is_active=False)


def with_an_app(email):
    give_app(make_person(email))


def without_password(email):
    CustomUser.objects.create_user(email).confirm_address()


def entered_by_the_owner(email):
    CustomUser.objects.create_user(email, PASSWORD)


def with_an_older_password(email):
    make_person(email, last_login=None, is_staff=True)


KNOWN = {
    "known": make_person,
    "shut out": shut_out,
    "with a second factor": with_an_app,
    "without a password": without_password,
    "entered by the owner": entered_by_the_owner,
    "of the staff": with_an_older_password,
}

FORMS = {
    "sign up": ("/account/signup/", lambda email: {"email": email, "password": "eleven paper cranes"}),
    "sign up, weak": ("/account/signup/", lambda email: {"email": email, "password": "short"}),
    "log in": ("/account/login/", lambda email: {"login": email, "password": "eleven paper cranes"}),
    "log in, other case": (
        "/account/login/",
        lambda email: {"login": email.upper(), "password": "wrong one"},
    ),
    "log in by code": ("/account/login/code/", lambda email: {"email": email}),
    "new password": ("/account/password/reset/", lambda email: {"email": email.title()}),
}
AFTERWARDS = [
    ("get", "/account/code/", {}),
    ("post", "/account/code/", {"code": "wrong"}),
    ("post", "/account/code/again/", {}),
    ("post", "/account/code/", {"code": "wrong"}),
    ("get", "/account/login/", {}),
    ("get", "/account/signup/", {}),
    ("get", "/account/password/reset/new/", {}),
]
"""What a stranger can do next without the mail."""


ITS_OWN = {"X-Request-ID", "Expires"}
"""Headers in which any two answers differ: a number, and the time."""


@dataclass(frozen=True)
class Seen:
    """All that an answer and its work can be told apart by."""

    status: int
    body: str
    headers: dict[str, str]
    cookies: dict[str, dict[str, str]]
    queries: list[str]
    hashes: int
    jobs: int
    mails: int


@pytest.fixture
def hashes(monkeypatch):
    """The passwords that were hashed, or compared with a hash."""
    seen = []
    encode = MD5PasswordHasher.encode

    def counted(self, password, salt):
        seen.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return seen


def without_tokens(text, email):
    text = re.sub(re.escape(email), "ADDRESS", text, flags=re.IGNORECASE)
    return re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1", text)


def shape(sql):
    """The statement and its table, without what is in it."""
    return " ".join(re.findall(r'^\w+|(?:FROM|INTO|UPDATE) "\w+"|SAVEPOINT', sql))


def look(browser, hashes, email, method, path, fields):
    hashes.clear()
    before = Job.objects.count(), Email.objects.count()
    with CaptureQueriesContext(connection) as queries:
        answer = getattr(browser, method)(path, fields)
    headers = {name: value for name, value in answer.headers.items() if name not in ITS_OWN}
    cookies = {
        name: {part: str(value) for part, value in cookie.items() if part != "expires"}
        for name, cookie in answer.cookies.items()
    }
    return Seen(
        status=answer.status_code,
        body=without_tokens(answer.content.decode(), email),
        headers=headers,
        cookies=cookies,
        queries=[shape(query["sql"]) for query in queries],
        hashes=len(hashes),
        jobs=Job.objects.count() - before[0],
        mails=Email.objects.count() - before[1],
    )


def what_a_stranger_sees(hashes, name, email, *, visitor):
    path, fields = FORMS[name]
    browser = Client(headers={"X-Forwarded-For": visitor})
    seen = [look(browser, hashes, email, "post", path, fields(email))]
    return seen + [look(browser, hashes, email, *step) for step in AFTERWARDS]


def differences(known, unknown):
    """Which part of which answer differs, and how."""
    assert len(known) == len(unknown)
    found = []
    for step, (one, other) in enumerate(zip(known, unknown, strict=True)):
        for part, value in asdict(one).items():
            if value != getattr(other, part):
                found.append((step, part, value, getattr(other, part)))
    return found


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("who", KNOWN)
def test_a_known_address_cannot_be_told_from_an_unknown_one(hashes, name, who):
    email = "marta@example.org"
    KNOWN[who](email)
    what_a_stranger_sees(hashes, name, "first@example.org", visitor="203.0.1.1")  # makes the counters

    known = what_a_stranger_sees(hashes, name, email, visitor="203.0.2.1")
    unknown = what_a_stranger_sees(hashes, name, UNKNOWN, visitor="203.0.3.1")

    assert differences(known, unknown) == []


@pytest.mark.parametrize("status", Subscriber.Status.values)
def test_who_has_the_newsletter_cannot_be_told_from_who_has_not(hashes, status):
    Subscriber.objects.create(email="marta@example.org", status=status)

    def ask(email, visitor):
        browser = Client(headers={"X-Forwarded-For": visitor})
        return [look(browser, hashes, email, "post", "/newsletter/", {"email": email})]

    ask("first@example.org", "203.0.1.1")  # makes the counters
    known, unknown = ask("marta@example.org", "203.0.2.1"), ask(UNKNOWN, "203.0.3.1")

    assert differences(known, unknown) == []
    assert (known[0].status, known[0].jobs) == (303, 1)


@pytest.mark.parametrize("who", KNOWN)
def test_a_new_address_of_ones_own_does_not_tell_whether_it_is_somebodys(hashes, who):
    KNOWN[who]("marta@example.org")
    person = make_person("rui@example.org")

    def change_to(email, visitor):
        browser = Client(headers={"X-Forwarded-For": visitor})
        browser.force_login(person)
        type_password(browser, person)
        wish = {"email": email, "action_add": "1"}
        seen = [look(browser, hashes, email, "post", "/account/security/email/", wish)]
        for method, fields in (("get", {}), ("post", {"code": "wrong"}), ("post", {"action": "resend"})):
            seen.append(look(browser, hashes, email, method, "/account/confirm-email/", fields))
        seen.append(look(browser, hashes, email, "get", "/account/security/email/", {}))
        return seen

    change_to("first@example.org", "203.0.1.1")  # makes the counters
    known, unknown = change_to("marta@example.org", "203.0.2.1"), change_to(UNKNOWN, "203.0.3.1")

    assert differences(known, unknown) == []
    assert [(each.status, each.mails) for each in known] == [(302, 1), (200, 0), (200, 0), (302, 1), (200, 0)]


@pytest.mark.parametrize(
    "part",
    [{"status": 404}, {"body": "Hi"}, {"queries": ["SELECT"]}, {"hashes": 2}, {"jobs": 1}, {"mails": 1}],
)
def test_a_difference_is_found(part):
    """Without this the tests above could find nothing, whatever there is."""
    seen = Seen(200, "Hello", {}, {}, [], 0, 0, 0)

    [(step, name, one, other)] = differences([seen, seen], [seen, replace(seen, **part)])

    assert (step, {name: other}) == (1, part)
    assert one == getattr(seen, name)


@pytest.mark.parametrize(
    ("name", "statuses", "hashed", "mails"),
    [
        ("sign up", 303, 1, 1),
        ("sign up, weak", 422, 0, 0),
        ("log in", 200, 1, 0),
        ("log in by code", 303, 0, 1),
        ("new password", 303, 0, 1),
    ],
)
def test_the_work_that_is_compared_is_done(hashes, name, statuses, hashed, mails):
    """Without this the test above could compare nothing with nothing."""
    seen = what_a_stranger_sees(hashes, name, UNKNOWN, visitor="203.0.1.1")

    notes = 1 if name == "log in" else 0  # a job looks whether staff was refused
    assert (seen[0].status, seen[0].hashes, seen[0].mails) == (statuses, hashed, mails)
    assert seen[0].jobs == mails + notes
    assert len(seen[0].queries) > 0
    if mails:
        assert [(each.status, each.mails) for each in seen[1:4]] == [(200, 0), (422, 0), (303, 1)]


def test_what_the_mails_say_differs(hashes):
    make_person("marta@example.org")

    for email in ("marta@example.org", UNKNOWN):
        for number, name in enumerate(("sign up", "log in by code", "new password")):
            path, fields = FORMS[name]
            Client(headers={"X-Forwarded-For": f"203.0.{number}.1"}).post(path, fields(email))

    subjects = list(Email.objects.order_by("created").values_list("to", "subject"))
    assert subjects == [
        ("marta@example.org", "You have an account already"),
        ("marta@example.org", "Your code to log in"),
        ("marta@example.org", "Your code for a new password"),
        (UNKNOWN, "Your code to confirm this address"),
        (UNKNOWN, "There is no account for this address"),
        (UNKNOWN, "There is no account for this address"),
    ]


@pytest.mark.parametrize("name", ["log in by code", "new password", "sign up"])
def test_whom_the_limit_stops_is_stopped_alike(name):
    make_person("marta@example.org")
    path, fields = FORMS[name]

    statuses = {}
    for email in ("marta@example.org", UNKNOWN):
        statuses[email] = [
            Client(headers={"X-Forwarded-For": f"203.0.{number}.1"}).post(path, fields(email)).status_code
            for number in range(7)
        ]

    assert statuses["marta@example.org"] == statuses[UNKNOWN] == [303] * 5 + [429] * 2


def test_whom_the_limit_stops_at_a_new_address_of_ones_own_is_stopped_alike():
    make_person("marta@example.org")
    person = make_person("rui@example.org")

    statuses = {}
    for email in ("marta@example.org", UNKNOWN):
        statuses[email] = []
        for number in range(7):
            browser = Client(headers={"X-Forwarded-For": f"203.0.{number}.1"})
            browser.force_login(person)
            type_password(browser, person)
            wish = {"email": email, "action_add": "1"}
            statuses[email].append(browser.post("/account/security/email/", wish).status_code)

    assert statuses["marta@example.org"] == statuses[UNKNOWN] == [302] * 5 + [429] * 2
