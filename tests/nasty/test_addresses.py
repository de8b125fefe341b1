"""Every parameter and every part of an address, with nasty values: never an error of ours."""

from urllib.parse import quote_from_bytes

import pytest
from django.contrib import admin
from django.urls import reverse

from tests.factories import make_paid_order
from tests.nasty.values import NASTY, TRIED

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

QUOTED = {
    label: quote_from_bytes(value, safe="")
    for label, value in NASTY.items()
    if len(value) < 1_000 and label in {*TRIED, "lone surrogate"}
}
"""The web server refuses a longer address by itself."""

PARAMETERS = [
    "/?x=", "/blog/?page=", "/shop/?page=", "/checkout/return/?session_id=", "/account/login/?next=",
    "/checkout/cancelled/?session_id=", "/sitemap.xml?p=", "/search/?q=", "/search/?q=a&page=",
]  # fmt: skip
PLACES = [
    "/{}", "/blog/{}/", "/blog/tag/{}/", "/portfolio/{}/", "/skills/{}/", "/policies/{}/", "/shop/{}/",
    "/newsletter/confirm/{}/", "/newsletter/unsubscribe/{}/", "/orders/{}/", "/orders/{}/invoice.pdf",
    "/media/pictures/{}.png", "/admin/{}/", "/static/{}",
]  # fmt: skip


def errors_of_ours(client, addresses):
    client.raise_request_exception = False
    statuses = {address[:200]: client.get(address).status_code for address in addresses}
    return {address: status for address, status in statuses.items() if status >= 500}


@pytest.mark.parametrize("address", PARAMETERS)
def test_a_parameter_may_hold_anything(client, address):
    assert errors_of_ours(client, [address + value for value in QUOTED.values()]) == {}


@pytest.mark.parametrize("place", PLACES)
def test_an_address_may_be_anything(client, place):
    assert errors_of_ours(client, [place.format(value) for value in QUOTED.values()]) == {}


def test_the_parts_of_an_orders_address_may_be_anything(client):
    token = make_paid_order().get_absolute_url()
    places = ["{}documents/{}.pdf", "{}downloads/{}/", "{}{}"]

    assert (
        errors_of_ours(client, [place.format(token, value) for place in places for value in QUOTED.values()])
        == {}
    )


@pytest.mark.parametrize("name", ["cart", "sessionid", "csrftoken", "messages"])
def test_a_cookie_may_hold_anything(client, name):
    client.raise_request_exception = False
    for value in QUOTED.values():
        client.cookies[name] = value
        assert client.get("/cart/").status_code == 200
        assert client.get("/admin/").status_code == 302


LISTS = list(admin.site._registry.values())
OFTEN_WRONG = ["huge", "wrong key"]
"""For what every list has of its own; the rest is Django's and tried on one."""


def address_of(model_admin):
    return reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist")


@pytest.mark.parametrize(
    "name",
    ["p", "o", "e", "q", "all", "_facets", "_popup", "_to_field", "x", "id__exact", "pk__in", "total__gt"],
)
def test_a_list_of_the_back_office_may_be_asked_for_anything(owner_client, name):
    addresses = [f"/admin/ecommerce/order/?{name}={value}" for value in QUOTED.values()]

    assert errors_of_ours(owner_client, addresses) == {}


@pytest.mark.parametrize("model_admin", LISTS, ids=lambda each: each.opts.model_name)
def test_a_list_may_be_narrowed_by_anything(owner_client, model_admin):
    names = ["created__gte", "q"]
    for each in model_admin.list_filter:
        if not isinstance(each, str):
            names.append(each.parameter_name)
            continue
        names += [f"{each}__exact", f"{each}__id__exact", f"{each}__in", f"{each}__isnull"]
    if model_admin.date_hierarchy:
        names += [f"{model_admin.date_hierarchy}__{part}" for part in ("year", "month", "day", "gte")]

    addresses = [
        f"{address_of(model_admin)}?{name}={QUOTED[label]}" for name in names for label in OFTEN_WRONG
    ]

    assert errors_of_ours(owner_client, addresses) == {}


@pytest.mark.parametrize("parameter", ["term", "app_label", "model_name", "field_name", "page"])
def test_a_search_box_of_the_back_office_may_be_asked_for_anything(owner_client, parameter):
    good = {"term": "a", "app_label": "core", "model_name": "blogpost", "field_name": "tags"}
    query = "&".join(f"{name}={value}" for name, value in good.items() if name != parameter)

    addresses = [f"/admin/autocomplete/?{query}&{parameter}={value}" for value in QUOTED.values()]

    assert errors_of_ours(owner_client, addresses) == {}


@pytest.mark.parametrize(
    "place",
    [
        "/admin/core/blogpost/{}/change/", "/admin/core/blogpost/{}/history/", "/admin/r/{}/x/",
        "/admin/r/1/{}/", "/admin/core/{}/", "/admin/ecommerce/invoice/{}/document.pdf",
        "/admin/core/blogpost/add/?_popup={}", "/admin/core/blogpost/add/?_changelist_filters={}",
    ],
)  # fmt: skip
def test_a_page_of_the_back_office_may_be_asked_for_anything(owner_client, place):
    assert errors_of_ours(owner_client, [place.format(value) for value in QUOTED.values()]) == {}


def test_an_address_fills_in_no_form(owner_client):
    fields = {"title": "Buy now", "tags": "x", "activate_date": "x", "author": "x"}

    answer = owner_client.get("/admin/core/blogpost/add/", fields)

    assert answer.status_code == 200
    assert answer.context["adminform"].form["title"].value() in {None, ""}
