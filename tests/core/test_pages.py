"""Every public page: who sees it, what it costs, and what it leaves behind."""

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from shopfolio.core.models import (
    BlogPost,
    Certificate,
    Experience,
    Policy,
    Profile,
    Project,
    ProjectPicture,
    Skill,
    Tag,
)
from shopfolio.core.services import forget_site
from shopfolio.users.roles import Role
from tests.factories import make_page, make_post, make_product, make_staff, make_testimonial, make_variant
from tests.users.people import give_app, show_second_factor

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

FIXED = [
    "/", "/resume/", "/portfolio/", "/blog/", "/testimonials/", "/contact/", "/contact/sent/", "/newsletter/",
    "/newsletter/sent/", "/blog/feed.xml", "/sitemap.xml", "/robots.txt", "/health/live",
    "/shop/", "/cart/", "/search/", "/search/?q=post",
]  # fmt: skip
POLICY = {
    "default-src 'none'", "base-uri 'none'", "connect-src 'self'", "font-src 'self'", "style-src 'self'",
    "frame-ancestors 'none'",
    "report-uri /csp-reports/", "form-action 'self' https://checkout.stripe.com", "img-src 'self' data:",
    "script-src 'self'",
}  # fmt: skip


def fill(many: int) -> None:
    """`many` rows of everything, each with what its page can show."""
    tags = [Tag.objects.create(title=f"Tag {number}") for number in range(min(many, 5))]
    for number in range(many):
        project = make_page(Project, f"Project {number}", figures=[{"value": "38", "label": "of wall"}])
        ProjectPicture.objects.create(
            project=project, image="pictures/a.avif", width=4, height=3, title="Detail"
        )
        make_page(Skill, f"Skill {number}").projects.add(project)
        make_page(BlogPost, f"Post {number}", body="<p>Words.</p>").tags.add(*tags)
        make_page(Certificate, f"Certificate {number}", issuer="School")
        make_testimonial(project=project)
        make_variant(make_product(f"Product {number}", project=project))
        Experience.objects.create(title=f"Job {number}", started="2019-03")
    make_page(Policy, "Privacy")
    Profile.objects.create(pk=Profile.ID, name="Ines Calder")


@pytest.mark.parametrize("address", FIXED)
def test_a_page_opens_without_any_content(client, address):
    response = client.get(address)

    assert response.status_code == 200


@pytest.mark.parametrize("address", FIXED)
def test_a_page_opens_with_content(client, address):
    fill(3)

    response = client.get(address)

    assert response.status_code == 200


@pytest.mark.parametrize("model", [Project, Skill, BlogPost, Policy])
def test_only_who_may_look_at_them_in_the_back_office_sees_a_draft_and_nobody_keeps_it(
    client, django_user_model, model
):
    draft = make_page(model, "Not yet", live=False)
    editor, clerk = make_staff(Role.EDITOR), make_staff(Role.CLERK)
    buyer = django_user_model.objects.create_user("buyer@example.org")

    anonymous = client.get(draft.get_absolute_url())
    client.force_login(buyer)
    to_buyer = client.get(draft.get_absolute_url())
    client.force_login(clerk)
    to_clerk = client.get(draft.get_absolute_url())
    client.force_login(editor)
    to_staff = client.get(draft.get_absolute_url())

    assert [each.status_code for each in (anonymous, to_buyer, to_clerk, to_staff)] == [404, 404, 404, 200]
    assert "Not public" in to_staff.content.decode()
    assert to_staff["Cache-Control"] == "private, no-store"


def test_on_a_site_that_others_reach_a_draft_asks_for_the_second_factor(client, settings):
    settings.LOOPBACK = False
    draft, editor = make_page(BlogPost, "Not yet", live=False), make_staff(Role.EDITOR)
    client.force_login(editor)
    give_app(editor)

    with_a_password = client.get(draft.get_absolute_url())
    show_second_factor(client, editor)
    with_the_app = client.get(draft.get_absolute_url())

    assert (with_a_password.status_code, with_the_app.status_code) == (404, 200)


@pytest.mark.parametrize(
    "address", ["/portfolio/x/", "/skills/x/", "/blog/x/", "/blog/tag/x/", "/policies/x/", "/x/"]
)
def test_an_unknown_address_is_not_found_in_our_design(client, address):
    response = client.get(address)

    assert response.status_code == 404
    assert "The pen has left the paper." in response.content.decode()


def test_visitors_get_no_cookie_and_no_session_on_any_page(client, monkeypatch):
    fill(2)
    monkeypatch.setattr(SessionStore, "load", lambda self: pytest.fail("a session was read"))
    pages = [*FIXED, "/nix/"]
    for model in (Project, Skill, BlogPost, Policy, Tag):
        pages += [page.get_absolute_url() for page in model.objects.all()]

    answers = [client.get(address) for address in pages]

    assert [
        answer.wsgi_request.path
        for answer in answers
        if answer.cookies or answer.wsgi_request.session.accessed
    ] == []
    assert all(set(answer["Content-Security-Policy"].split("; ")) == POLICY for answer in answers)
    assert [answer.wsgi_request.path for answer in answers if not answer.has_header("ETag")] == [
        "/health/live", "/cart/", "/nix/"
    ]  # fmt: skip


def test_a_public_page_is_asked_for_again(client):
    assert client.get("/blog/")["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("many", [1, 25])
@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/", 8), ("/portfolio/", 3), ("/blog/", 3), ("/blog/tag/tag-0/", 3), ("/testimonials/", 3),
        ("/portfolio/project-0/", 3), ("/skills/skill-0/", 3), ("/blog/post-0/", 3),
        ("/policies/privacy/", 3),
        ("/resume/", 4), ("/contact/", 0), ("/newsletter/", 0), ("/search/?q=pr", 2),
    ],
)  # fmt: skip
def test_a_page_costs_the_same_however_much_there_is(
    client, django_assert_max_num_queries, address, most, many
):
    fill(many)
    client.get(address)

    with django_assert_max_num_queries(most):
        response = client.get(address)

    assert response.status_code == 200


def test_the_blog_is_paged_by_twenty_and_ends(client):
    for number in range(21):
        make_page(BlogPost, f"Post {number}", activate_date=timezone.now() - timezone.timedelta(days=number))

    first, second, third = (client.get(f"/blog/?page={number}") for number in (1, 2, 3))

    assert [len(page.context["posts"]) for page in (first, second)] == [20, 1]
    assert 'href="?page=2"' in first.content.decode()
    assert "Older posts" not in second.content.decode()
    assert third.status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "x", "", "9999999", "²", "1e3", "٣", "01"])
def test_a_page_number_that_is_none_is_not_found(client, number):
    assert client.get("/blog/", {"page": number}).status_code == 404


def test_a_post_has_its_footnotes_and_its_feed_has_them_as_they_were_written(client):
    make_page(BlogPost, "Tides", body="<p>The moon[1].</p><p>[1] Most of it.</p>")

    assert '<li id="note-1" value="1">Most of it. ' in client.get("/blog/tides/").content.decode()
    assert "[1] Most of it." in client.get("/blog/feed.xml").content.decode()


def test_a_picture_of_a_post_has_its_caption(client):
    shown = {"image": "pictures/line.png", "image_width": 8, "image_height": 8}
    make_page(BlogPost, "Tides", image_caption="Belém, 2025", **shown)
    make_page(BlogPost, "Bare", **shown)

    assert '<figcaption class="label">Belém, 2025</figcaption>' in client.get("/blog/tides/").content.decode()
    assert "<figcaption" not in client.get("/blog/bare/").content.decode()


def test_a_tag_shows_its_own_posts_only(client):
    method, business = Tag.objects.create(title="Method"), Tag.objects.create(title="Business")
    make_page(BlogPost, "Five pens").tags.add(method)
    make_page(BlogPost, "Paper prices").tags.add(business)

    page = client.get(method.get_absolute_url()).content.decode()

    assert "Five pens" in page
    assert "Paper prices" not in page


def test_what_a_word_processor_left_in_a_post_does_not_break_the_feed(client):
    make_post("A\x0bwall\x1f", body="<p>by the\x0bstairs</p>", description="\x01Old\ufffe")

    feed = client.get("/blog/feed.xml")

    assert feed.status_code == 200
    assert "<title>Awall</title>" in feed.content.decode()


def test_the_feed_has_the_whole_text_and_absolute_links(client):
    make_page(BlogPost, "Five pens", body='<p>A <a href="/shop/">shop</a>.</p><script>x()</script>')
    make_page(BlogPost, "Later", live=False)

    feed = client.get("/blog/feed.xml", headers={"host": "localhost"})
    text = feed.content.decode()

    assert feed["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert 'href="http://127.0.0.1:8000/blog/five-pens/"' in text
    assert '&lt;p&gt;A &lt;a href="/shop/"' in text
    assert "script" not in text
    assert "Later" not in text
    assert "localhost" not in text


@pytest.mark.parametrize("path", ["/blog/feed.xml", "/sitemap.xml", "/robots.txt", "/"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "BREW"])
def test_what_is_only_read_takes_no_other_method(client, path, method):
    assert client.generic(method, path).status_code == 405


def test_robots_are_told_where_the_sitemap_is(client):
    text = client.get("/robots.txt").content.decode()

    assert text.endswith("Sitemap: http://127.0.0.1:8000/sitemap.xml\n")


def test_the_error_page_needs_no_database(client, monkeypatch):
    forget_site()
    client.raise_request_exception = False
    monkeypatch.setattr(Profile, "load", lambda: 1 / 0)

    response = client.get("/contact/")

    assert response.status_code == 500
    assert "The machine has jammed." in response.content.decode()


def test_a_case_study_leads_to_the_next_live_one_and_to_what_is_sold_of_it(client):
    first = make_page(Project, "First", position=1)
    make_page(Project, "Draft", position=2, live=False)
    make_page(Project, "Third", position=3)
    make_variant(make_product("Sheet", project=first), price=8_500)

    page = client.get(first.get_absolute_url()).content.decode()

    assert 'href="/portfolio/third/"' in page
    assert 'href="/portfolio/draft/"' not in page
    assert "From €85.00" in page


def test_a_change_in_the_back_office_shows_on_the_next_page(owner_client, django_capture_on_commit_callbacks):
    policy = make_page(Policy, "Old privacy")
    before = owner_client.get("/").content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        deleted = owner_client.post(f"/admin/core/policy/{policy.pk}/delete/", {"post": "yes"})
    after = owner_client.get("/").content.decode()

    assert deleted.status_code == 302
    assert "Old privacy" in before
    assert "Old privacy" not in after


@pytest.mark.parametrize(
    ("address", "make", "row"),
    [
        ("/portfolio/", lambda number: make_page(Project, f"Project {number}"), "<h3><a"),
        ("/testimonials/", lambda number: make_testimonial(), "<blockquote>"),
    ],
)
def test_a_long_list_comes_in_pages_of_24_and_ends(client, address, make, row):
    for number in range(25):
        make(number)

    first, second, third = (client.get(f"{address}?page={number}") for number in (1, 2, 3))

    texts = [page.content.decode() for page in (first, second)]
    assert [text.count(row) for text in texts] == [24, 1]
    assert ['href="?page=2"' in text for text in texts] == [True, False]
    assert [", page 2, " in text.partition("</title>")[0] for text in texts] == [False, True]
    assert third.status_code == 404
