"""What the owner decides of the look: the accent, and what the home page is made of."""

import re

import pytest
from django.urls import reverse

from shopfolio.core.models import Profile, Project, Skill, Testimonial
from shopfolio.core.models.site import ACCENT, HomeSection
from tests.admin_forms import filled_in
from tests.factories import make_page, make_post, make_product, make_shop, make_testimonial, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture
def content():
    make_shop()
    make_page(Project, "Mural", image="")
    make_page(Skill, "Drawing", group="Craft")
    make_post("A post")
    make_testimonial("Rui")
    make_variant(make_product("A print"))


def headings(client):
    return re.findall(r"<h2>(.*?)</h2>", client.get("/").content.decode())


def change(**fields):
    Profile.objects.update_or_create(pk=Profile.ID, defaults=fields)
    from shopfolio.core.services import forget_site

    forget_site()


def test_a_new_home_page_has_every_section_that_has_content(client, content):
    assert headings(client) == [
        "Selected work", "From the shop", "Skills", "People say", "Writing", "Newsletter",
    ]  # fmt: skip


def test_the_sections_come_in_the_owners_order_and_hidden_ones_not_at_all(client, content):
    change(home_sections=["posts", "hero", "skills"])

    page = client.get("/").content.decode()

    assert headings(client) == ["Writing", "Skills"]
    assert page.index("A post") < page.index('class="giant"') < page.index("Drawing")
    assert 'action="/newsletter/"' not in page


@pytest.mark.parametrize("strange", ["../base", "circus", "", "<script>" * 200, 5, None, ["hero"]])
def test_a_section_that_nobody_knows_is_passed_over(client, content, strange):
    """A later version may have dropped it, or a hand at the database written it."""
    change(home_sections=[strange, "posts"])

    assert headings(client) == ["Writing"]


def test_without_the_headline_the_page_still_has_a_first_heading(client, content):
    change(home_sections=["posts"], name="Ines Calder")

    assert re.findall(r"<h1.*?</h1>", client.get("/").content.decode()) == [
        '<h1 class="hide">Ines Calder</h1>'
    ]


def test_a_section_without_content_leaves_no_trace(client):
    change(home_sections=list(HomeSection.values), summary="I draw.")

    assert headings(client) == ["Newsletter"]
    assert "This site is new" not in client.get("/").content.decode()


def test_a_site_without_anything_says_that_it_is_new(client):
    assert "This site is new. Come back soon." in client.get("/").content.decode()


def test_the_first_accent_needs_no_stylesheet_of_its_own(client):
    assert "look-" not in client.get("/").content.decode()


def test_another_accent_reaches_every_page_by_a_stylesheet_that_browsers_keep(client):
    change(accent="#ffe100")

    address = re.search(r'href="(/look-\w+\.css)"', client.get("/contact/").content.decode())[1]
    answer = client.get(address)

    assert address == "/look-ffe100.css"
    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content.decode() == (
        ":root{--accent:#ffe100;--on-accent:#000000;--accent-text:#8d6e00;"
        "--accent-text:light-dark(#8d6e00,#ffe100)}\n"
    )


@pytest.mark.parametrize("name", ["ffe10", "ffe1000", "FFE100", "gggggg", "ffe100;x"])
def test_what_is_no_colour_is_no_stylesheet(client, name):
    assert client.get(f"/look-{name}.css").status_code == 404


def test_the_owner_sees_what_a_colour_does_before_it_is_saved(owner_client):
    address = reverse("admin:core_profile_accent")

    shown = owner_client.get(address, {"accent": "#ffe100"}).content.decode()

    assert 'fill="#ffe100"' in shown
    assert "contrast 16.0 to 1" in shown
    assert "On light paper a darker shade is used" in shown
    assert "On dark paper" not in shown
    assert owner_client.get(address, {"accent": "red"}).status_code == 404
    assert Profile.load().accent == ACCENT


def test_nobody_but_staff_asks_for_the_preview(client):
    assert client.get(reverse("admin:core_profile_accent"), {"accent": "#ffe100"}).status_code == 302


def owners_form(owner_client):
    return filled_in(owner_client.get(reverse("admin:core_profile_change", args=[Profile.ID])))


def test_the_form_saves_colour_order_links_and_languages_without_a_script(owner_client):
    change(name="Ines")
    fields = owners_form(owner_client)
    fields |= {
        "accent": "#b3261e",
        "home_sections": ["posts", "hero", "newsletter"],
        "home_sections-posts-place": "2", "home_sections-hero-place": "1",
        "home_sections-newsletter-place": "",
        "links-0-label": "Code", "links-0-url": "https://example.org",
        "links-1-label": "", "links-1-url": "",
        "spoken_languages-0-language": "English", "spoken_languages-0-fluency": "",
    }  # fmt: skip

    answer = owner_client.post(reverse("admin:core_profile_change", args=[Profile.ID]), fields)

    assert answer.status_code == 302
    profile = Profile.load()
    assert profile.accent == "#b3261e"
    assert profile.home_sections == ["hero", "posts", "newsletter"]
    assert profile.links == [{"label": "Code", "url": "https://example.org"}]
    assert profile.spoken_languages == [{"language": "English"}]


def test_a_wrong_line_is_named_and_what_was_typed_stays(owner_client):
    change(name="Ines")
    fields = owners_form(owner_client) | {"links-0-label": "Code", "links-0-url": "javascript:alert(1)"}

    page = owner_client.post(reverse("admin:core_profile_change", args=[Profile.ID]), fields).content.decode()

    assert "Item 1: No web address such as https://example.org." in page
    assert 'value="javascript:alert(1)"' in page
    assert Profile.load().links == []


def test_a_colour_or_section_that_nobody_knows_is_refused(owner_client):
    change(name="Ines")
    fields = owners_form(owner_client) | {"accent": "red", "home_sections": ["posts", "circus"]}

    page = owner_client.post(reverse("admin:core_profile_change", args=[Profile.ID]), fields).content.decode()

    assert "A colour such as #1949c5." in page
    assert "One of these is not known here." in page
    assert Testimonial.objects.count() == 0
