"""The demo site's texts, pictures and downloads fit together. No database."""

import re
import tomllib
import zipfile
from pathlib import Path

import nh3
import pytest
from PIL import Image

from shopfolio.core import demo as site
from shopfolio.core.demo.renditions import narrow_path
from shopfolio.ecommerce import demo as shop
from shopfolio.lib.html import TAGS
from shopfolio.lib.renditions import decoded, tone_of, widths_of

SITE, SHOP = (Path(package.__path__[0]) for package in (site, shop))
PICTURES = SITE / "pictures"
HREF = re.compile(r'href="([^"]*)"')


def read(folder, name):
    return tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))


def rows(name):
    return read(SITE, f"{name}s" if name != "policy" else "policies")[name]


def products():
    return read(SHOP, "products")["product"]


def pages():
    """Every row with a public address, under its path."""
    return (
        [("/portfolio/", row) for row in rows("project")]
        + [("/skills/", row) for row in rows("skill")]
        + [("/blog/", row) for row in rows("post")]
        + [("/policies/", row) for row in rows("policy")]
        + [("/shop/", row) for row in products()]
    )


def bodies():
    found = [(f"{path}{row['slug']}/", row["body"]) for path, row in pages()]
    found.append(("profile", read(SITE, "profile")["body"]))
    found += [(row["organisation"], row["body"]) for row in read(SITE, "experience")["experience"]]
    found += [(row["title"], row["body"]) for row in read(SHOP, "handbook")["chapter"]]
    return found


def pictures_used():
    profile = read(SITE, "profile")
    yield from (profile[name] for name in ("picture", "hero_picture", "share_picture"))
    for project in rows("project"):
        yield project["picture"]
        yield from (shown["picture"] for shown in project["gallery"])
    for row in rows("post") + rows("testimonial"):
        if row["picture"]:
            yield row["picture"]
    for product in products():
        yield from (shown["picture"] for shown in product["pictures"])


def words(html):
    return re.sub(r"<[^>]+>", " ", html).split()


@pytest.mark.parametrize("file", [*SITE.glob("*.toml"), *SHOP.glob("*.toml")], ids=lambda file: file.name)
def test_a_file_parses_and_holds_no_filler(file):
    text = file.read_text(encoding="utf-8")

    assert tomllib.loads(text)
    assert "lorem" not in text.lower()


def test_there_is_as_much_of_everything_as_the_design_shows():
    counted = {name: len(rows(name)) for name in ("project", "post", "testimonial", "certificate", "skill")}

    assert counted == {"project": 6, "post": 8, "testimonial": 5, "certificate": 3, "skill": 12}
    assert len(products()) == 10


@pytest.mark.parametrize("name", ["project", "post", "skill", "certificate", "policy"])
def test_slugs_are_unique(name):
    slugs = [row["slug"] for row in rows(name)]

    assert len(set(slugs)) == len(slugs)


def test_product_slugs_and_skus_are_unique():
    slugs = [row["slug"] for row in products()]
    skus = [variant["sku"] for row in products() for variant in row["variants"]]

    assert len(set(slugs)) == len(slugs)
    assert len(set(skus)) == len(skus)


def test_every_picture_used_is_there_and_described():
    described = read(SITE, "pictures")

    assert set(pictures_used()) == set(described)
    assert {file.name for file in PICTURES.iterdir() if file.is_file()} == set(described)
    assert all(described[name]["alt"] for name in described)


def test_pictures_have_the_size_that_is_written_down():
    for name, known in read(SITE, "pictures").items():
        with Image.open(PICTURES / name) as picture:
            assert picture.size == (known["width"], known["height"]), name
        assert known["width"] <= 1600, name


def test_narrow_avifs_are_shipped_and_the_tone_is_as_written():
    for name, known in read(SITE, "pictures").items():
        for width in widths_of(known["width"])[:-1]:
            with Image.open(narrow_path(name, width)) as picture:
                assert picture.width == width, name
        assert tone_of(decoded((PICTURES / name).read_bytes())) == known["tone"], name


def test_pictures_are_small():
    sizes = {file.name: file.stat().st_size for file in PICTURES.iterdir() if file.is_file()}

    assert sum(sizes.values()) <= 2_000_000
    assert sum(file.stat().st_size for file in PICTURES.rglob("*.*")) <= 4_000_000
    assert sizes["card.png"] <= 40_000


def test_projects_name_skills_and_products_name_projects_that_exist():
    skills = {row["slug"] for row in rows("skill")}
    projects = {row["slug"] for row in rows("project")}

    assert {slug for row in rows("project") for slug in row["skills"]} <= skills
    assert {row["project"] for row in products() if row["project"]} <= projects
    assert all(len(row["figures"]) == 3 for row in rows("project"))


@pytest.mark.parametrize(("name", "body"), bodies(), ids=[name for name, _ in bodies()])
def test_a_body_comes_through_the_sanitiser_unchanged(name, body):
    cleaned = nh3.clean(body, tags=TAGS, attributes={"a": {"href"}}, link_rel=None)

    assert cleaned == body


def test_links_in_texts_lead_to_pages_that_exist():
    known = {f"{path}{row['slug']}/" for path, row in pages()}
    inner = {link for _, body in bodies() for link in HREF.findall(body) if not link.startswith("mailto:")}

    assert inner - known == set()


def test_posts_and_case_studies_are_long_enough_to_read():
    assert {row["slug"] for row in rows("post") if len(words(row["body"])) < 500} == set()
    assert {row["slug"] for row in rows("project") if not 300 <= len(words(row["body"])) <= 500} == set()


def test_downloads_are_there_for_digital_things_only():
    for product in products():
        kinds = {variant["kind"] for variant in product["variants"]}
        assert (kinds == {"digital"}) == bool(product.get("files")), product["slug"]
        for download in product.get("files", []):
            assert (SHOP / "files" / download["filename"]).stat().st_size < 150_000


def test_the_epub_names_its_type_first_and_without_compression():
    with zipfile.ZipFile(SHOP / "files" / "pen-up-pen-down.epub") as book:
        first = book.infolist()[0]

        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert book.read("mimetype") == b"application/epub+zip"


def test_the_letters_are_complete():
    with zipfile.ZipFile(SHOP / "files" / "barca-0.6.zip") as letters:
        names = {Path(name).stem for name in letters.namelist() if name.endswith(".svg")}

    assert names == set("abcdefghijklmnopqrstuvwxyz")


def test_past_orders_can_be_met_from_the_shelf():
    orders = read(SHOP, "orders")["order"]
    shelf = {variant["sku"]: variant.get("available") for row in products() for variant in row["variants"]}
    ordered = [line for order in orders for line in order["lines"]]

    assert [order["status"] for order in orders].count("paid") == 5
    assert len(orders) == 7
    assert all(shelf[line["sku"]] is None or shelf[line["sku"]] >= line["quantity"] for line in ordered)
    assert [order["days_ago"] for order in orders] == sorted((o["days_ago"] for o in orders), reverse=True)


def test_nobody_real_is_written_to():
    people = read(SITE, "subscribers")["subscribers"]
    people += [row["email"] for row in rows("message") + read(SHOP, "orders")["order"]]

    assert {address.split("@")[1] for address in people} <= {"example.org", "example.net"}
