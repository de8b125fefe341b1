"""Pictures in Chromium: nothing moves when they come, the smallest that will do comes, and a click aims."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from playwright.sync_api import Page

from shopfolio.core.models import Profile, Project
from shopfolio.ecommerce.models import Product, ProductImage
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import run_job
from tests.factories import make_product, make_shop, make_variant

WATCH = """
    window.moved = [];
    new PerformanceObserver(list => { for (const shift of list.getEntries()) window.moved.push(
        [shift.value, ...shift.sources.map(each => each.node?.outerHTML?.slice(0, 80))]);
    }).observe({ type: "layout-shift", buffered: true });
"""
SHOWN = "all => all.filter(each => each.complete).map(each => [each.currentSrc, each.naturalWidth > 0])"


def upload(size=(1600, 1000)) -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(content, "JPEG", quality=70)
    return SimpleUploadedFile("a.jpg", content.getvalue())


@pytest.fixture
def product(live_site: str) -> Product:
    make_shop()
    profile = Profile.load()
    profile.hero = upload()
    profile.save()
    for number in range(2):
        Project.objects.create(title=f"Work {number}", status=1, image=upload((1200, 900)))
    product = make_product("Print", image=upload((900, 1200)))
    make_variant(product)
    for _ in range(3):
        ProductImage.objects.create(product=product, image=upload((800, 600)))
    return product


def make_ready() -> None:
    for job in Job.objects.filter(name="core.make_pictures"):
        run_job(job.pk)


def visit(page: Page, address: str) -> None:
    """To the bottom, so that all that waits is fetched."""
    page.add_init_script(WATCH)
    page.goto(address)
    for part in range(1, 11):
        page.evaluate("part => scrollTo(0, document.body.scrollHeight * part / 10)", part)
        page.wait_for_timeout(50)
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("is_ready", [True, False])
def test_nothing_moves_when_pictures_come(page: Page, product: Product, width: int, is_ready: bool):
    if is_ready:
        make_ready()
    page.set_viewport_size({"width": width, "height": 844})

    for address, shown in (("/", 4), (product.get_absolute_url(), 5)):
        visit(page, address)

        assert page.evaluate("window.moved") == [], address
        pictures = page.locator("picture img").evaluate_all(SHOWN)
        assert len(pictures) == shown
        assert all(is_whole for _address, is_whole in pictures)


def test_a_phone_takes_avif_no_wider_than_it_shows(page: Page, product: Product):
    make_ready()
    page.set_viewport_size({"width": 390, "height": 844})

    visit(page, "/")

    pictures = page.locator("picture img").evaluate_all(SHOWN)
    taken = [re.search(r"-(\d+)\.(\w+)$", address).groups() for address, _is_whole in pictures]
    assert taken == [("480", "avif")] * 4


def test_a_click_on_a_picture_says_what_stays_in_sight(owner_page: Page, product: Product):
    make_ready()
    owner_page.goto(f"/admin/ecommerce/product/{product.pk}/change/")
    preview = owner_page.locator("img[data-focus=id_image]")
    box = preview.bounding_box()
    assert box

    preview.click(position={"x": box["width"] * 0.8, "y": box["height"] * 0.1})
    owner_page.get_by_role("button", name="Save", exact=True).click()
    owner_page.wait_for_url("**/product/")

    product.refresh_from_db()
    assert (product.image_x, product.image_y) == (pytest.approx(80, abs=1), pytest.approx(10, abs=1))
    assert product.image.place == "x3 y0"


@pytest.mark.parametrize("width", [768, 1280])
def test_the_words_under_works_begin_on_one_line(page: Page, product: Product, width: int):
    Project.objects.filter(title="Work 0").update(role="Identity, print tool and posters, each drawn once")
    page.set_viewport_size({"width": width, "height": 900})

    page.goto("/")

    tops = page.locator(".works figcaption").evaluate_all("all => all.map(words => words.offsetTop)")
    assert len(tops) == 2
    assert len(set(tops)) == 1


def test_the_portrait_leaves_room_beside_it_on_a_phone(page: Page, live_site: str):
    make_shop()
    profile = Profile.load()
    profile.portrait = upload((800, 1000))
    profile.save()
    page.set_viewport_size({"width": 390, "height": 844})

    for address in ("/contact/", "/resume/"):
        page.goto(address)

        assert page.locator(".plate").evaluate("plate => plate.offsetWidth") <= 0.6 * 390, address
