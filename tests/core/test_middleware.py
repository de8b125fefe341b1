"""Which forms are believed: public ones by where the browser says they come from."""

import pytest
from django.test import Client

from shopfolio.core.models import Profile
from tests.factories import make_owner

pytestmark = pytest.mark.django_db


@pytest.fixture
def strict_client():
    return Client(enforce_csrf_checks=True)


def post(client, path="/newsletter/", **headers):
    return client.post(path, {"email": "ana@example.org"}, headers=headers).status_code


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "", "Same-Origin"])
def test_another_sites_form_is_refused(strict_client, site):
    assert post(strict_client, Sec_Fetch_Site=site) == 403


def test_a_form_of_our_own_needs_no_token(strict_client):
    assert post(strict_client, Sec_Fetch_Site="same-origin") == 303


def test_what_the_browser_says_of_the_site_beats_the_origin(strict_client):
    assert post(strict_client, Sec_Fetch_Site="cross-site", Origin="http://127.0.0.1:8000") == 403


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "http://testserver"])
def test_an_older_browser_is_believed_by_its_origin(strict_client, origin):
    assert post(strict_client, Origin=origin) == 303


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:8001", "https://testserver"]
)
def test_a_foreign_origin_is_refused(strict_client, origin):
    assert post(strict_client, Origin=origin, Referer="http://127.0.0.1:8000/") == 403


def test_without_an_origin_the_referer_counts(strict_client):
    assert post(strict_client, Referer="http://127.0.0.1:8000/newsletter/") == 303
    assert post(strict_client, Referer="https://evil.example/http://127.0.0.1:8000/") == 403


@pytest.mark.parametrize("header", ["Origin", "Referer"])
def test_an_origin_that_is_no_address_is_refused(strict_client, header):
    assert post(strict_client, **{header: "http://["}) == 403


@pytest.mark.parametrize(
    "path", ["/blog/%00/", "/blog/tag/%00/", "/portfolio/%00/", "/skills/a%00/", "/policies/%00/", "/%00"]
)
def test_an_address_with_a_nul_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_who_says_nothing_needs_the_token(strict_client):
    assert post(strict_client) == 403


def test_a_refused_form_is_answered_in_our_design(strict_client):
    page = strict_client.post("/contact/", headers={"Sec-Fetch-Site": "cross-site"})

    assert "This line stops here." in page.content.decode()


@pytest.mark.parametrize("path", ["/admin/core/profile/", "/account/login/"])
def test_back_office_and_account_keep_the_token(strict_client, path):
    strict_client.force_login(make_owner())

    assert post(strict_client, path, Sec_Fetch_Site="same-origin") == 403


def test_the_login_page_sends_a_token_and_works(strict_client):
    make_owner(email="ines@example.org", password="a long enough password")
    token = strict_client.get("/account/login/").context["csrf_token"]
    fields = {
        "login": "ines@example.org",
        "password": "a long enough password",
        "csrfmiddlewaretoken": str(token),
    }

    response = strict_client.post("/account/login/", fields, headers={"Sec-Fetch-Site": "same-origin"})

    assert (response.status_code, response["Location"]) == (302, "/account/")


def test_the_login_page_stands_in_our_layout(client):
    Profile.objects.create(pk=Profile.ID, name="Ines Calder", role="Generative artist")

    page = client.get("/account/login/").content.decode()

    assert "<title>Log in, Ines Calder</title>" in page
    assert "Generative artist" in page


def test_the_back_office_is_entered_through_our_login(client):
    response = client.get("/admin/login/")

    assert response["Location"].startswith("/account/login/")


def test_a_session_makes_a_page_private(client):
    Profile.objects.create(pk=Profile.ID, name="Ines Calder")
    client.force_login(make_owner())

    assert client.get("/")["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize(
    "path", ["/", "/contact/", "/account/security/sessions/", "/admin/", "/webhooks/stripe/", "/none/"]
)
def test_no_address_knows_another_method(owner_client, django_assert_num_queries, method, path):
    with django_assert_num_queries(0):
        answer = owner_client.generic(method, path, headers={"Accept": "application/json"})

    assert (answer.status_code, answer["Allow"], answer.content) == (405, "GET, HEAD, POST", b"")
