"""What each role may, that the groups say it, and that nobody gets further than their role."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shopfolio.core.models import BlogPost, ContactMessage, Profile, Project
from shopfolio.ecommerce.models import Invoice, Order, Refund, StripeSession
from shopfolio.ecommerce.models.invoices import InvoicePDF
from shopfolio.tasks.outbox import run_due_jobs
from shopfolio.users import roles
from shopfolio.users.models import CustomUser
from shopfolio.users.roles import Role
from tests.addresses import FOR_THE_OWNER
from tests.addresses import pages_of_the_back_office as pages
from tests.admin_forms import filled_in
from tests.everything import add_rows
from tests.factories import make_owner, make_paid_order, make_post, make_product, make_shop, make_staff
from tests.test_back_office import add_pages
from tests.troubles import make_review
from tests.users.people import log_in_as

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

CONTENT = [
    "blogpost",
    "tag",
    "project",
    "projectpicture",
    "skill",
    "certificate",
    "experience",
    "testimonial",
]
EDITOR = {
    *(f"core.{verb}_{name}" for name in [*CONTENT, "policy"] for verb in ("view", "add", "change", "delete")),
    *("core.view_profile", "core.change_profile"),
}
CLERK = {
    *(
        f"ecommerce.{verb}_{name}"
        for name in ["product", "variant", "productimage", "productfile"]
        for verb in ("view", "add", "change", "delete")
    ),
    *("ecommerce.view_order", "ecommerce.change_order", "ecommerce.view_stockmovement"),
    *("ecommerce.view_invoice", "core.view_contactmessage", "core.change_contactmessage"),
}
ROOMS = {
    Role.EDITOR: {
        "BlogPost", "Project", "Skill", "Experience", "Certificate", "Testimonial", "Policy", "Tag",
        "Profile",
    },
    Role.CLERK: {"Order", "Product", "Invoice", "StockMovement", "ContactMessage"},
}  # fmt: skip


@pytest.fixture
def log_in(client):
    def log_in(role, **fields):
        user = make_staff(role, **fields)
        log_in_as(client, user)
        return user

    return log_in


def user_page(user):
    return reverse("admin:users_customuser_change", args=[user.pk])


def group_of(role):
    return str(Group.objects.get(name=role).pk)


def test_each_role_may_exactly_what_is_theirs():
    assert make_staff(Role.EDITOR).get_all_permissions() == EDITOR
    assert make_staff(Role.CLERK).get_all_permissions() == CLERK
    assert make_staff(Role.OWNER).get_all_permissions() == make_owner().get_all_permissions()


def test_every_right_that_the_code_names_exists():
    known = set(Permission.objects.values_list("content_type__app_label", "codename"))

    assert {tuple(name.split(".")) for names in roles.GRANTED.values() for name in names} <= known


def test_a_migrate_puts_the_groups_right_and_leaves_others_alone():
    editor, clerk = (Group.objects.get(name=role) for role in (Role.EDITOR, Role.CLERK))
    editor.permissions.add(Permission.objects.get(codename="change_customuser"))
    editor.permissions.remove(Permission.objects.get(codename="change_blogpost"))
    clerk.delete()
    other = Group.objects.create(name="Friends")
    other.permissions.add(Permission.objects.get(codename="view_tag"))

    call_command("migrate", verbosity=0)

    assert make_staff(Role.EDITOR).get_all_permissions() == EDITOR
    assert make_staff(Role.CLERK).get_all_permissions() == CLERK
    assert [permission.codename for permission in other.permissions.all()] == ["view_tag"]
    assert Group.objects.count() == 4


def test_groups_that_are_right_are_read_and_not_written():
    with CaptureQueriesContext(connection) as asked:
        roles.write(Group.objects, Permission.objects)

    assert len(asked) <= 4
    assert "auth_group_permissions" not in "".join(
        q["sql"] for q in asked if q["sql"].startswith(("INS", "DEL"))
    )


def test_owners_are_superusers_and_who_has_the_role():
    superuser, owner = make_owner(), make_staff(Role.OWNER)
    make_staff(Role.EDITOR)
    make_staff(Role.OWNER, is_active=False)
    both = make_owner()
    both.groups.add(Group.objects.get(name=Role.OWNER), Group.objects.get(name=Role.EDITOR))

    assert sorted(CustomUser.owners(), key=str) == sorted([superuser, owner, both], key=str)


@pytest.mark.parametrize("role", ROOMS)
def test_the_first_page_shows_what_is_theirs(client, log_in, role):
    log_in(role)

    page = client.get("/admin/")

    shown = {model["object_name"] for room in page.context["app_list"] for model in room["models"]}
    assert shown == ROOMS[role]


@pytest.mark.parametrize("role", ROOMS)
def test_a_page_opens_if_it_is_theirs_and_never_breaks(client, log_in, private_files, role):
    add_rows()
    log_in_as(client, make_owner())
    every = [*pages(), *add_pages(client)]
    every += [
        page.replace("/change/", end)
        for page in every
        for end in ("/history/", "/delete/")
        if page.endswith("/change/")
    ]
    log_in(role)
    client.raise_request_exception = False

    answers = {page: client.get(page, follow=True).status_code for page in every}

    assert set(answers.values()) == {200, 403}
    owners = {reverse(f"admin:{name}") for name in FOR_THE_OWNER}
    theirs = {name.lower() for name in ROOMS[role]}
    for page, status in answers.items():
        model = page.split("/")[3] if page.count("/") > 3 else ""
        kept = page.endswith(("/delete/", "/add/")) and f"delete_{model}" not in "".join(EDITOR | CLERK)
        opens = (not model or model in theirs) and not kept and page not in owners
        assert status == (200 if opens else 403), page


@pytest.mark.parametrize("role", ROOMS)
def test_no_link_of_a_page_leads_where_they_may_not_go(client, log_in, private_files, role):
    add_rows()
    log_in(role)
    order = Order.objects.get()
    seen = {
        "/admin/",
        "/admin/attention/",
        *(page for page in pages() if client.get(page).status_code == 200),
    }
    assert role == Role.EDITOR or f"/admin/ecommerce/order/{order.pk}/change/" in seen

    links = {link for page in seen for link in admin_links(client.get(page).content.decode())}

    assert {link for link in links if client.get(link, follow=True).status_code != 200} == set()


def admin_links(page):
    return {link for link in re.findall(r'href="(/admin/[^"?#]*)"', page) if "logout" not in link}


def test_a_clerk_serves_an_order_but_gives_no_money_back(client, log_in, private_files):
    make_shop()
    order = make_paid_order()
    log_in(Role.CLERK)
    refund = reverse("admin:ecommerce_order_refund", args=[order.pk])

    page = client.get(reverse("admin:ecommerce_order_change", args=[order.pk])).content.decode()
    assert refund not in page
    assert "Revoke the link and send a new one" in page
    sent = {"amount": "1", "wish": "01a20a6a-c4dc-7407-b543-8152cfcfd016", "confirmed": "yes"}
    assert client.post(refund, sent).status_code == 403
    assert client.get(refund).status_code == 403
    client.post(reverse("admin:ecommerce_order_do", args=[order.pk, "mark_as_sent"]))

    order.refresh_from_db()
    assert order.fulfilment == Order.Fulfilment.SENT
    assert not Refund.objects.exists()


def test_a_clerk_has_an_invoice_printed_and_reads_it(client, log_in, private_files):
    make_shop()
    invoice = make_paid_order().invoices.get()
    log_in(Role.CLERK)
    address = reverse("admin:ecommerce_invoice_pdf", args=[invoice.pk])
    assert client.get(address).status_code == 404

    client.post(reverse("admin:ecommerce_invoice_do", args=[invoice.pk, "deliver_again"]))
    run_due_jobs()

    assert InvoicePDF.objects.get().invoice == invoice
    assert client.get(address).status_code == 200
    assert (
        client.post(reverse("admin:ecommerce_invoice_delete", args=[invoice.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert Invoice.objects.exists()


def test_a_clerk_answers_messages_but_deletes_none(client, log_in):
    message = ContactMessage.objects.create(name="Ana", email="ana@example.org", message="Hello")
    log_in(Role.CLERK)

    client.post(reverse("admin:core_contactmessage_do", args=[message.pk, "mark_answered"]))
    gone = client.post(reverse("admin:core_contactmessage_delete", args=[message.pk]), {"post": "yes"})

    message.refresh_from_db()
    assert (message.status, gone.status_code) == ("answered", 403)


def test_a_clerk_changes_a_product_and_leaves_its_project(client, log_in):
    make_shop()
    project = Project.objects.create(title="Mural")
    product = make_product("Print", project=project)
    log_in(Role.CLERK)
    address = reverse("admin:ecommerce_product_change", args=[product.pk])
    page = client.get(address)
    assert "project" not in page.context["adminform"].form.fields

    sent = filled_in(page) | {
        "title": "Large print",
        "variants-0-sku": "P",
        "variants-0-price": "24",
        "project": "",
    }
    assert client.post(address, sent).status_code == 302

    product.refresh_from_db()
    assert (product.title, product.project) == ("Large print", project)
    choices = {"app_label": "ecommerce", "model_name": "product", "field_name": "project"}
    assert client.get("/admin/autocomplete/", choices).status_code == 403


def test_an_editor_writes_as_one_of_the_staff_and_sees_no_buyers(client, log_in):
    editor = log_in(Role.EDITOR)
    buyer = CustomUser.objects.create_user("buyer@example.org")
    former = CustomUser.objects.create_user("former@example.org")
    post = make_post(author=former)

    page = client.get(reverse("admin:core_blogpost_change", args=[post.pk]))

    assert set(page.context["adminform"].form.fields["author"].queryset) == {editor, former}
    assert buyer.email not in page.content.decode()
    client.post(reverse("admin:core_blogpost_do", args=[post.pk, "unpublish"]))
    assert BlogPost.objects.get().status == BlogPost.Status.DRAFT


def test_an_editor_does_not_change_who_the_owner_is_by_law(client, log_in):
    make_shop()
    log_in(Role.EDITOR)
    address = reverse("admin:core_profile_change", args=[Profile.ID])
    law = {
        "email": "editor@example.org", "legal_name": "Editor", "currency": "USD", "country": "DE",
        "tax_id": "DE1", "city": "Berlin", "legal_email": "editor@example.org", "language": "de",
    }  # fmt: skip

    answer = client.post(address, filled_in(client.get(address)) | law | {"headline": "New words"})

    profile = Profile.objects.get()
    assert (answer.status_code, profile.headline) == (302, "New words")
    assert (profile.email, profile.legal_name, profile.currency) == ("ines@example.org", "Ines Calder", "EUR")
    assert (profile.country, profile.city, profile.language) == ("PT", "Lisboa", "en")


def test_the_owner_changes_who_they_are_by_law(owner_client):
    make_shop()
    address = reverse("admin:core_profile_change", args=[Profile.ID])

    owner_client.post(address, filled_in(owner_client.get(address)) | {"legal_name": "Ines Calder Lda"})

    assert Profile.objects.get().legal_name == "Ines Calder Lda"


GREEDY = {"is_superuser": "on", "is_staff": "on", "is_active": "on"}


@pytest.mark.parametrize("role", ROOMS)
@pytest.mark.parametrize("whose", ["own", "other", "new"])
def test_no_clerk_and_no_editor_becomes_more(client, log_in, role, whose):
    me, other = log_in(role, password="a long enough password"), make_staff(role)
    addresses = {
        "own": user_page(me),
        "other": user_page(other),
        "new": reverse("admin:users_customuser_add"),
    }
    every = [str(key) for key in Permission.objects.values_list("pk", flat=True)]
    before = me.get_all_permissions()
    sent = GREEDY | {
        "email": "new@example.org", "groups": [group_of(Role.OWNER)], "user_permissions": every,
        "usable_password": "true", "password1": "seven wooden boats", "password2": "seven wooden boats",
    }  # fmt: skip

    assert client.post(addresses[whose], sent).status_code == 403
    assert client.post(f"/admin/users/customuser/{other.pk}/password/", sent).status_code == 403
    assert client.post(f"/admin/users/customuser/{other.pk}/delete/", {"post": "yes"}).status_code == 403

    assert CustomUser.objects.count() == 2
    for user in CustomUser.objects.all():
        assert (user.is_superuser, user.get_all_permissions()) == (False, before)


def test_an_owner_gives_a_role_and_takes_it_away(client, log_in):
    log_in(Role.OWNER)
    other = CustomUser.objects.create_user("other@example.org")

    given = {"email": other.email, "is_active": "on", "groups": [group_of(Role.CLERK)]}
    assert client.post(user_page(other), given).status_code == 302
    other = CustomUser.objects.get(pk=other.pk)
    assert (other.is_staff, other.get_all_permissions()) == (True, CLERK)
    assert client.post(user_page(other), {"email": other.email, "is_active": "on"}).status_code == 302
    other = CustomUser.objects.get(pk=other.pk)
    assert (other.is_staff, other.get_all_permissions()) == (False, set())


@pytest.mark.parametrize("by", ["superuser", "role"])
def test_nobody_makes_a_superuser_in_the_back_office(client, by):
    me = make_owner() if by == "superuser" else make_staff(Role.OWNER)
    log_in_as(client, me)
    other = make_staff(Role.CLERK)
    every = [str(key) for key in Permission.objects.values_list("pk", flat=True)]
    sent = GREEDY | {"email": other.email, "groups": [group_of(Role.CLERK)], "user_permissions": every}

    assert client.post(user_page(other), sent).status_code == 302
    assert (
        client.post(user_page(me), sent | {"email": me.email, "groups": [group_of(Role.OWNER)]}).status_code
        == 302
    )

    other, me = (CustomUser.objects.get(pk=user.pk) for user in (other, me))
    assert (other.is_superuser, other.get_all_permissions()) == (False, CLERK)
    assert me.is_superuser == (by == "superuser")
    assert not me.user_permissions.exists()


def test_an_owner_by_role_does_not_touch_a_superuser(client, log_in):
    log_in(Role.OWNER)
    superuser = make_owner(password="a long enough password")
    new = {"usable_password": "true", "password1": "seven wooden boats", "password2": "seven wooden boats"}

    answers = [
        client.post(user_page(superuser), {"email": "mine@example.org", "groups": []}),
        client.post(f"/admin/users/customuser/{superuser.pk}/password/", new),
        client.post(f"/admin/users/customuser/{superuser.pk}/delete/", {"post": "yes"}),
    ]
    chosen = {"action": "delete_selected", "_selected_action": [str(superuser.pk)], "post": "yes"}
    client.post("/admin/users/customuser/", chosen)

    assert [answer.status_code for answer in answers] == [403] * 3
    superuser.refresh_from_db()
    assert (superuser.is_active, superuser.is_superuser) == (True, True)
    assert superuser.check_password("a long enough password")


@pytest.mark.parametrize("sent", [{"is_active": "on"}, {"groups": ["owner"]}])
def test_the_last_owner_stays_one(client, log_in, sent):
    me = log_in(Role.OWNER)
    if "groups" in sent:
        sent = {"groups": [group_of(Role.OWNER)]}

    answer = client.post(user_page(me), {"email": me.email} | sent)

    assert answer.status_code == 200
    assert "Nobody else is an owner." in answer.content.decode()
    assert client.post(f"/admin/users/customuser/{me.pk}/delete/", {"post": "yes"}).status_code == 403
    assert list(CustomUser.owners()) == [me]


def test_nothing_in_the_back_office_changes_what_a_role_may(owner_client):
    shown = {model._meta.label_lower for model in admin.site._registry}

    assert shown.isdisjoint({"auth.group", "auth.permission", "account.emailaddress", "mfa.authenticator"})
    form = owner_client.get(user_page(make_staff(Role.CLERK))).context["adminform"].form
    assert not {"is_superuser", "is_staff", "user_permissions"} & set(form.fields)
    assert [str(label) for _key, label in form.fields["groups"].choices] == ["Editor", "Owner", "Shop clerk"]


def test_a_review_shows_a_clerk_no_way_to_refund(client, log_in):
    make_shop()
    order = make_review()
    StripeSession.objects.filter(order=order).update(status="paid", session_id="cs_paid")
    log_in(Role.CLERK)

    page = client.get("/admin/attention/").content.decode()

    assert reverse("admin:ecommerce_order_change", args=[order.pk]) in page
    assert reverse("admin:ecommerce_order_refund", args=[order.pk]) not in page
