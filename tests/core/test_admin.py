import hashlib
import re
from base64 import b64encode
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from shopfolio.core.middleware import EDITOR_STYLE, editor_hashes
from shopfolio.core.models import BlogPost, Certificate, Profile, Tag, Testimonial
from shopfolio.users.models import CustomUser
from tests.factories import make_post, make_testimonial

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def sha256(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_profile_opens_directly_and_stays_alone(owner_client):
    page = owner_client.get(reverse("admin:core_profile_changelist"), follow=True)

    assert page.status_code == 200
    assert page.context["original"] == Profile.objects.get()
    assert owner_client.get(reverse("admin:core_profile_add")).status_code == 403
    delete = owner_client.post(reverse("admin:core_profile_delete", args=[Profile.ID]), {"post": "yes"})
    assert delete.status_code == 403
    assert Profile.objects.count() == 1


@pytest.mark.parametrize("name", ["portrait.svg", "portrait.png"])
def test_a_portrait_that_is_no_picture_is_refused_beside_its_field(owner_client, settings, tmp_path, name):
    settings.MEDIA_ROOT = tmp_path
    file = SimpleUploadedFile(name, b"<svg xmlns='http://www.w3.org/2000/svg'/>", content_type="image/png")
    form = {"name": "Ana", "feedback": "Fine.", "status": "published", "position": "0", "image": file}

    answer = owner_client.post(reverse("admin:core_testimonial_add"), form)

    errors = answer.context["adminform"].form.errors
    assert errors["image"] == ["This is no JPEG, PNG, WebP, AVIF or GIF picture."]
    assert not Testimonial.objects.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_currency_we_cannot_sell_in_is_refused(owner_client):
    page = owner_client.get(reverse("admin:core_profile_changelist"), follow=True)
    form = {bound.html_name: bound.value() or "" for bound in page.context["adminform"].form}
    form |= {"currency": "XAU", "links": "[]", "spoken_languages": "[]"}

    answer = owner_client.post(reverse("admin:core_profile_change", args=[Profile.ID]), form)

    assert "Not a currency we can sell in" in answer.content.decode()
    assert Profile.objects.get().currency == "EUR"


def test_a_new_post_is_a_draft_by_who_writes_it(owner_client):
    add = reverse("admin:core_blogpost_add")
    form = owner_client.get(add).context["adminform"].form

    owner_client.post(add, {"title": "On tides", "slug": "", "status": "0", "author": form["author"].value()})

    post = BlogPost.objects.get()
    assert (post.slug, post.status, post.activate_date) == ("on-tides", BlogPost.Status.DRAFT, None)
    assert post.author == CustomUser.objects.get()


def test_a_post_published_in_the_form_without_a_date_is_dated_now(owner_client):
    owner_client.post(reverse("admin:core_blogpost_add"), {"title": "On tides", "status": "1"})

    post = BlogPost.objects.get()
    assert post.is_live
    assert timezone.now() - post.activate_date < timedelta(minutes=1)


def test_what_a_post_must_not_carry_is_gone_when_it_is_saved(owner_client):
    body = '<p onclick="x()">Hello <script>alert(1)</script><a href="javascript:x()">there</a></p>'

    owner_client.post(reverse("admin:core_blogpost_add"), {"title": "On tides", "status": "0", "body": body})

    assert BlogPost.objects.get().body == '<p>Hello <a rel="noopener nofollow">there</a></p>'


def test_the_list_publishes_drafts_and_takes_posts_off(owner_client):
    draft, live = make_post(live=False), make_post()
    before = live.activate_date
    address = reverse("admin:core_blogpost_changelist")

    owner_client.post(address, {"action": "publish", "_selected_action": [draft.pk, live.pk]})

    draft.refresh_from_db()
    live.refresh_from_db()
    assert draft.is_live
    assert timezone.now() - draft.activate_date < timedelta(minutes=1)
    assert (live.status, live.activate_date) == (BlogPost.Status.PUBLISHED, before)
    assert LogEntry.objects.get().object_id == str(draft.pk)

    owner_client.post(address, {"action": "unpublish", "_selected_action": [draft.pk]})
    draft.refresh_from_db()
    assert not draft.is_live


def test_a_posts_own_page_has_the_button_that_fits(owner_client):
    post = make_post(live=False)
    page = owner_client.get(reverse("admin:core_blogpost_change", args=[post.pk])).content.decode()
    publish = reverse("admin:core_blogpost_do", args=[post.pk, "publish"])
    unpublish = reverse("admin:core_blogpost_do", args=[post.pk, "unpublish"])
    assert publish in page
    assert unpublish not in page

    owner_client.post(publish)

    post.refresh_from_db()
    assert post.is_live
    assert owner_client.post(publish).status_code == 404


def test_staff_who_may_only_look_cannot_publish(client):
    from django.contrib.auth.models import Permission

    post = make_post(live=False)
    staff = CustomUser.objects.create_user("staff@example.org", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_blogpost"))
    client.force_login(staff)

    answer = client.post(reverse("admin:core_blogpost_do", args=[post.pk, "publish"]))

    assert answer.status_code == 404
    post.refresh_from_db()
    assert not post.is_live


def test_a_scheduled_post_says_so(owner_client):
    make_post("Later", activate_date=timezone.now() + timedelta(days=2))

    page = owner_client.get(reverse("admin:core_blogpost_changelist")).content.decode()

    assert "Scheduled" in page


@pytest.mark.parametrize(
    ("state", "titles"),
    [
        ("draft", ["Draft"]),
        ("live", ["Live"]),
        ("scheduled", ["Later"]),
        ("over", ["Past"]),
        ("made-up", ["Draft", "Later", "Live", "Past"]),
    ],
)
def test_the_list_is_filtered_by_what_its_column_says(owner_client, state, titles):
    now = timezone.now()
    make_post("Draft", live=False)
    make_post("Live")
    make_post("Later", activate_date=now + timedelta(days=2))
    make_post("Past", activate_date=now - timedelta(days=9), deactivate_date=now - timedelta(days=2))

    listed = owner_client.get(f"/admin/core/blogpost/?state={state}").context["cl"].result_list

    assert sorted(post.title for post in listed) == titles


def test_the_list_of_posts_needs_no_more_queries_for_more_tags(owner_client, django_assert_max_num_queries):
    for number in range(12):
        make_post(f"Post {number}").tags.add(Tag.objects.create(title=f"Tag {number}"))
    owner_client.get("/admin/core/blogpost/")

    with django_assert_max_num_queries(14):
        page = owner_client.get("/admin/core/blogpost/").content.decode()

    assert '<td data-column="Tags" class="field-tags_shown">Tag 7</td>' in page


def test_a_testimonial_is_published_and_taken_off_with_a_button(owner_client):
    row = make_testimonial(status=Testimonial.Status.DRAFT)

    for action, status in (("publish", "published"), ("unpublish", "draft")):
        address = reverse("admin:core_testimonial_do", args=[row.pk, action])
        assert owner_client.post(address).status_code == 302
        assert owner_client.post(address).status_code == 404
        row.refresh_from_db()
        assert row.status == status
    assert LogEntry.objects.count() == 2


def test_the_posts_address_stays_when_its_title_changes(owner_client):
    post = make_post("On tides")

    page = owner_client.get(reverse("admin:core_blogpost_change", args=[post.pk]))

    assert page.context["adminform"].prepopulated_fields == []
    assert post.get_absolute_url() in page.content.decode()


def test_the_policy_allows_the_import_map_as_it_is_rendered(owner_client):
    editor_hashes.cache_clear()
    answer = owner_client.get(reverse("admin:core_blogpost_add"))

    [text] = re.findall(r'<script type="importmap">(.*?)</script>', answer.content.decode(), re.S)

    assert sha256(text) in answer.headers["Content-Security-Policy"]


def test_the_editor_still_brings_the_style_that_the_policy_allows():
    with open(finders.find("django_prose_editor/editor.js"), encoding="utf-8") as file:
        [style] = re.findall(r"=`(\.ProseMirror \{.*?)`", file.read(), re.S)

    assert sha256(style) == EDITOR_STYLE


def test_date_and_time_have_names_of_their_own(owner_client):
    page = owner_client.get(reverse("admin:core_blogpost_add")).content.decode()

    assert 'aria-label="Publication date, date"' in page
    assert 'aria-label="Visible until, time"' in page


def test_a_web_address_typed_without_a_scheme_is_https(owner_client):
    address = reverse("admin:core_certificate_add")

    typed = {"title": "Woodcut", "issuer": "School", "status": 1, "url": "example.org/proof"}
    owner_client.post(address, typed)

    assert Certificate.objects.get().url == "https://example.org/proof"
