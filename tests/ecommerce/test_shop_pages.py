import re
from datetime import timedelta

import pytest
from django.utils import timezone

from shopfolio.core.models import Project
from shopfolio.core.services import site
from shopfolio.ecommerce.models import Product, ProductImage, Variant
from shopfolio.ecommerce.models.settings import shop_settings
from tests.factories import make_product, make_shop, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def warm_up():
    site()
    shop_settings()


def test_the_shop_shows_live_products_with_their_price_and_stock(client):
    make_shop()
    print_ = make_product("Tide Table")
    make_variant(print_, price=8_500, available=22, title="30 × 42 cm")
    make_variant(print_, price=14_000, available=7, title="50 × 70 cm")
    make_variant(make_product("Coral"), available=0)
    make_variant(make_product("Draft", live=False))

    page = client.get("/shop/").content.decode()

    assert "Tide Table" in page
    assert "From €85.00" in page
    assert "29 left" in page
    assert "Sold out" in page
    assert "Draft" not in page


@pytest.mark.parametrize("many", [10, 200])
def test_the_shop_takes_three_queries_whatever_the_number_of_products(
    client, django_assert_max_num_queries, many
):
    make_shop()
    for _ in range(many):
        Variant.objects.create(product=make_product(), sku=f"S{Variant.objects.count()}", price=100)
    warm_up()

    with django_assert_max_num_queries(3):
        answer = client.get("/shop/")

    assert answer.status_code == 200
    assert answer.content.count(b'<li class="plate') == min(many, 24)


def test_a_product_page_takes_three_queries_with_its_variants_pictures_and_case_study(
    client, django_assert_max_num_queries
):
    make_shop()
    project = Project.objects.create(title="Wall", status=Project.Status.PUBLISHED)
    product = make_product("Tide Table", project=project)
    for _ in range(6):
        make_variant(make_product(project=project))
    for number in range(20):
        make_variant(product, title=f"Size {number}")
        picture = {"image": f"pictures/{number}.avif", "width": 1200, "height": 900}
        ProductImage.objects.create(product=product, alt="A sheet", **picture)
    warm_up()

    with django_assert_max_num_queries(3):
        page = client.get("/shop/tide-table/").content.decode()

    assert page.count('name="variant"') == 20
    assert page.count("A sheet") == 20
    assert project.get_absolute_url() in page


def titles_beside(client, slug):
    page = client.get(f"/shop/{slug}/").content.decode()
    return re.findall(r'<h3><a href="/shop/[^"]*">([^<]*)</a></h3>', page)


def test_beside_a_product_hang_those_of_its_case_study_and_then_those_of_its_kind(client):
    wall = Project.objects.create(title="Wall", status=Project.Status.PUBLISHED)
    for place, title in enumerate(["One", "Two", "Three", "Four", "Five"]):
        make_variant(make_product(title, position=place))
    make_variant(make_product("Book", position=6, project=wall), kind="digital")
    make_variant(make_product("Tide", position=7, project=wall))
    make_variant(make_product("Draft", live=False, project=wall))

    assert titles_beside(client, "tide") == ["Book", "One", "Two", "Three"]
    assert titles_beside(client, "book") == ["Tide"]
    assert titles_beside(client, "one") == ["Two", "Three", "Four", "Five"]


def test_a_form_that_comes_back_still_has_the_others_beside_it(client):
    make_variant(make_product("Tide"))
    make_variant(make_product("One"))

    answer = client.post("/cart/add/tide/", {"quantity": "0"})

    assert answer.status_code == 422
    assert '<a href="/shop/one/">One</a>' in answer.content.decode()


def test_alone_in_the_shop_a_product_has_nothing_beside_it(client):
    make_variant(make_product("Print"))
    make_variant(make_product("Book"), kind="digital")

    assert "Beside it in the shop" not in client.get("/shop/print/").content.decode()


def test_pictures_are_links_to_themselves_once_they_are_made(client):
    product = make_product("Print", image="pictures/a.jpg", image_width=4, image_height=3)
    bare = {"product": product, "width": 4, "height": 3}
    made = {"of": "pictures/b.jpg", "size": [4, 3], "widths": [480, 1080]}
    ProductImage.objects.create(image="pictures/b.jpg", alt="Edge", image_made=made, **bare)
    ProductImage.objects.create(image="pictures/c.jpg", alt="Back", **bare)

    page = client.get("/shop/print/").content.decode()

    assert re.findall(r'<a href="(/media/[^"]*)"><picture>', page) == ["/media/pictures/b-1080.webp"]
    assert [page.count(f'alt="{words}"') for words in ("Edge", "Back")] == [1, 1]
    assert "gallery.js" in page


def test_a_product_without_more_pictures_loads_no_gallery(client):
    make_product("Print")

    assert "gallery.js" not in client.get("/shop/print/").content.decode()


def test_the_shop_goes_on_on_further_pages(client):
    for _ in range(25):
        make_product()

    first, second = client.get("/shop/"), client.get("/shop/?page=2")

    assert b"?page=2" in first.content
    assert second.content.count(b'<li class="plate') == 1
    assert b"?page=3" not in second.content


@pytest.mark.parametrize("number", ["0", "-1", "3", "abc", "", "9" * 30, "٣", "0000001" + "9" * 30])
def test_a_page_of_the_shop_that_does_not_exist_is_not_found(client, number):
    make_product()

    assert client.get("/shop/", {"page": number}).status_code == 404


@pytest.mark.parametrize("path", ["/shop/", "/shop/print/", "/cart/", "/checkout/"])
def test_looking_sets_no_cookie(client, path):
    make_variant(make_product("Print"))

    answer = client.get(path)

    assert answer.status_code in {200, 303}
    assert not answer.cookies


def test_a_draft_is_for_staff_only_and_never_kept(client, owner_client):
    make_variant(make_product("Draft", live=False))

    as_owner = owner_client.get("/shop/draft/")
    client.logout()

    assert as_owner.status_code == 200
    assert "no-store" in as_owner["Cache-Control"]
    assert client.get("/shop/draft/").status_code == 404


def test_choices_that_are_sold_out_cannot_be_taken(client):
    product = make_product("Print")
    make_variant(product, title="Small", available=0)
    make_variant(product, title="Large", available=3)

    page = client.get("/shop/print/").content.decode()

    assert page.count(" disabled") == 1
    assert page.count(" checked") == 1
    assert "3 left" in page


def test_a_product_that_is_coming_has_no_button(client):
    product = make_product("Print", on_sale_from=timezone.now() + timedelta(days=3))
    make_variant(product)

    page = client.get("/shop/print/").content.decode()

    assert "Coming soon" in page
    assert "/cart/add/" not in page


def test_the_tax_and_delivery_stand_beside_the_price(client):
    make_shop(shipping_free_from=25_000, ships_to=["PT", "ES"])
    make_variant(make_product("Print"))

    page = client.get("/shop/print/").content.decode()

    assert "Delivery costs €6.00 an order and is free from €250.00." in client.get("/shop/").content.decode()
    assert "Price with 23\u00a0% VAT." in page
    assert "€6.00 an order, free from €250.00" in page
    assert "Portugal, Spain" in page


def test_an_unknown_product_is_not_found(client):
    assert client.get("/shop/nothing/").status_code == 404
    assert client.get("/shop/%00/").status_code == 404


@pytest.mark.parametrize("path", ["/shop/", "/shop/print/", "/cart/"])
def test_pages_to_look_at_take_no_post(client, path):
    make_product("Print")

    assert client.post(path).status_code == 405
    assert client.head(path).status_code == 200


def test_live_products_are_in_the_sitemap(client):
    make_product("Print")
    make_product("Draft", live=False)

    index = client.get("/sitemap.xml").content.decode()
    found = client.get("/sitemap-products-1.xml").content.decode()

    assert "/sitemap-products-1.xml<" in index
    assert "/shop/print/" in found
    assert "/shop/draft/" not in found


def test_a_product_of_every_kind_says_how_it_comes(client):
    kinds = {"digital": "Download", "physical": "In stock", "service": "By appointment"}
    for kind in kinds:
        make_variant(make_product(kind), kind=kind, available=None)

    page = client.get("/shop/").content.decode()

    assert [word for word in kinds.values() if word in page] == list(kinds.values())
    assert Product.objects.count() == 3


def test_the_home_page_hangs_what_can_be_had(client):
    make_variant(make_product("Here", description="Plotted, 50 × 70 cm. Signed."))
    make_variant(make_product("Gone"), available=0)

    page = client.get("/").content.decode()

    assert "From the shop" in page
    assert "/shop/here/" in page
    assert "Plotted, 50~×~70~cm<br>".replace("~", "\u00a0") in page
    assert "/shop/gone/" not in page


def test_the_home_page_says_nothing_of_an_empty_shop(client):
    assert "From the shop" not in client.get("/").content.decode()
