"""What every model shares, and the traps of the library below it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.contrib.redirects.models import Redirect
from django.db import IntegrityError, transaction
from django.utils import timezone

from shopfolio.abstract_models import PageModel
from shopfolio.core.models import BlogPost, Certificate, Policy, Profile, Project, SearchEntry, Skill, Tag
from shopfolio.ecommerce.models import Product, ShopSettings
from shopfolio.users.models import CustomUser
from tests.factories import make_page

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

PUBLIC = {BlogPost, Certificate, Policy, Product, Project, Skill}
DERIVED = {SearchEntry}
"""Made from other rows whenever it is missing; its key is a number for SQLite's sake."""

OURS = [model for model in apps.get_models() if model.__module__.startswith("shopfolio.")]
KEPT = [model for model in OURS if model not in DERIVED]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("model", KEPT)
def test_every_model_has_a_key_that_sorts_and_its_times(model):
    fields = {field.name for field in model._meta.get_fields()}

    assert {"id", "created", "modified"} <= fields
    assert model._meta.pk.get_internal_type() == "UUIDField"


def test_every_public_model_has_an_address_and_a_status():
    pages = {model for model in OURS if issubclass(model, PageModel)}

    assert pages == PUBLIC
    # A tag has an address and no status: it is shown when a live post carries it.
    assert {model for model in OURS if hasattr(model, "slug")} - pages == {Tag}
    assert all({"slug", "status"} <= {field.name for field in page._meta.get_fields()} for page in pages)


def test_a_new_page_is_a_draft_without_a_date():
    page = Project.objects.create(title="A wall")

    assert page.status == Project.Status.DRAFT
    assert page.activate_date is None
    assert not Project.objects.live().exists()


def test_a_page_gets_its_date_when_it_first_goes_live_and_keeps_it():
    page = Project.objects.create(title="A wall")
    before = timezone.now()
    page.status = Project.Status.PUBLISHED
    page.save(update_fields=["status"])
    first = Project.objects.get().activate_date

    page.status = Project.Status.DRAFT
    page.save()
    page.status = Project.Status.PUBLISHED
    page.save()

    assert before <= first <= timezone.now()
    assert Project.objects.get().activate_date == first


def test_a_date_that_was_given_is_kept():
    assert make_page(Project, activate_date=LONG_AGO).activate_date == LONG_AGO


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Ana & Rui", "ana-rui"),
        ("日本語", "日本語"),
        ("Ação à mão", "ação-à-mão"),
        ("!!!", "case-study"),
        ("", "case-study"),
    ],
)
def test_a_slug_is_never_empty_and_keeps_its_letters(client, title, slug):
    page = Project.objects.create(title=title, status=Project.Status.PUBLISHED)

    assert page.slug == slug
    assert client.get(page.get_absolute_url()).status_code == 200


def test_a_hundred_and_one_namesakes_have_addresses_of_their_own():
    slugs = [Tag.objects.create(title=f"!{'?' * number}").slug for number in range(30)]
    slugs += [Project.objects.create(title="A wall").slug for _ in range(101)]

    assert len(set(slugs)) == 131
    assert slugs[30:33] == ["a-wall", "a-wall-2", "a-wall-3"]


def test_a_very_long_title_still_gets_a_slug_of_its_own():
    first, second = (Project.objects.create(title="x" * 255) for _ in range(2))

    assert first.slug != second.slug
    assert max(len(first.slug), len(second.slug)) <= 120


def test_a_chosen_slug_that_is_taken_is_refused():
    make_page(Project, slug="wall")

    with pytest.raises(IntegrityError), transaction.atomic():
        make_page(Project, slug="wall")


def test_an_old_address_leads_to_the_newest_in_one_hop(client):
    page = make_page(Project, slug="one")
    for slug in ("two", "three"):
        page = Project.objects.get()
        page.slug = slug
        page.save()

    assert [client.get(f"/portfolio/{old}/")["Location"] for old in ("one", "two")] == [
        "/portfolio/three/"
    ] * 2


def test_a_slug_that_comes_back_leads_nowhere_else(client):
    page = make_page(Project, slug="one")
    for slug in ("two", "one"):
        page.slug = slug
        page.save()

    assert client.get("/portfolio/one/").status_code == 200
    assert client.get("/portfolio/two/")["Location"] == "/portfolio/one/"
    assert Redirect.objects.count() == 1


def test_a_redirect_works_for_letters_of_any_script(client):
    page = make_page(Project, slug="日本")
    page.slug = "日本語"
    page.save()

    moved = client.get("/portfolio/日本/")

    assert moved.status_code == 301
    assert moved["Location"] == page.get_absolute_url()


@pytest.mark.parametrize(
    ("start", "end", "seen"),
    [(-1, None, True), (1, None, False), (-2, -1, False), (-1, 1, True), (1, 2, False)],
)
def test_a_page_is_live_between_its_dates_only(start, end, seen):
    now = timezone.now()
    page = make_page(
        Project,
        activate_date=now + timedelta(hours=start),
        deactivate_date=now + timedelta(hours=end) if end else None,
    )

    assert Project.objects.live().exists() is seen
    assert page.is_live is seen


def test_what_is_live_is_asked_of_the_clock_each_time(time_machine):
    time_machine.move_to(LONG_AGO, tick=False)
    make_page(Project, activate_date=LONG_AGO + timedelta(seconds=5))
    live = Project.objects.live
    early = live().exists()

    time_machine.shift(5)

    assert (early, live().exists()) == (False, True)


def test_saving_some_fields_moves_modified(time_machine):
    time_machine.move_to(LONG_AGO, tick=False)
    page = make_page(Project)
    time_machine.shift(60)

    page.client = "Terminal"
    page.save(update_fields=["client"])

    assert Project.objects.get().modified == LONG_AGO + timedelta(seconds=60)


def test_leaving_modified_alone_holds_for_one_save(time_machine):
    time_machine.move_to(LONG_AGO, tick=False)
    page = make_page(Project)
    time_machine.shift(60)

    page.save(update_modified=False)
    untouched = Project.objects.get().modified
    page.save()

    assert untouched == LONG_AGO
    assert Project.objects.get().modified == LONG_AGO + timedelta(seconds=60)


@pytest.mark.parametrize("model", [Profile, ShopSettings])
def test_a_singleton_has_one_row(model):
    model.load().save()

    model.load().save()
    with pytest.raises(IntegrityError), transaction.atomic():
        model(id="00000000-0000-0000-0000-000000000002").save()

    assert model.objects.count() == 1


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("<p>A <strong>wall</strong></p>", "<p>A <strong>wall</strong></p>"),
        ("<p onclick=x()>A<script>x()</script></p>", "<p>A</p>"),
        ('<a href="javascript:x()">A</a>', '<a rel="noopener nofollow">A</a>'),
        ('<img src=x onerror=x()><iframe src="https://evil.example"></iframe>', ""),
        ("<p></p>", ""),
    ],
)  # fmt: skip
def test_rich_text_is_kept_clean(written, kept):
    assert make_page(BlogPost, body=written).body == kept
    assert BlogPost.objects.get().body == kept


def test_minutes_to_read_follow_the_text():
    post = make_page(BlogPost, body=f"<p>{'word ' * 660}</p>")

    post.body = f"<p>{'word ' * 220}</p>"
    post.save(update_fields=["body"])

    assert BlogPost.objects.get().minutes == 1


def test_a_user_is_the_same_in_capitals():
    CustomUser.objects.create_user("Ana@Example.org")

    with pytest.raises(IntegrityError), transaction.atomic():
        CustomUser.objects.bulk_create([CustomUser(email="ANA@example.org")])

    assert CustomUser.objects.get().email == "ana@example.org"
