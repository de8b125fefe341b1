"""Every page of the back office, whatever app it belongs to."""

import pytest
from django.contrib import admin
from django.urls import reverse

from tests import addresses
from tests.everything import add_rows

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def add_pages(owner_client) -> list[str]:
    request = owner_client.get(reverse("admin:index")).wsgi_request
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
        for model, model_admin in admin.site._registry.items()
        if model_admin.has_add_permission(request)
    ]


def test_every_page_opens_for_the_owner(owner_client, private_files):
    add_rows()

    found = addresses.pages_of_the_back_office() + add_pages(owner_client)
    answers = {page: owner_client.get(page, follow=True).status_code for page in found}

    assert {page: status for page, status in answers.items() if status != 200} == {}
    shown = {model for model in admin.site._registry if model._default_manager.exists()}
    without_rows = {model._meta.model_name for model in set(admin.site._registry) - shown}
    assert without_rows == set()


def test_no_page_opens_for_a_visitor(client, owner_client, private_files):
    add_rows()
    found = addresses.pages_of_the_back_office() + add_pages(owner_client)
    client.logout()

    answers = {page: client.get(page).status_code for page in found}

    assert set(answers.values()) == {302}


def test_the_index_is_grouped_in_plain_words(owner_client):
    page = owner_client.get(reverse("admin:index"))

    assert [room["name"] for room in page.context["app_list"]] == ["Shop", "Site", "People", "Machine room"]
    by_room = {
        room["name"]: [model["object_name"] for model in room["models"]] for room in page.context["app_list"]
    }
    assert by_room["People"] == ["ContactMessage", "Subscriber", "CustomUser"]
    assert by_room["Shop"][0] == "Order"


def test_no_page_of_the_back_office_allows_inline_code(owner_client):
    for page in [reverse("admin:index"), reverse("admin:core_blogpost_add")]:
        policy = owner_client.get(page).headers["Content-Security-Policy"]

        assert "unsafe-inline" not in policy
        assert "unsafe-eval" not in policy
        assert "default-src 'none'" in policy


def test_a_public_page_does_not_get_the_editors_exceptions(client):
    policy = client.get("/blog/").headers["Content-Security-Policy"]

    assert "sha256" not in policy
