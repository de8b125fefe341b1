"""Every page of the back office, whatever app it belongs to."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.redirects.models import Redirect
from django.core.files.base import ContentFile
from django.urls import reverse

from shopfolio.core import models as core
from shopfolio.ecommerce import models as shop
from shopfolio.tasks.models import Email, Job
from tests.factories import (
    make_cart,
    make_paid_order,
    make_post,
    make_product,
    make_shop,
    make_variant,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def add_rows() -> None:
    """One row of every model that the back office shows."""
    make_shop()
    make_post()
    variant = make_variant(make_product())
    make_cart((variant, 1))
    order = make_paid_order((variant, 1))
    core.Project.objects.create(title="Mural")
    core.Skill.objects.create(title="Drawing")
    core.Certificate.objects.create(title="Diploma", issuer="School")
    core.Experience.objects.create(title="Painter", started="2019")
    core.Policy.objects.create(title="Privacy")
    core.Tag.objects.create(title="Ink")
    core.Testimonial.objects.create(name="Jonas", feedback="Good.")
    core.ContactMessage.objects.create(name="Ana", email="ana@example.org", message="Hello")
    core.Subscriber.objects.create(email="sub@example.org")
    Redirect.objects.create(site_id=1, old_path="/old/", new_path="/new/")
    Group.objects.create(name="Editors")
    Job.objects.create(name="tasks.prune", key="1")
    Email.objects.create(
        key="1", to="ana@example.org", subject="Hi", text="Hello", message_id="<1@example.org>"
    )
    shop.StripeEvent.objects.create(event_id="evt_1", type="checkout.session.completed", payload={})
    shop.Refund.objects.create(
        order=order, session=order.sessions.get(), amount=100, currency="EUR", idempotency_key="re:1"
    )
    line = order.lines.get(kind="product")
    shop.Entitlement.objects.create(order=order, line=line, product=variant.product)
    invoice = order.invoices.get()
    pdf = ContentFile(b"%PDF-1.7", name=f"{invoice.number}.pdf")
    shop.InvoicePDF.objects.create(invoice=invoice, file=pdf, sha256="0" * 64)


def pages() -> list[str]:
    found = [reverse("admin:index")]
    for model in admin.site._registry:
        opts = model._meta
        found.append(reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"))
        row = model._default_manager.first()
        if row is not None:
            found.append(reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk]))
    return found


def add_pages(owner_client) -> list[str]:
    request = owner_client.get(reverse("admin:index")).wsgi_request
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
        for model, model_admin in admin.site._registry.items()
        if model_admin.has_add_permission(request)
    ]


def test_every_page_opens_for_the_owner(owner_client, private_files):
    add_rows()

    answers = {
        page: owner_client.get(page, follow=True).status_code for page in pages() + add_pages(owner_client)
    }

    assert {page: status for page, status in answers.items() if status != 200} == {}
    shown = {model for model in admin.site._registry if model._default_manager.exists()}
    without_rows = {model._meta.model_name for model in set(admin.site._registry) - shown}
    assert without_rows <= {"emailaddress", "emailconfirmation"}


def test_no_page_opens_for_a_visitor(client, owner_client, private_files):
    add_rows()
    found = pages() + add_pages(owner_client)
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
