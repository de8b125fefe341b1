import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from shopfolio.pictures import private_storage
from shopfolio.users.models import CustomUser
from tests.users.people import run_jobs

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

ADD = "admin:users_customuser_add"


def new_user(**fields):
    filled = {
        "email": "Marta@Example.org", "usable_password": "true", "password1": "seven wooden boats",
        "password2": "seven wooden boats",
    }  # fmt: skip
    return filled | fields


def test_a_new_user_is_kept_in_lower_case_and_can_log_in(owner_client):
    answer = owner_client.post(reverse(ADD), new_user(first_name="Marta", language="pt"))

    assert answer.status_code == 302
    user = CustomUser.objects.get(email="marta@example.org")
    assert user.check_password("seven wooden boats")
    assert (user.first_name, user.language, user.is_staff) == ("Marta", "pt", False)


def test_a_second_user_with_the_same_address_in_another_case_is_refused_with_one_message(owner_client):
    CustomUser.objects.create_user("marta@example.org")

    page = owner_client.post(reverse(ADD), new_user(email="MARTA@example.ORG"))

    assert page.status_code == 200
    assert len(page.context["errors"]) == 1
    assert "already" in page.content.decode()
    assert CustomUser.objects.filter(email__iexact="marta@example.org").count() == 1


def test_a_weak_password_is_refused(owner_client):
    page = owner_client.post(reverse(ADD), new_user(password1="12345678", password2="12345678"))

    assert page.status_code == 200
    assert not CustomUser.objects.filter(email="marta@example.org").exists()


@pytest.mark.parametrize("how", ["deleted", "taken away"])
def test_a_portrait_goes_with_its_user_and_when_the_owner_takes_it_away(owner_client, private_files, how):
    person, path = CustomUser.objects.create_user("marta@example.org"), "pictures/customuser/marta.jpg"
    private_storage().save(path, ContentFile(b"jpeg"))
    CustomUser.objects.filter(pk=person.pk).update(avatar=path)

    if how == "deleted":
        owner_client.post(reverse("admin:users_customuser_delete", args=[person.pk]), {"post": "yes"})
    else:
        sent = {"email": person.email, "is_active": "on", "avatar-clear": "on"}
        owner_client.post(reverse("admin:users_customuser_change", args=[person.pk]), sent)

    assert run_jobs("users.delete_picture") == 1
    assert not private_storage().exists(path)


def test_the_back_office_shows_nobodys_second_factor_and_nobodys_sessions(owner_client):
    assert owner_client.get("/admin/mfa/authenticator/").status_code == 404
    assert owner_client.get("/admin/usersessions/usersession/").status_code == 404
