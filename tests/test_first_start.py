"""A new owner's way: whose the demo is, and what an empty site still needs."""

from io import BytesIO, StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from PIL import Image

from shopfolio import first_start
from shopfolio.core.models import BlogPost, Profile
from shopfolio.core.services import forget_site
from shopfolio.ecommerce.models import Order, Product
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import run_due_jobs
from shopfolio.users.models import AuditEntry
from shopfolio.users.roles import Role
from tests.factories import (
    make_staff,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

START, YOURS, REMOVE = "/admin/start/", "/admin/make-it-yours/", "/admin/make-it-yours/remove-demo/"
NOTE = "This is demo content."


@pytest.fixture
def demo(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT, settings.DATA_DIR = tmp_path / "media", tmp_path
    monkeypatch.setattr("shopfolio.ecommerce.demo.load.pdf_of", lambda invoice: None)
    monkeypatch.setattr("shopfolio.ecommerce.management.commands.demo.make_demo_renditions", lambda say: None)
    call_command("demo", stdout=StringIO())


def drawn(name="me.png"):
    file = BytesIO()
    Image.new("RGB", (40, 50), "navy").save(file, "png")
    return SimpleUploadedFile(name, file.getvalue(), content_type="image/png")


def test_on_the_owners_machine_everybody_sees_that_it_is_the_demo(client, demo):
    page = client.get("/shop/")

    assert NOTE in page.text
    assert f'href="{YOURS}"' in page.text
    assert not page.has_header("Vary") or "Set-Cookie" not in page.headers


def test_elsewhere_only_staff_see_that_it_is_the_demo(client, demo, settings):
    settings.LOOPBACK = False
    visitor, staff = Client(), Client()
    staff.force_login(make_staff(Role.EDITOR))

    assert NOTE not in visitor.get("/").text
    assert NOTE in staff.get("/").text


def test_the_note_goes_with_the_demo(client, demo):
    assert NOTE in client.get("/").text

    call_command("demo", remove=True, stdout=StringIO())

    forget_site()
    assert NOTE not in client.get("/").text


def test_a_site_without_the_demo_has_no_note(client):
    assert NOTE not in client.get("/").text


def test_a_page_with_the_note_is_kept_for_everybody(client, demo):
    page = client.get("/blog/")

    assert page.headers["Vary"] == "Accept-Encoding, Cookie"
    assert page.has_header("ETag")


def test_a_form_makes_the_demo_the_owners(owner_client, demo):
    answer = owner_client.post(
        YOURS,
        {"name": "Marta Reis", "portrait": drawn(), "accent": "#aa2233", "currency": "CHF", "country": "CH"},
    )

    profile = Profile.load()
    assert (answer.status_code, answer["Location"]) == (303, REMOVE)
    assert (profile.name, profile.accent, profile.currency, profile.country) == (
        "Marta Reis",
        "#aa2233",
        "CHF",
        "CH",
    )
    assert (profile.portrait_width, profile.portrait_alt) == (40, "Marta Reis")
    assert profile.legal_name == "Ines Calder"
    entry = AuditEntry.objects.get(action="identity")
    assert entry.note == "currency, country"


def test_the_demos_name_is_not_offered(owner_client, demo):
    form = owner_client.get(YOURS).context["form"]

    assert form["name"].value() == ""
    assert list(form.fields) == ["name", "portrait", "accent", "currency", "country"]


def test_a_form_with_nonsense_comes_back(owner_client, demo):
    answer = owner_client.post(YOURS, {"name": "", "accent": "red", "currency": "XXX", "country": "Portugal"})

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"name", "accent", "currency", "country"}
    assert Profile.load().name == "Ines Calder"


def test_without_a_demo_the_form_leads_to_the_list(owner_client):
    answer = owner_client.post(
        YOURS, {"name": "Marta Reis", "accent": "#1949c5", "currency": "EUR", "country": "PT"}
    )

    assert answer["Location"] == START
    assert Profile.load().name == "Marta Reis"


@pytest.mark.parametrize("page", [START, YOURS, REMOVE])
def test_staff_who_are_not_the_owner_have_no_way_in(client, page):
    client.force_login(make_staff(Role.EDITOR))

    assert client.get(page).status_code == client.post(page).status_code == 403


def test_a_visitor_is_led_there_through_the_login(client):
    assert client.get(YOURS)["Location"].startswith("/admin/login/?next=/admin/make-it-yours/")


def test_to_look_at_what_goes_takes_nothing_away(owner_client, demo):
    page = owner_client.get(REMOVE)

    assert ("posts", 8) in page.context["gone"]
    assert BlogPost.objects.count() == 8


def test_the_button_takes_the_demo_away_and_writes_down_who_did(owner_client, demo):
    answer = owner_client.post(REMOVE, follow=True)

    assert answer.redirect_chain == [(START, 303)]
    assert (BlogPost.objects.count(), Product.objects.count(), Order.objects.count()) == (0, 0, 0)
    assert AuditEntry.objects.filter(action="demo").count() == 1
    assert "The demo content is gone." in answer.text


def test_what_stays_of_the_demo_is_said(owner_client, demo):
    BlogPost.objects.first().save()

    answer = owner_client.post(REMOVE, follow=True)

    assert "stays: You have changed it since." in answer.text


def test_to_take_much_away_is_a_jobs_work(owner_client, demo, monkeypatch):
    monkeypatch.setattr(first_start, "AT_ONCE", 10)

    owner_client.post(REMOVE)
    assert BlogPost.objects.count() == 8
    run_due_jobs()

    assert BlogPost.objects.count() == 0
    assert Job.objects.get(name="ecommerce.remove_demo").status == Job.Status.DONE


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("/", "/admin/start/"),
        ("/blog/", "/admin/core/blogpost/add/"),
        ("/shop/", "/admin/ecommerce/product/add/"),
        ("/portfolio/", "/admin/core/project/add/"),
    ],
)
def test_empty_pages_lead_the_owner_to_the_first_row(client, owner_client, page, link):
    assert f'href="{link}"' in owner_client.get(page).text
    assert link not in Client().get(page).text
