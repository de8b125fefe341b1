"""Every page of the back office, whatever app it belongs to."""

import re
from datetime import UTC, datetime

import pytest
from django.contrib import admin
from django.urls import reverse

from shopfolio.core.models import BlogPost, Tag
from shopfolio.ecommerce.models import ShopSettings
from shopfolio.users.roles import Role
from tests import addresses
from tests.everything import add_rows
from tests.factories import make_post, make_product, make_shop, make_staff, make_variant

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

    names = "Orders, Products, Writing, Work, Résumé, Messages, People, Settings, Machine room"
    assert ", ".join(str(room["name"]) for room in page.context["app_list"]) == names
    by_room = {
        room["name"]: [model["object_name"] for model in room["models"]] for room in page.context["app_list"]
    }
    assert by_room["People"] == ["CustomUser", "Subscriber"]
    assert by_room["Orders"][0] == "Order"


def places(page) -> dict[str, str | None]:
    """The links of the way around, each with its mark."""
    way = re.search(r'<nav class="places".*?</nav>', page.content.decode(), re.DOTALL)
    links = re.findall(r'<a href="[^"]+"(?: aria-current="(\w+)")?>([^<]+)</a>', way[0])
    return {name: mark or None for mark, name in links}


def test_the_way_around_marks_the_place_and_opens_its_room(owner_client):
    page = owner_client.get(reverse("admin:core_tag_changelist"))

    found = places(page)

    assert found == {
        "Today": None, "Orders": None, "Products": None, "Writing": None, "Posts": None, "Tags": "page",
        "Terms and policies": None, "Work": None, "Résumé": None, "Messages": None, "People": None,
        "Settings": None, "Machine room": None,
    }  # fmt: skip


def test_a_row_is_in_the_room_of_its_list(owner_client):
    tag = Tag.objects.create(title="Ink")

    found = places(owner_client.get(reverse("admin:core_tag_change", args=[tag.pk])))

    assert [name for name, mark in found.items() if mark] == ["Tags"]


@pytest.mark.parametrize(
    ("role", "rooms"),
    [
        (Role.EDITOR, ["Today", "What needs you", "Writing", "Work", "Résumé", "Settings"]),
        (Role.CLERK, ["Today", "What needs you", "Orders", "Products", "Messages"]),
    ],
)
def test_the_way_around_has_what_a_role_may_see(client, role, rooms):
    client.force_login(make_staff(role))

    found = places(client.get(reverse("admin:index")))

    assert list(found) == rooms


def test_every_cell_of_a_list_names_its_column(owner_client):
    Tag.objects.create(title="<b>Ink</b>")

    page = owner_client.get(reverse("admin:core_tag_changelist")).content.decode()

    assert '<td data-column="Posts" class="field-posts_count">0</td>' in page
    assert "<b>Ink</b>" not in page
    assert page.count('class="action-checkbox"') == 1


def test_a_list_is_narrowed_and_sorted_without_a_script(owner_client):
    page = owner_client.get(reverse("admin:core_blogpost_changelist"), {"state": "live", "o": "-1"})

    html = page.content.decode()
    assert 'href="?o=-1&amp;state=live" aria-current="true">Published</a>' in html
    assert "in use" in html
    assert "Nothing here is like that." in html


def test_what_is_chosen_from_is_there_without_a_script(owner_client):
    Tag.objects.create(title="Ink")

    page = owner_client.get(reverse("admin:core_blogpost_add")).content.decode()

    assert "select2" not in page
    assert re.search(r'<input type="checkbox" name="tags" value="[^"]+" id="id_tags_0"> Ink</label>', page)
    assert '<input type="date" name="activate_date_0"' in page


def test_a_hidden_box_is_described_by_nobody(owner_client):
    make_shop()
    product = make_variant(make_product("Print"), available=3).product

    page = owner_client.get(reverse("admin:ecommerce_product_change", args=[product.pk])).content.decode()

    hidden = re.findall(r'<input type="hidden"[^>]*>', page)
    assert any('name="initial-variants-0-on_shelf"' in box for box in hidden)
    assert [box for box in hidden if "aria-" in box] == []


def test_no_page_of_the_back_office_allows_inline_code(owner_client):
    for page in [reverse("admin:index"), reverse("admin:core_blogpost_add")]:
        policy = owner_client.get(page).headers["Content-Security-Policy"]

        assert "unsafe-inline" not in policy
        assert "unsafe-eval" not in policy
        assert "default-src 'none'" in policy


def test_a_public_page_does_not_get_the_editors_exceptions(client):
    policy = client.get("/blog/").headers["Content-Security-Policy"]

    assert "sha256" not in policy


def test_settings_are_asked_for_in_plain_words(owner_client):
    page = owner_client.get(reverse("admin:ecommerce_shopsettings_changelist"), follow=True)

    form = page.context["adminform"].form
    assert (form["low_stock"].label, form["ships_to"].label) == ("Few are left from", "Where you deliver")
    assert form["ships_to"].help_text == "None ticked: everywhere."
    assert form["tax_rate"].help_text == "In percent, such as 23."
    assert page.context["title"] == "The shop"


def test_days_come_first_and_hours_count_to_24(owner_client):
    post = make_post()
    BlogPost.objects.filter(pk=post.pk).update(activate_date=datetime(2026, 11, 2, 20, 5, tzinfo=UTC))

    page = owner_client.get(reverse("admin:core_blogpost_changelist")).content.decode()

    assert "2 November 2026, 20:05" in page


def test_countries_to_deliver_to_are_ticked_and_kept(owner_client):
    make_shop()
    page = owner_client.get(reverse("admin:ecommerce_shopsettings_change", args=[ShopSettings.ID]))
    form = {bound.html_name: bound.value() or "" for bound in page.context["adminform"].form}

    owner_client.post(page.request["PATH_INFO"], form | {"ships_to": ["PT", "ES"]})

    assert sorted(ShopSettings.objects.get().ships_to) == ["ES", "PT"]
    again = owner_client.get(page.request["PATH_INFO"]).content.decode()
    ticked = re.findall(r'name="ships_to" value="(\w\w)" id="\w+"( checked)?', again)
    assert [bool(is_ticked) for _code, is_ticked in ticked[:3]] == [True, True, False]


def test_a_deletion_is_asked_for_without_what_nobody_made(owner_client):
    tag = Tag.objects.create(title="Ink")
    make_post("On tides").tags.add(tag)
    address = reverse("admin:core_tag_delete", args=[tag.pk])

    page = owner_client.get(address).content.decode()
    owner_client.post(address, {"post": "yes"})

    assert "<li>Tags: 1</li>" in page
    assert "relationship" not in page
    assert not Tag.objects.exists()
    assert BlogPost.objects.count() == 1
