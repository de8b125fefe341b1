"""What staff did is written down, and nobody changes what is written."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.urls import reverse

from shopfolio.core.models import Profile
from shopfolio.ecommerce.services import aftercare
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import run_due_jobs
from shopfolio.users import audit
from shopfolio.users.models import AuditEntry, CustomUser
from shopfolio.users.roles import Role
from tests.admin_forms import filled_in
from tests.factories import make_owner, make_paid_order, make_shop, make_staff
from tests.users.people import PASSWORD, app_code, give_app, log_in_as, mailed_code, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def log_in(client, email, password=PASSWORD):
    return client.post("/account/login/", {"login": email, "password": password})


def written(*fields):
    return list(AuditEntry.objects.order_by("created").values_list(*(fields or ("action", "who", "about"))))


def test_who_of_the_staff_comes_in_or_is_refused_is_written_down(client):
    clerk = make_staff(Role.CLERK, email="clerk@example.org", password=PASSWORD)
    clerk.confirm_address()

    log_in(client, "CLERK@example.org", "a password that is wrong")
    run_due_jobs()
    log_in(client, clerk.email)

    fields = ("action", "by", "who", "role", "about", "note")
    assert written(*fields) == [
        ("login-refused", None, "", "", "clerk@example.org", "password"),
        ("login", clerk.pk, "clerk@example.org", "Shop clerk", "clerk@example.org", ""),
    ]


def test_buyers_and_what_strangers_type_are_not_written_down(client):
    buyer = CustomUser.objects.create_user("buyer@example.org", PASSWORD)
    buyer.confirm_address()

    log_in(client, "my secret password", "x")
    log_in(client, "nobody@example.org", "x")
    log_in(client, buyer.email, "x")
    log_in(client, buyer.email)
    run_due_jobs()

    assert written() == []
    assert "secret" not in str(list(Job.objects.values_list("args", "key")))


def test_a_wrong_second_factor_is_a_refused_login(client):
    clerk = make_staff(Role.CLERK, email="clerk@example.org", password=PASSWORD)
    clerk.confirm_address()
    give_app(clerk)

    second = log_in(client, clerk.email)["Location"]
    wrong = "000000" if app_code() != "000000" else "111111"
    client.post(second, {"code": wrong})

    assert written("action", "about", "note") == [
        ("login-refused", "clerk@example.org", "second factor, totp"),
    ]


def test_a_role_that_is_given_a_new_password_and_an_end_are_written_down(client):
    owner, other = make_owner(), CustomUser.objects.create_user("other@example.org")
    log_in_as(client, owner)
    page = reverse("admin:users_customuser_change", args=[other.pk])
    clerk = str(Group.objects.get(name=Role.CLERK).pk)
    new = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}

    client.post(page, {"email": other.email, "is_active": "on", "groups": [clerk]})
    client.post(f"/admin/users/customuser/{other.pk}/password/", new)
    client.post(f"/admin/users/customuser/{other.pk}/delete/", {"post": "yes"})

    assert written("action", "who", "role", "about", "note")[1:] == [
        ("user", owner.email, "Superuser", "other@example.org", "– → Shop clerk"),
        ("password", owner.email, "Superuser", "other@example.org", ""),
        ("user", owner.email, "Superuser", "other@example.org", "deleted"),
    ]
    assert PASSWORD not in str(written("note", "about"))


def test_a_password_of_staff_that_a_mailed_code_made_new_is_written_down(client):
    for person in (make_staff(Role.CLERK, email="clerk@example.org"), make_person("buyer@example.org")):
        client.post("/account/password/reset/", {"email": person.email})
        client.post("/account/code/", {"code": mailed_code()})
        client.post("/account/password/reset/new/", {"password": "eleven paper cranes"})
        client.logout()

    assert written("action", "who", "about", "note") == [
        ("password", "clerk@example.org", "clerk@example.org", "own, new by mail"),
        ("login", "clerk@example.org", "clerk@example.org", ""),
    ]


def test_a_password_in_the_back_office_is_changed_on_the_account_page(client):
    log_in_as(client, make_owner())

    assert client.get("/admin/password_change/")["Location"] == "/account/security/password/"


def test_a_refund_and_a_revoked_link_are_written_down(client, private_files):
    make_shop()
    order, owner = make_paid_order(), make_owner()
    log_in_as(client, owner)
    sent = {"amount": "1", "wish": "01a20a6a-c4dc-7407-b543-8152cfcfd016", "confirmed": "yes"}

    client.post(reverse("admin:ecommerce_order_refund", args=[order.pk]), sent)
    aftercare.renew_link(order.pk, by=owner)

    assert [(action, about) for action, _who, about in written()[1:]] == [
        ("refund", str(order)), ("link", str(order)),
    ]  # fmt: skip


def test_changed_settings_and_another_identity_are_written_down(client):
    make_shop()
    log_in_as(client, make_owner())
    shop, profile = "/admin/ecommerce/shopsettings/", reverse("admin:core_profile_change", args=[Profile.ID])

    page = client.get(shop, follow=True)
    client.post(page.request["PATH_INFO"], filled_in(page) | {"low_stock": "9"})
    client.post(profile, filled_in(client.get(profile)) | {"headline": "New words"})
    client.post(profile, filled_in(client.get(profile)) | {"legal_name": "Ines Lda"})

    assert written("action", "note")[1:] == [("shop", "low_stock"), ("identity", "legal_name")]


def test_the_server_that_takes_a_factor_away_says_so():
    clerk = make_staff(Role.CLERK)
    give_app(clerk)

    call_command("remove_second_factor", clerk.email)

    assert written("action", "by", "about", "note") == [
        ("second-factor", None, clerk.email, "2 removed on the server"),
    ]


def test_what_is_written_stays(client):
    owner = make_owner()
    audit.record("export", by=owner)
    entry = AuditEntry.objects.get()

    for change in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(note="x"),
    ):
        with pytest.raises(TypeError, match="stays"):
            change()
    assert list(
        Permission.objects.filter(content_type__model="auditentry").values_list("codename", flat=True)
    ) == ["view_auditentry"]
    log_in_as(client, make_owner())
    page = reverse("admin:users_auditentry_change", args=[entry.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"note": "x"}).status_code == 403
    assert client.post(page.replace("/change/", "/delete/"), {"post": "yes"}).status_code == 403
    assert client.get("/admin/users/auditentry/add/").status_code == 403

    owner.delete()
    entry = AuditEntry.objects.get(pk=entry.pk)
    assert (entry.by, entry.who, entry.note) == (None, owner.email, "")


@pytest.mark.parametrize("role", [Role.EDITOR, Role.CLERK])
def test_only_owners_read_it(client, role):
    client.force_login(make_staff(role))

    assert client.get("/admin/users/auditentry/").status_code == 403


def test_what_has_no_name_is_not_written_down():
    with pytest.raises(ValueError, match="dance"):
        audit.record("dance", by=None)
