"""The shop sifted and sorted by its address."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from shopfolio.core.services import site
from shopfolio.core.whole_pages import kept_pages
from shopfolio.ecommerce.models import Product, Variant
from shopfolio.ecommerce.models.settings import shop_settings
from tests.factories import make_product, make_shop, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


@pytest.fixture
def shelf():
    """One of every kind, one that is both printed and to load, one that has no price yet."""
    days = iter(range(9))
    rows = [
        ("Zebra", "physical", 9_000, 3), ("Árvore", "digital", 2_000, None),
        ("barca", "service", 12_000, None), ("Coral", "physical", 11_000, 0),
    ]  # fmt: skip
    for title, kind, price, available in rows:
        product = make_product(title, activate_date=timezone.now() - timedelta(days=next(days)))
        make_variant(product, kind=kind, price=price, available=available)
    book = make_product("Book", activate_date=timezone.now() - timedelta(days=next(days)))
    make_variant(book, kind="physical", price=3_000, available=0)
    make_variant(book, kind="digital", price=1_000, available=None)
    make_product("Not priced", activate_date=timezone.now() - timedelta(days=next(days)))


def titles(client, query=""):
    answer = client.get(f"/shop/{query}")
    assert answer.status_code == 200
    return re.findall(r'<h3><a href="[^"]*">([^<]*)</a></h3>', answer.content.decode())


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["Zebra", "Árvore", "barca", "Coral", "Book", "Not priced"]),
        ("?kind=physical", ["Zebra", "Coral", "Book"]),
        ("?kind=digital", ["Árvore", "Book"]),
        ("?kind=service", ["barca"]),
        ("?stock=in", ["Zebra", "Árvore", "barca", "Book"]),
        ("?kind=physical&stock=in", ["Zebra"]),
        ("?sort=newest", ["Zebra", "Árvore", "barca", "Coral", "Book", "Not priced"]),
        ("?sort=price-up", ["Book", "Árvore", "Zebra", "Coral", "barca"]),
        ("?sort=price-down", ["barca", "Coral", "Zebra", "Árvore", "Book"]),
        ("?sort=name", ["Árvore", "barca", "Book", "Coral", "Not priced", "Zebra"]),
        ("?kind=digital&stock=in&sort=price-up", ["Book", "Árvore"]),
    ],
)
def test_the_address_says_what_is_shown_and_in_which_order(client, shelf, query, shown):
    assert titles(client, query) == shown


def test_newest_is_by_publication_whatever_the_owners_order(client):
    make_product("Old", position=0, activate_date=timezone.now() - timedelta(days=9))
    make_product("New", position=5)

    assert titles(client) == ["Old", "New"]
    assert titles(client, "?sort=newest") == ["New", "Old"]


def test_what_is_coming_cannot_be_had_yet(client):
    make_variant(make_product("Soon", on_sale_from=timezone.now() + timedelta(days=3)))
    make_variant(make_product("Here", on_sale_from=timezone.now() - timedelta(days=3)))

    assert titles(client, "?stock=in") == ["Here"]


@pytest.mark.parametrize(
    "query", ["kind=shoes", "kind=", "stock=out", "sort=", "sort=id", "kind=%00", "page=2"]
)
def test_what_the_shop_does_not_know_is_not_found(client, shelf, query):
    assert client.get(f"/shop/?{query}").status_code == 404


def test_what_is_shown_is_marked_and_every_choice_keeps_the_others(client, shelf):
    page = client.get("/shop/?kind=digital&sort=name").content.decode()

    assert '<a href="/shop/?kind=digital&amp;sort=name" aria-current="true">Downloads</a>' in page
    assert '<a href="/shop/?sort=name">All</a>' in page
    assert '<a class="last" href="/shop/?kind=digital&amp;stock=in&amp;sort=name" rel="nofollow">' in page
    assert '<a href="/shop/?kind=digital" rel="nofollow">Recommended</a>' in page
    assert page.count('aria-current="true"') == 2


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", "Filter and sort</summary>"),
        ("?kind=digital", "Filter and sort <span>Downloads</span></summary>"),
        (
            "?kind=digital&stock=in&sort=name",
            "Filter and sort <span>Downloads, In stock only, Name</span></summary>",
        ),
    ],
)
def test_the_folded_choices_name_what_was_chosen(client, shelf, query, named):
    assert f"<summary>{named}" in client.get(f"/shop/{query}").content.decode()


def test_in_stock_only_leads_back_when_it_is_taken(client, shelf):
    page = client.get("/shop/?stock=in").content.decode()

    assert '<a class="last" href="/shop/" rel="nofollow" aria-current="true">In stock only</a>' in page


def test_a_shop_of_one_kind_offers_no_kinds(client):
    make_variant(make_product("Print"))
    make_variant(make_product("Draft", live=False), kind="digital")

    page = client.get("/shop/").content.decode()

    assert "By post" not in page
    assert "Downloads</a>" not in page
    assert "In stock only" in page


def test_where_nothing_is_like_this_a_way_leads_back(client):
    make_variant(make_product("Print"))

    answer = client.get("/shop/?kind=digital")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "There is nothing like this just now." in page
    assert '<a class="more" href="/shop/">See the whole shop</a>' in page
    assert '<a href="/shop/?kind=digital" aria-current="true">Downloads</a>' in page


def test_further_pages_keep_what_was_chosen(client):
    for _ in range(25):
        make_variant(make_product())
    make_variant(make_product("Book"), kind="digital", available=None)

    first = client.get("/shop/?kind=physical&sort=price-up").content.decode()
    second = client.get("/shop/?kind=physical&sort=price-up&page=2").content.decode()

    assert 'rel="next" href="?kind=physical&amp;sort=price-up&amp;page=2"' in first
    assert 'rel="prev" href="?kind=physical&amp;sort=price-up&amp;page=1"' in second
    assert second.count('<li class="plate') == 1


@pytest.mark.parametrize(
    ("query", "address"),
    [
        ("", ""),
        ("?kind=physical", "?kind=physical"),
        ("?kind=physical&page=2", "?kind=physical&amp;page=2"),
        ("?sort=name&page=2", ""),
        ("?sort=name&kind=physical&stock=in", "?kind=physical"),
    ],
)
def test_another_order_is_no_other_page_for_search_engines(client, settings, query, address):
    for _ in range(25):
        make_variant(make_product())

    page = client.get(f"/shop/{query}").content.decode()

    assert f'<link rel="canonical" href="{settings.SITE_URL}/shop/{address}">' in page


def test_every_choice_is_kept_whole_by_itself_and_no_stranger_adds_another(client, shelf):
    kept_pages.clear()
    before = titles(client, "?sort=name")

    assert titles(client, "?kind=service") == ["barca"]
    assert titles(client, "?utm_source=mail&sort=name&x=1") == before
    assert len(kept_pages) == 2


def test_in_an_order_nothing_is_wide_for_that_would_change_the_order_to_the_eye(client):
    for _ in range(2):
        make_product(image="pictures/a.avif", image_width=1400, image_height=1050)

    as_hung, by_name = (client.get(f"/shop/{query}").content.decode() for query in ("", "?sort=name"))

    assert (as_hung.count('class="plate wide"'), by_name.count('class="plate wide"')) == (2, 0)


@pytest.mark.parametrize("many", [10, 60])
@pytest.mark.parametrize(
    "query", ["?kind=physical", "?stock=in", "?sort=price-up", "?kind=physical&stock=in&sort=name"]
)
def test_whatever_is_chosen_takes_three_queries(client, django_assert_max_num_queries, many, query):
    make_shop()
    for _ in range(many):
        make_variant(make_product())
    site()
    shop_settings()

    with django_assert_max_num_queries(3):
        answer = client.get(f"/shop/{query}")

    assert answer.content.count(b'<li class="plate') == min(many, 24)


def told(product):
    return Product.objects.values_list("least_price", "kinds").get(pk=product.pk)


def test_a_product_tells_the_price_and_kinds_of_what_is_on_sale():
    product = make_product()
    assert told(product) == (None, "")
    print_ = make_variant(product, price=900, available=0)
    file = make_variant(product, price=300, kind="digital")
    assert told(product) == (300, "physical digital ")

    file.status = Variant.Status.RETIRED
    file.save(update_fields=["status"])
    assert told(product) == (900, "physical ")
    Variant.objects.filter(pk=print_.pk).update(price=700)
    assert told(product) == (700, "physical ")
    Variant.objects.filter(pk=print_.pk).delete()
    assert told(product) == (None, "")


def test_a_product_that_was_read_before_its_variants_does_not_forget_them_when_it_is_saved():
    product = make_product("Print")
    make_variant(product, price=900)

    product.save()

    assert told(product) == (900, "physical ")


def test_a_variant_that_changes_hands_is_told_by_both():
    old, new = make_product(), make_product()
    variant = make_variant(old, price=900)

    Variant.objects.filter(pk=variant.pk).update(product=new)

    assert (told(old), told(new)) == ((None, ""), (900, "physical "))


def test_selling_does_not_touch_the_products_row(django_assert_num_queries):
    variant = make_variant()

    with django_assert_num_queries(1):
        Variant.objects.filter(pk=variant.pk).update(available=1)


def test_a_new_title_is_put_in_order_anew():
    product = make_product("Zebra")
    product.title = "Árvore, 61 Lines"

    product.save(update_fields=["title"])

    assert Product.objects.get().sort_name == "arvore 61 lines"


def test_what_holds_together_stays_on_one_line_in_the_shop(client):
    make_shop()
    make_variant(make_product("Stones", description="Plotted print, 40\u00a0×\u00a050\u00a0cm."))

    assert "40\u00a0×\u00a050\u00a0cm" in client.get("/shop/").content.decode()
