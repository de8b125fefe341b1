"""A deep page of a list reads its own rows, and of what lies before them only an index."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shopfolio.core.models import BlogPost, Project, Tag
from shopfolio.ecommerce.models import Product, Variant
from tests.factories import make_page, make_testimonial

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

IS_POSTGRES = connection.vendor == "postgresql"


@pytest.fixture(scope="module")
def many(module_rows):
    """Two pages of everything; PostgreSQL decides as for many more."""
    project, tag = None, Tag.objects.create(title="Tide")
    for number in range(26):
        dated = {"activate_date": timezone.now() - timedelta(minutes=number + 1)}
        project = make_page(Project, f"Project {number}", **dated)
        make_page(BlogPost, f"Post {number}", **dated).tags.add(tag)
        product = make_page(Product, f"Product {number}", project=project, **dated)
        Variant.objects.create(product=product, sku=str(number), price=number)
        make_testimonial(project=project)
    if IS_POSTGRES:
        with connection.cursor() as cursor:
            for table in (
                "core_project",
                "core_blogpost",
                "ecommerce_product",
                "core_testimonial",
                "ecommerce_variant",
            ):
                cursor.execute(f"ANALYZE {table}")
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute("SET LOCAL enable_sort = off")


def plans(client, address):
    """How the database goes about each query of a page."""
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    assert answer.status_code == 200
    with connection.cursor() as cursor:
        for query in queries.captured_queries:
            explain = "EXPLAIN " if IS_POSTGRES else "EXPLAIN QUERY PLAN "
            cursor.execute(explain + query["sql"].replace("%", "%%"))
            yield query["sql"], "\n".join(str(row[-1]) for row in cursor.fetchall())


@pytest.mark.skipif(IS_POSTGRES, reason="its planner goes by the statistics of the moment")
@pytest.mark.parametrize(
    ("address", "index"),
    [
        ("/blog/?page=2", "core_blogpost_deep"),
        ("/blog/tag/tide/?page=2", "core_blogpost_deep"),
        ("/shop/?page=2", "ecommerce_product_shelf"),
        ("/shop/?kind=physical&page=2", "ecommerce_product_shelf"),
        ("/shop/?sort=newest&page=2", "ecommerce_product_newest"),
        ("/shop/?sort=price-up&page=2", "ecommerce_product_price"),
        ("/shop/?sort=price-down&page=2", "ecommerce_product_price"),
        ("/shop/?sort=name&page=2", "ecommerce_product_name"),
        ("/shop/?kind=physical&stock=in&sort=price-up&page=2", "ecommerce_product_price"),
        ("/portfolio/?page=2", "core_project_list"),
        ("/testimonials/?page=2", "core_testimonial_list"),
    ],
)
def test_a_deep_page_skips_over_keys_in_an_index(client, many, address, index):
    skipping = [plan for sql, plan in plans(client, address) if "OFFSET" in sql]

    assert len(skipping) == 1
    only_the_index = f"Index Only Scan using {index} " if IS_POSTGRES else f"USING COVERING INDEX {index} "
    assert only_the_index in skipping[0]
    # The rows that are shown, never those that are skipped.
    assert skipping[0].count("FOR ORDER BY") <= 1


@pytest.mark.parametrize(
    "address",
    ["/", "/blog/", "/blog/post-3/", "/blog/feed.xml", "/shop/", "/shop/?kind=physical&stock=in",
     "/shop/?sort=price-down", "/shop/product-3/", "/portfolio/",
     "/portfolio/project-3/", "/testimonials/", "/resume/"],
)  # fmt: skip
def test_a_page_never_walks_through_a_table_of_pages(client, many, address):
    found = list(plans(client, address))

    tables = "core_project|core_blogpost|ecommerce_product|core_testimonial|ecommerce_variant"
    whole = rf"Seq Scan on ({tables})\b" if IS_POSTGRES else rf"SCAN ({tables})\b(?! USING)"
    assert found
    assert [plan for _sql, plan in found if re.search(whole, plan)] == []


@pytest.mark.skipif(IS_POSTGRES, reason="it was told not to sort")
@pytest.mark.parametrize(("address", "lists"), [("/", 4), ("/resume/", 1), ("/blog/post-3/", 1)])
def test_the_first_rows_of_a_list_come_without_sorting_all(client, many, address, lists):
    first_rows = [plan for sql, plan in plans(client, address) if re.search(r"ORDER BY .* LIMIT \d$", sql)]

    assert len(first_rows) == lists
    assert [plan for plan in first_rows if "FOR ORDER BY" in plan] == []


@pytest.mark.skipif(IS_POSTGRES, reason="its planner goes by the statistics of the moment")
def test_what_is_beside_a_product_is_found_without_sorting_all(client, many):
    [plan] = [plan for sql, plan in plans(client, "/shop/product-3/") if " UNION ALL " in sql]

    assert "COVERING INDEX ecommerce_product_shelf (status=?)" in plan
    assert "INDEX ecommerce_product_of_project (project_id=? AND status=?)" in plan
    assert plan.count("FOR ORDER BY") == 1


def test_the_sitemap_cuts_its_parts_by_keys_alone(client, many):
    cutting = [plan for sql, plan in plans(client, "/sitemap-posts-1.xml") if " IN (SELECT" in sql]

    assert len(cutting) == 1
    assert re.search(
        r"Index Only Scan using core_blogpost_pkey" if IS_POSTGRES else r"COVERING INDEX", cutting[0]
    )


def test_tags_are_looked_up_from_their_own_posts(client, many):
    [(sql, plan), *_more] = plans(client, "/blog/")

    assert 'FROM "core_tag"' in sql
    assert "core_blogpost_deep" not in plan
