"""The back office asks for a second factor, and once more who it is before what cannot be taken back."""

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.urls import reverse

from shopfolio.core.models import Tag
from shopfolio.ecommerce.models import Refund
from shopfolio.users.models import CustomUser
from shopfolio.users.roles import Role
from tests.factories import make_owner, make_paid_order, make_shop, make_staff
from tests.users.people import PASSWORD, app_code, give_app, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture
def open_site(settings):
    settings.LOOPBACK = False


@pytest.fixture
def owner(client):
    """Logged in, with a password, and not asked for it lately."""
    owner = make_owner(email="ines@example.org", password=PASSWORD)
    client.force_login(owner)
    return owner


def say_it_is_me(client, page):
    return client.post(f"/account/confirm/?next={page}", {"password": PASSWORD, "next": page})


@pytest.mark.parametrize(
    "page", ["/admin/", "/admin/attention/", "/admin/core/blogpost/add/", "/admin/jsi18n/"]
)
def test_a_password_alone_does_not_open_the_back_office(client, owner, open_site, page):
    answer = client.get(page)

    assert answer.status_code == 403
    assert reverse("mfa_activate_totp") in answer.content.decode()
    assert client.post("/admin/core/tag/add/", {"title": "Ink"}).status_code == 403
    assert client.post("/admin/logout/").status_code in {200, 302}


def test_a_second_factor_opens_it_and_leads_back(client, owner, open_site):
    client.get("/admin/core/tag/")
    give_app(owner)

    assert 'href="/admin/core/tag/"' in client.get("/account/security/").content.decode()
    asked = client.get("/admin/core/tag/")
    assert asked["Location"] == "/account/confirm/code/?next=%2Fadmin%2Fcore%2Ftag%2F"
    assert client.post(asked["Location"], {"code": app_code()})["Location"] == "/admin/core/tag/"
    assert client.get("/admin/core/tag/").status_code == 200


def test_a_browser_that_logged_in_by_password_before_does_nothing_without_it(client, owner, open_site):
    give_app(owner)  # in another browser

    answer = client.post("/admin/core/tag/add/", {"title": "Ink", "slug": "ink"})

    assert answer["Location"] == "/account/confirm/code/?next=%2Fadmin%2F"
    assert not Tag.objects.exists()


@pytest.mark.parametrize("page", ["/admin/login/", "/admin/login/?next=/admin/core/tag/"])
def test_the_back_office_has_no_login_of_its_own(client, page):
    """Django's took the owner's password from a clerk's session, uncounted, with no second factor."""
    owner = make_owner(email="ines@example.org", password=PASSWORD)
    right = {"username": owner.email, "password": PASSWORD}

    stranger = client.post(page, right)
    clerk = make_staff(Role.CLERK)
    client.force_login(clerk)
    from_inside = client.post(page, right)

    assert stranger["Location"].startswith("/account/login/?next=%2Fadmin%2F")
    assert (from_inside.status_code, from_inside["Location"]) == (303, "/admin/")
    assert client.session["_auth_user_id"] == str(clerk.pk)


def test_somebody_who_does_not_work_here_is_refused_at_the_back_offices_login(client):
    client.force_login(make_person())

    assert client.get("/admin/login/").status_code == 403
    assert client.post("/admin/login/", {"username": "a", "password": "b"}).status_code == 403


def test_its_login_leads_nowhere_else(client):
    answer = client.get("/admin/login/?next=https://evil.example/")

    assert answer["Location"] == "/account/login/?next=%2Fadmin%2F"


def test_who_has_one_is_asked_for_it_at_the_login(client, open_site):
    owner = make_owner(email="ines@example.org", password=PASSWORD)
    owner.confirm_address()
    give_app(owner)

    first = client.post("/account/login/", {"login": owner.email, "password": PASSWORD, "next": "/admin/"})
    assert first["Location"].startswith("/account/login/second/")
    assert client.get("/admin/").status_code == 302
    second = client.post(first["Location"], {"code": app_code()})

    assert second["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_on_this_machines_own_address_a_notice_is_enough(client, owner):
    assert "At this address a password is enough." in client.get("/admin/").content.decode()
    give_app(owner)
    assert "At this address a password is enough." not in client.get("/admin/").content.decode()


def test_the_server_takes_a_lost_second_factor_away():
    owner = make_owner(email="ines@example.org", password=PASSWORD)
    give_app(owner)

    call_command("remove_second_factor", "Ines@example.org")

    assert not Authenticator.objects.exists()
    with pytest.raises(CommandError, match="Nobody logs in"):
        call_command("remove_second_factor", "nobody@example.org")


def test_a_refund_asks_who_it_is_and_loses_nothing(client, owner, private_files):
    make_shop()
    page = reverse("admin:ecommerce_order_refund", args=[make_paid_order().pk])
    assert client.get(page)["Location"].startswith("/account/confirm/")
    sent = {"amount": "1", "reason": "Torn", "wish": "01a20a6a-c4dc-7407-b543-8152cfcfd016"}

    stale = client.post(page, sent | {"confirmed": "yes"})
    assert stale["Location"].startswith("/account/confirm/")
    assert not Refund.objects.exists()
    say_it_is_me(client, page)

    assert Refund.objects.get().reason == "Torn"
    assert client.get(page).status_code == 200


@pytest.mark.parametrize("door", ["button", "list"])
def test_a_failed_refund_is_tried_again_only_after_asking(client, owner, private_files, door):
    make_shop()
    order = make_paid_order()
    failed = Refund.objects.create(
        order=order, session=order.sessions.get(), amount=100, currency="EUR",
        idempotency_key="refund-1", status=Refund.Status.FAILED,
    )  # fmt: skip
    page = reverse("admin:ecommerce_refund_changelist")
    sent = {"action": "try_again", "_selected_action": [str(failed.pk)]}
    if door == "button":
        page, sent = reverse("admin:ecommerce_refund_do", args=[failed.pk, "try_again"]), {}
    assert client.get(reverse("admin:ecommerce_refund_changelist")).status_code == 200

    stale = client.post(page, sent)
    assert stale["Location"].startswith("/account/confirm/")
    assert Refund.objects.count() == 1
    say_it_is_me(client, page)

    assert Refund.objects.exclude(pk=failed.pk).get().amount == 100


def test_a_clerk_is_refused_a_refund_without_being_asked(client, private_files):
    make_shop()
    page = reverse("admin:ecommerce_order_refund", args=[make_paid_order().pk])
    client.force_login(make_staff(Role.CLERK, password=PASSWORD))

    assert client.get(page).status_code == 403


@pytest.mark.parametrize("page", ["change", "delete", "password"])
def test_roles_passwords_and_users_change_only_after_asking(client, owner, page):
    other = make_staff(Role.CLERK, password=PASSWORD)
    new = {"usable_password": "true", "password1": "eight wooden boats", "password2": "eight wooden boats"}

    answer = client.post(f"/admin/users/customuser/{other.pk}/{page}/", new | {"post": "yes", "groups": []})

    assert answer["Location"].startswith("/account/confirm/")
    assert "eight wooden boats" not in str(dict(client.session))
    other = CustomUser.objects.get(pk=other.pk)
    assert (other.is_staff, other.groups.count(), other.check_password(PASSWORD)) == (True, 1, True)


def test_after_asking_a_role_is_taken_away_as_it_was_sent(client, owner):
    other = make_staff(Role.CLERK)
    page = f"/admin/users/customuser/{other.pk}/change/"
    client.post(page, {"email": other.email, "is_active": "on"})

    say_it_is_me(client, page)

    other = CustomUser.objects.get(pk=other.pk)
    assert (other.is_staff, other.groups.count()) == (False, 0)


def test_users_are_not_deleted_from_the_list(client, owner):
    other = make_staff(Role.CLERK)
    chosen = {"action": "delete_selected", "_selected_action": [str(other.pk)], "post": "yes"}

    client.post("/admin/users/customuser/", chosen)

    assert CustomUser.objects.filter(pk=other.pk).exists()
