"""Files that the owner uploads: what is no good is refused beside its field, and nothing of it is kept."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from PIL import Image

from shopfolio.abstract_models import PictureField
from shopfolio.core.models import BlogPost, Project, ProjectPicture
from shopfolio.ecommerce.admin import catalog
from shopfolio.ecommerce.models import Product, ProductFile

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

NO_PICTURE = "This is no JPEG, PNG, WebP, AVIF or GIF picture."
TOO_LONG = "The picture is more than 16,000 pixels wide or high. Please make it smaller."
TOO_MANY = "The picture has more than 40 million pixels. Please make it smaller."
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


@pytest.fixture(autouse=True)
def media(private_files) -> Path:
    return private_files / "pictures"


def picture(kind="JPEG", size=(30, 20), **options) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, "teal").save(content, kind, **options)
    return content.getvalue()


def bomb(width, height) -> bytes:
    """A PNG of a few kilobytes that is as large as it says."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + width)) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


REFUSED = {
    "only words": ("a.jpg", b"only words", NO_PICTURE),
    "SVG": ("a.svg", SVG, NO_PICTURE),
    "SVG named .png": ("a.png", SVG, NO_PICTURE),
    "HTML named .jpg": ("a.jpg", HTML, NO_PICTURE),
    "PDF": ("a.pdf", b"%PDF-1.7", NO_PICTURE),
    "HTML behind the head of a GIF": ("a.gif", b"GIF89a/*" + HTML, NO_PICTURE),
    "half a JPEG": (
        "a.jpg",
        picture(size=(300, 200))[:1_000],
        "The picture is damaged: a part of it is missing.",
    ),
    "nothing": ("a.jpg", b"", "The submitted file is empty."),
    "20,000 pixels wide": ("a.png", picture("PNG", (20_000, 10)), TOO_LONG),
    "too many pixels": ("a.png", bomb(7_000, 7_000), TOO_MANY),
    "a bomb": ("a.png", bomb(20_000, 20_000), TOO_MANY),
}


def upload(client, name, content, **fields):
    file = SimpleUploadedFile(name, content, content_type="image/jpeg")
    return client.post("/admin/core/blogpost/add/", {"title": "Post", "status": "0", "image": file} | fields)


def kept(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("label", REFUSED)
def test_what_is_no_picture_for_us_is_refused_beside_the_field(owner_client, media, label):
    name, content, words = REFUSED[label]

    answer = upload(owner_client, name, content)

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors == {"image": [words]}
    assert 'value="Post"' in answer.content.decode()
    assert not BlogPost.objects.exists()
    assert kept(media) == []


def test_a_good_picture_waits_for_the_other_fields(owner_client, media):
    answer = upload(owner_client, "a.jpg", picture(), title="")

    assert set(answer.context["adminform"].form.errors) == {"title"}
    assert kept(media) == []


def test_one_bad_picture_among_many_keeps_none(owner_client, media):
    fields = {
        "title": "Wall", "status": "0", "position": "0",
        "pictures-TOTAL_FORMS": "1", "pictures-INITIAL_FORMS": "0",
        "image": SimpleUploadedFile("a.jpg", picture()),
        "pictures-0-image": SimpleUploadedFile("b.jpg", HTML), "pictures-0-position": "0",
    }  # fmt: skip

    answer = owner_client.post("/admin/core/project/add/", fields)

    [formset] = answer.context["inline_admin_formsets"]
    assert formset.formset.errors == [{"image": [NO_PICTURE]}]
    assert not Project.objects.exists()
    assert not ProjectPicture.objects.exists()
    assert kept(media) == []


def test_a_photo_taken_sideways_is_kept_upright(owner_client, media):
    notes = Image.Exif()
    notes[0x0112] = 6

    answer = upload(owner_client, "IMG 0001.HEIC", picture(exif=notes))

    post = BlogPost.objects.get()
    assert answer.status_code == 302
    assert (post.image_width, post.image_height) == (20, 30)
    assert Image.open(post.image).size == (20, 30)
    assert post.image.name.endswith(".jpg")
    assert len(kept(media)) == 1


@pytest.mark.parametrize(
    "name", ["../../etc/x.png", "a\x00b.png", "日本.PNG", "x" * 80 + ".png", "CON.png", ".png", "a"]
)
def test_the_name_of_a_picture_decides_nothing(owner_client, media, name):
    answer = upload(owner_client, name, picture("WEBP"))

    assert answer.status_code == 302
    [file] = kept(media)
    assert len(file) == 37
    assert file.endswith(".webp")


@pytest.fixture
def private() -> set[str]:
    """What lies among the downloads already: the column knows its folder since the start."""
    return downloads()


def downloads() -> set[str]:
    storage = ProductFile._meta.get_field("file").storage
    return set(kept(Path(storage.location) / "downloads"))


def add_download(client, file, **fields):
    return client.post(
        "/admin/ecommerce/product/add/",
        {
            "title": "Book", "status": "0", "position": "0",
            "variants-TOTAL_FORMS": "1", "variants-INITIAL_FORMS": "0",
            "variants-0-sku": "B", "variants-0-price": "24", "variants-0-kind": "digital",
            "variants-0-unit_code": "C62", "variants-0-status": "on_sale", "variants-0-position": "0",
            "images-TOTAL_FORMS": "0", "images-INITIAL_FORMS": "0", "files-TOTAL_FORMS": "1",
            "files-INITIAL_FORMS": "0", "files-0-title": "PDF", "files-0-file": file,
            "files-0-status": "offered", "files-0-position": "0",
        } | fields,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["book.pdf", "book", "x." + "y" * 90, "a.p%2Fdf", "book.日本"])
def test_a_download_is_kept_under_a_name_that_tells_nothing(owner_client, private, name):
    answer = add_download(owner_client, SimpleUploadedFile(name, b"words"))

    assert answer.status_code == 302
    [file] = downloads() - private
    assert len(file) == 32
    assert ProductFile.objects.get().filename == name


def test_a_downloads_name_cannot_carry_a_header(owner_client, private):
    file = SimpleUploadedFile("book.pdf", b"words")

    add_download(owner_client, file, **{"files-0-filename": "a.pdf\r\nSet-Cookie: x=y"})

    assert ProductFile.objects.get().filename == "a.pdf Set-Cookie: x=y"


def test_a_download_that_is_too_large_is_refused_beside_the_field(owner_client, private, monkeypatch):
    monkeypatch.setattr(catalog, "MOST_BYTES_OF_A_DOWNLOAD", 10)

    answer = add_download(owner_client, SimpleUploadedFile("book.pdf", b"eleven signs"))

    [_variants, _images, files] = answer.context["inline_admin_formsets"]
    assert files.formset.errors == [{"file": ["The file is larger than 500 MB."]}]
    assert not Product.objects.exists()
    assert downloads() == private


def test_no_field_takes_a_picture_as_it_comes():
    fields = [field for model in apps.get_models() for field in model._meta.get_fields()]

    pictures = [field for field in fields if isinstance(field, models.ImageField)]
    assert len(pictures) >= 6
    assert [str(field) for field in pictures if not isinstance(field, PictureField)] == []
