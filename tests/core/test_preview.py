"""The preview of a page that is being written: the site's own template, and nothing is saved."""

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from shopfolio.core.models import BlogPost, Policy, Project, Tag
from shopfolio.users.models import CustomUser
from shopfolio.users.roles import Role
from tests.admin_forms import filled_in
from tests.factories import make_page, make_post, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

NEW = "/admin/core/blogpost/add/preview/"


def preview_of(page):
    return reverse(f"admin:core_{page._meta.model_name}_preview", args=[page.pk])


def form_of(client, page):
    return filled_in(client.get(reverse(f"admin:core_{page._meta.model_name}_change", args=[page.pk])))


def test_a_preview_shows_what_is_typed_and_saves_nothing(owner_client):
    post = make_post("On tides", body="<p>Low water</p>")
    before = BlogPost.objects.values().get()

    answer = owner_client.post(
        preview_of(post), form_of(owner_client, post) | {"title": "On springs", "body": "<p>High water</p>"}
    )

    page = answer.content.decode()
    assert (answer.status_code, answer.templates[0].name) == (200, "core/post.html")
    assert "<h1" in page
    assert "On springs" in page
    assert "High water" in page
    assert "Low water" not in page
    assert "Nothing is saved yet." in page
    assert BlogPost.objects.values().get() == before


def test_a_post_that_was_never_saved_has_a_preview_with_its_tags(owner_client):
    ink, _paper = Tag.objects.create(title="Ink"), Tag.objects.create(title="Paper")
    body = "<p>" + "word " * 660 + "</p>"

    answer = owner_client.post(NEW, {"title": "Fresh", "status": "0", "body": body, "tags": [str(ink.pk)]})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Fresh" in page
    assert ">Ink</a>" in page
    assert "Paper" not in page
    assert "3 min" in page
    assert not BlogPost.objects.exists()


def test_a_preview_is_kept_nowhere_found_by_nobody_and_runs_nothing(owner_client):
    body = '<p>Hi<script>alert(1)</script><img src="x" onerror="alert(1)"></p>'

    answer = owner_client.post(NEW, {"title": "<b>Bold</b>", "status": "0", "body": body})

    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    page = answer.content.decode()
    assert "alert(1)" not in page
    assert "&lt;b&gt;Bold&lt;/b&gt;" in page


def test_what_is_missing_is_said_instead_of_a_preview(owner_client):
    answer = owner_client.post(NEW, {"title": "", "status": "0", "activate_date_0": "yesterday"})

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "<b>Title</b>: This field is required." in page
    assert "<b>Publication date</b>" in page


def test_a_preview_does_not_take_a_picture_away(owner_client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    post = make_post()
    post.image.save("a.avif", ContentFile(b"avif"), save=False)
    BlogPost.objects.update(image=post.image.name)

    owner_client.post(preview_of(post), {"title": "Bare", "status": "0", "image-clear": "on"})

    assert BlogPost.objects.get().image.name == post.image.name
    assert post.image.storage.exists(post.image.name)


def test_only_who_may_write_sees_a_preview(client):
    post = make_post("On tides")
    looker = CustomUser.objects.create_user("staff@example.org", is_staff=True)
    for person in (looker, make_staff(Role.CLERK)):
        client.force_login(person)
        assert client.post(preview_of(post), {"title": "Mine", "status": "0"}).status_code == 403
        assert client.post(NEW, {"title": "Mine", "status": "0"}).status_code == 403

    client.force_login(make_staff(Role.EDITOR))
    assert client.post(preview_of(post), {"title": "Mine", "status": "0"}).status_code == 200
    assert client.get(preview_of(post)).status_code == 405


@pytest.mark.parametrize("model", [Project, Policy])
def test_case_studies_and_policies_have_one_too(owner_client, model):
    page = make_page(model, "Mural")

    answer = owner_client.post(preview_of(page), form_of(owner_client, page) | {"title": "Fresco"})

    assert answer.status_code == 200
    assert "Fresco" in answer.content.decode()
    assert model.objects.get().title == "Mural"


def test_the_form_offers_the_preview(owner_client):
    post = make_post()
    add = owner_client.get(reverse("admin:core_blogpost_add")).content.decode()
    change = owner_client.get(reverse("admin:core_blogpost_change", args=[post.pk])).content.decode()
    skill = owner_client.get(reverse("admin:core_skill_add")).content.decode()

    assert f'formaction="{NEW}" formtarget="_blank"' in add
    assert f'formaction="{preview_of(post)}" formtarget="_blank"' in change
    assert "formaction" not in skill
