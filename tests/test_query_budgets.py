"""What each page may ask of the database: the same, and little, at thirty products and at ten thousand."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from shopfolio.core import services
from shopfolio.core.models import (
    BlogPost,
    Certificate,
    Experience,
    Policy,
    Project,
    ProjectPicture,
    Skill,
    Tag,
    Testimonial,
)
from shopfolio.ecommerce.models import Product, ProductImage, Variant
from tests import addresses
from tests.factories import carry_cart, make_cart, make_shop

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

BUDGETS = {
    "core:home": 8,
    "core:resume": 4,
    "core:portfolio": 3,
    "core:project": 3,
    "core:skill": 3,
    "core:blog": 3,
    "core:feed": 3,
    "core:blog_tag": 3,
    "core:post": 3,
    "core:testimonials": 3,
    "core:contact": 0,
    "core:contact_sent": 0,
    "core:newsletter": 0,
    "core:newsletter_sent": 0,
    "core:policy": 3,
    "core:search": 2,
    "core:sitemap": 10,  # two for each of five kinds
    "core:sitemap_part": 3,
    "core:robots": 0,
    "core:security_txt": 0,
    "ecommerce:find": 0,
    "ecommerce:find_sent": 0,
    "ecommerce:shop": 3,
    "ecommerce:product": 3,
}
"""Of the public pages. What is kept between requests, the owner and the shop's settings, is not counted."""

WITH_A_CART = {"ecommerce:cart": 5, "ecommerce:checkout": 5, "ecommerce:shop": 3, "core:home": 8}
QUERIES = {"core:search": "?q=word"}
SIFTED = ("?kind=physical", "?kind=physical&stock=in&sort=price-up", "?sort=price-down&page=2", "?sort=name")
"""The shop, looked at otherwise; for the price of the shop."""


FEWER = 500
"""Of the kinds that nobody asked ten thousand of."""


def fill(rows: range) -> None:
    """Rows of every kind by their number, `product-0` and so on, each with what its page can show."""
    fewer = range(min(rows.start, FEWER), min(rows.stop, FEWER))
    tags = [Tag.objects.get_or_create(title=f"Tag {number}")[0] for number in range(5)]
    posts, projects, skills = (pages(model, fewer) for model in (BlogPost, Project, Skill))
    link(BlogPost.tags.through, posts, tags)
    link(Project.skills.through, projects, skills[:10])
    pages(Certificate, fewer[:10], issuer="School")
    pages(Policy, fewer[:5])
    products = pages(Product, rows, project=Project.objects.get(slug="project-0"))
    Variant.objects.bulk_create(
        [
            Variant(product=product, sku=f"{product.slug}-{choice}", price=1_000, available=5)
            for product in products
            for choice in range(2)
        ],
        batch_size=500,
    )
    Testimonial.objects.bulk_create(
        [Testimonial(name="Ana", feedback="Good.", status="published", project=each) for each in projects]
    )
    picture = {"image": "pictures/a.avif", "width": 4, "height": 3}
    ProductImage.objects.bulk_create([ProductImage(product=each, **picture) for each in products[:20]])
    ProjectPicture.objects.bulk_create([ProjectPicture(project=each, **picture) for each in projects])
    Experience.objects.bulk_create([Experience(title="Post", started="2019") for _ in fewer[:20]])


def pages(model, rows, **more):
    name = model.__name__.removeprefix("Blog")
    columns = {"status": 1, "body": "<p>A word.</p>", "description": "Words."} | more
    return model.objects.bulk_create(
        [
            model(
                title=f"{name} {row}",
                slug=f"{name.lower()}-{row}",
                activate_date=timezone.now() - timedelta(minutes=row + 1),
                **columns,
            )
            for row in rows
        ],
        batch_size=500,
    )


def link(through, owners, others):
    owner, other = (field.name for field in through._meta.fields if field.is_relation)
    through.objects.bulk_create(
        [through(**{owner: each, other: one}) for each in owners for one in others], batch_size=500
    )


def queries_of(browser, address):
    browser.get(address)  # the owner and the shop's settings are kept from here on
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get(address)
    assert answer.status_code == 200, address
    return len(queries)


def costs():
    """How many queries every page takes: for a visitor, for one with a cart, and the shop sifted."""
    visitor, buyer = Client(), Client()
    carry_cart(buyer, make_cart(*((variant, 1) for variant in Variant.objects.order_by("sku")[:8])))
    public = {
        name: queries_of(visitor, reverse(name, kwargs=arguments) + QUERIES.get(name, ""))
        for name, arguments in addresses.PUBLIC.items()
    }
    sifted = {query: queries_of(visitor, reverse("ecommerce:shop") + query) for query in SIFTED}
    return public, {name: queries_of(buyer, reverse(name)) for name in WITH_A_CART}, sifted


def test_every_public_page_has_a_budget():
    assert set(BUDGETS) == set(addresses.PUBLIC)


def test_no_page_asks_more_than_its_budget_nor_more_because_there_is_more(monkeypatch):
    monkeypatch.setattr(services, "SITE_LIVES", 3_600)
    make_shop()
    fill(range(30))
    at_thirty = costs()

    fill(range(30, 10_000))

    assert Product.objects.count() == 10_000
    assert costs() == at_thirty
    over = {name: count for name, count in at_thirty[0].items() if count > BUDGETS[name]}
    over |= {name: count for name, count in at_thirty[1].items() if count > WITH_A_CART[name]}
    over |= {query: count for query, count in at_thirty[2].items() if count > BUDGETS["ecommerce:shop"]}
    assert over == {}
