import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from shopfolio.users.models import CustomUser

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def test_an_e_mail_address_is_kept_in_lower_case():
    user = CustomUser.objects.create_user("Marta.Reis@Example.ORG", "a long password")

    assert CustomUser.objects.get().email == "marta.reis@example.org"
    assert user.check_password("a long password")
    assert (user.is_staff, user.is_superuser) == (False, False)


def test_a_user_is_found_in_any_case():
    user = CustomUser.objects.create_user("marta@example.org")

    assert CustomUser.objects.get_by_natural_key("MARTA@example.org") == user


def test_login_works_in_any_case(rf):
    user = CustomUser.objects.create_user("marta@example.org", "a long password")

    found = authenticate(rf.post("/"), email="Marta@Example.org", password="a long password")

    assert found == user


def test_the_same_address_in_another_case_is_refused_with_a_message():
    CustomUser.objects.create_user("marta@example.org")

    with pytest.raises(ValidationError) as refused:
        CustomUser(email="MARTA@example.org", password="x").full_clean()

    assert "already" in " ".join(refused.value.messages)


def test_the_database_refuses_the_same_address_in_another_case():
    CustomUser.objects.create_user("marta@example.org")
    other = CustomUser.objects.create_user("other@example.org")

    with pytest.raises(IntegrityError), transaction.atomic():
        CustomUser.objects.filter(pk=other.pk).update(email="MARTA@example.org")

    other.refresh_from_db()
    assert other.email == "other@example.org"


def test_a_user_needs_an_address():
    with pytest.raises(ValueError, match="e-mail"):
        CustomUser.objects.create_user("")

    assert not CustomUser.objects.exists()


def test_a_superuser_may_everything_and_is_an_owner():
    owner = CustomUser.objects.create_superuser("Ines@Example.org", "a long password")

    assert (owner.is_staff, owner.is_superuser) == (True, True)
    assert list(CustomUser.owners()) == [owner]


def test_an_address_that_somebody_had_before_can_be_confirmed():
    before = CustomUser.objects.create_user("ana@example.org")
    before.confirm_address()
    CustomUser.objects.filter(pk=before.pk).update(email="ana@new.example")  # as in the back office
    now = CustomUser.objects.create_user("ana@example.org")

    for _ in range(2):
        now.confirm_address()

    assert EmailAddress.objects.values_list("user", "email", "verified", "primary").get() == (
        now.pk, "ana@example.org", True, True,
    )  # fmt: skip
