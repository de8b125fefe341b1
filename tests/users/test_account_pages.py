import pytest
from django.core import mail

from shopfolio.users.models import CustomUser
from tests.factories import make_owner

pytestmark = pytest.mark.django_db


def try_password(client, password, visitor="203.0.113.5"):
    fields = {"login": "ines@example.org", "password": password}
    return client.post("/account/login/", fields, headers={"X-Forwarded-For": visitor})


@pytest.mark.parametrize(
    "path",
    [
        "", "password/reset/", "password/reset/done/", "password/reset/key/1-abc/", "password/change/",
        "password/set/", "email/", "confirm-email/", "confirm-email/abc/", "login/code/",
        "login/code/confirm/",
    ],
)  # fmt: skip
def test_an_account_page_that_is_not_built_is_not_found(owner_client, path):
    assert owner_client.get(f"/account/{path}").status_code == 404
    assert owner_client.post(f"/account/{path}", {"email": "ines@example.org"}).status_code == 404
    assert mail.outbox == []


def test_nobody_can_sign_up(client):
    password = "a long enough password"
    fields = {"email": "ana@example.org", "password1": password, "password2": password}

    response = client.post("/account/signup/", fields)

    assert response.status_code == 200
    assert not CustomUser.objects.exists()


def test_guessing_passwords_ends_after_some_attempts(client):
    make_owner(email="ines@example.org", password="a long enough password")
    for number in range(5):
        try_password(client, f"guess {number}")

    response = try_password(client, "a long enough password")

    assert response.status_code == 200
    assert "Too many failed login attempts" in response.content.decode()


def test_behind_a_proxy_one_visitors_guesses_do_not_lock_out_another(client):
    make_owner(email="ines@example.org", password="a long enough password")
    for number in range(12):
        fields = {"login": f"guess{number}@example.org", "password": "wrong"}
        client.post("/account/login/", fields, headers={"X-Forwarded-For": "198.51.100.9"})

    refused = try_password(client, "a long enough password", visitor="198.51.100.9")
    response = try_password(client, "a long enough password")

    assert refused.status_code == 200
    assert (response.status_code, response["Location"]) == (302, "/")


@pytest.mark.parametrize(
    "there",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
    ],
)
def test_a_login_never_leads_to_another_site(client, there):
    make_owner(email="ines@example.org", password="a long enough password")
    fields = {"login": "ines@example.org", "password": "a long enough password", "next": there}

    assert client.post("/account/login/", fields)["Location"] == "/"


def test_a_login_does_not_say_whether_an_address_is_known(client):
    make_owner(email="ines@example.org", password="a long enough password")
    pages = []
    for email in ("ines@example.org", "nobody@example.org"):
        page = client.post("/account/login/", {"login": email, "password": "wrong"})
        pages.append((page.status_code, page.context["form"].errors.as_json()))

    assert pages[0] == pages[1]


def test_a_login_begins_a_new_session(client):
    make_owner(email="ines@example.org", password="a long enough password")
    client.cookies["sessionid"] = "a" * 32

    try_password(client, "a long enough password")

    assert client.cookies["sessionid"].value != "a" * 32


def test_who_logs_in_without_pause_is_asked_to_wait_in_our_design(client):
    for _ in range(30):
        client.post("/account/login/", {"login": "x", "password": "x"})

    answer = client.post("/account/login/", {"login": "x", "password": "x"})

    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert "One stroke at a time." in answer.content.decode()
