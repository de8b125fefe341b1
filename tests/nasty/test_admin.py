"""Every form of the back office, every field, nasty values: refused beside the field, or kept as typed."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.redirects.models import Redirect
from django.db import transaction
from django.urls import reverse

from shopfolio.core.models import (
    BlogPost,
    Certificate,
    Experience,
    Policy,
    Profile,
    Project,
    Skill,
    Tag,
    Testimonial,
)
from shopfolio.core.services import forget_site
from shopfolio.ecommerce.models import Product, Refund, ShopSettings
from shopfolio.users.models import CustomUser
from tests.admin_forms import read_form
from tests.factories import make_paid_order, make_shop
from tests.nasty.values import NASTY, TRIED

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

VALUES = [label for label in TRIED if label != "wrong key"]
PASSWORD = "a long enough password"
NEEDED = {
    "title": "Page", "name": "Ana", "issuer": "School", "started": "2019", "feedback": "Good.",
    "old_path": "/a/", "new_path": "/b/", "site": "1", "domain": "a.example", "email": "ana@example.org",
    "password1": PASSWORD, "password2": PASSWORD, "variants-0-sku": "SKU", "variants-0-price": "24",
}  # fmt: skip
"""What the forms want that nothing stands in yet."""

SINGLE = [Profile, ShopSettings]
ADDED = [
    BlogPost, Certificate, CustomUser, Experience, Policy, Product, Project, Redirect,
    Skill, Tag, Testimonial,
]  # fmt: skip


def address_of(model: Any) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    return reverse(f"{name}_change", args=[model.ID]) if model in SINGLE else reverse(f"{name}_add")


def filled_in(client: Any, address: str) -> tuple[dict[str, str], set[str]]:
    """The form as a person would send it, and the names in it that are choices."""
    parser = read_form(client.get(address))
    fields = parser.found
    needed = NEEDED | {"user": str(CustomUser.objects.get().pk)}
    fields |= {name: value for name, value in needed.items() if name in fields and not fields[name].strip()}
    return fields, {name for name in parser.choices if "__prefix__" not in name}


def refused_fields(answer: Any) -> set[str]:
    """The names of the fields that the page names as wrong, and of what belongs to them."""
    forms = [answer.context["adminform"].form]
    for formset in answer.context["inline_admin_formsets"]:
        forms += formset.formset.forms
    return {form.add_prefix(name) for form in forms for name in form.errors}


@contextmanager
def undone() -> Iterator[None]:
    """What happens within is rolled back, so that every value meets the same rows."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_every_form_of_the_back_office_is_tried(rf: Any, owner_client: Any) -> None:
    request = rf.get("/")
    request.user = CustomUser.objects.get()
    added = {model for model, each in admin.site._registry.items() if each.has_add_permission(request)}

    assert added == set(ADDED)


@pytest.fixture
def form(owner_client: Any, model: Any) -> tuple[str, dict[str, str], set[str]]:
    """Its address, its fields as a person would send them, and which of them are choices."""
    make_shop()
    owner_client.raise_request_exception = False
    address = address_of(model)
    return address, *filled_in(owner_client, address)


every_model = pytest.mark.parametrize("model", [*SINGLE, *ADDED], ids=lambda model: model.__name__)


@every_model
def test_whatever_is_typed_is_kept_or_named(owner_client: Any, model: Any, form: Any) -> None:
    address, good, choices = form
    typed = [
        name for name in good.keys() - choices if not name.startswith(("initial-", "password", "usable"))
    ]
    typed = [name for name in typed if not name.endswith("_FORMS")]
    before = model.objects.count()
    faults = {}

    for label in VALUES:
        value = NASTY[label].decode(errors="replace")
        nasty = good | dict.fromkeys(typed, value)
        with undone():
            answer = owner_client.post(address, nasty)
            refused = refused_fields(answer) if answer.status_code == 200 else set()
            assert answer.status_code == 302 or (refused and model.objects.count() == before)
            assert "<script>alert" not in answer.content.decode()
        # With only the refused ones put right it is taken.
        right = {name: good[name] for name in typed if any(is_part_of(name, field) for field in refused)}
        with undone():
            answer = owner_client.post(address, nasty | right)
        if answer.status_code != 302:
            faults[label] = answer.status_code, refused

    assert faults == {}


def is_part_of(name: str, field: str) -> bool:
    """Dates with times are two boxes, lists as many as they have."""
    return name in {field, f"{field}_0", f"{field}_1"} or name.startswith(f"{field}-")


@every_model
def test_a_choice_that_is_none_is_refused(owner_client: Any, model: Any, form: Any) -> None:
    address, good, choices = form
    counts = {name for name in good if name.endswith("TOTAL_FORMS")}
    before = model.objects.count()

    for number, name in enumerate([*sorted(choices), *sorted(counts)]):
        kinds = ["NUL", "wrong key"] if name in counts else ["NUL", "huge", "wrong key"]
        wrong = NASTY[kinds[number % len(kinds)]].decode()
        with undone():
            answer = owner_client.post(address, good | {name: wrong})
            assert answer.status_code in {200, 400}, name
            assert model.objects.count() == before


@every_model
def test_a_good_form_is_taken(owner_client: Any, model: Any, form: Any) -> None:
    """Without this the tests above could pass because of something else."""
    address, good, _choices = form

    assert owner_client.post(address, good).status_code == 302


BOXES = [
    (Project, "figures", {"figures-0-value": "38"}),
    (Profile, "links", {"links-0-url": "https://example.org", "links-0-label": "Code"}),
    (Profile, "spoken_languages", {"spoken_languages-0-language": "English"}),
    (ShopSettings, "ships_to", {"ships_to": "PT"}),
]


@pytest.mark.parametrize(("model", "name", "right"), BOXES, ids=lambda value: str(value)[:20])
def test_a_row_of_a_list_takes_only_what_pages_can_show(
    owner_client: Any, form: Any, name: str, right: dict[str, str]
) -> None:
    address, good, _choices = form
    box = next(iter(right))

    for text in ("\x07", "\n", "<script>alert(1)</script>" * 30, "9" * 5_000):
        answer = owner_client.post(address, good | right | {box: f"{text}x"})

        assert answer.status_code == 200, text[:50]
        assert set(answer.context["adminform"].form.errors) == {name}
        assert "<script>alert" not in answer.content.decode()
        assert name == "ships_to" or f'value="{escape(text)}x"' in answer.content.decode()
    assert owner_client.post(address, good | right).status_code == 302


def test_pages_show_the_lists_as_they_were_written(owner_client: Any) -> None:
    make_shop()
    rows = {
        "links-0-label": "<b>Code</b>",
        "links-0-url": "https://example.org/?a=1&b=2",
        "spoken_languages-0-language": "Português 👩‍🎨",
    }
    address = address_of(Profile)
    good = filled_in(owner_client, address)[0]

    owner_client.post(address, good | rows)
    forget_site()

    page = owner_client.get("/contact/").content.decode()
    assert '<a href="https://example.org/?a=1&amp;b=2" rel="me noopener">&lt;b&gt;Code&lt;/b&gt;</a>' in page
    assert "Português 👩‍🎨" in owner_client.get("/resume/").content.decode()


@pytest.mark.parametrize("name", ["amount", "reason", "restock", "wish"])
def test_no_money_goes_back_for_nonsense(owner_client: Any, name: str) -> None:
    owner_client.raise_request_exception = False
    address = f"/admin/ecommerce/order/{make_paid_order().pk}/refund/"
    good = filled_in(owner_client, address)[0] | {"confirmed": "yes"}

    for label in TRIED:
        with undone():
            answer = owner_client.post(address, good | {name: NASTY[label].decode(errors="replace")})
            taken = answer.status_code == 302 and (name != "amount" or label == "fraction")

            assert taken or answer.status_code in {400, 422}, label
            assert Refund.objects.count() == taken
            assert "<script>alert" not in answer.content.decode()
