import io
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from shopfolio.lib import images
from shopfolio.lib.images import PictureFormField


def picture(kind="PNG", name="photo.png", size=(3, 2)):
    content = io.BytesIO()
    Image.new("RGB", size).save(content, kind)
    return SimpleUploadedFile(name, content.getvalue())


def png_that_claims(width, height):
    """A PNG of a hundred bytes whose head promises many pixels."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")
    return SimpleUploadedFile("large.png", b"\x89PNG\r\n\x1a\n" + parts)


@pytest.mark.parametrize(
    ("kind", "suffix"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp"), ("AVIF", "avif"), ("GIF", "gif")]
)
@pytest.mark.parametrize("name", ["photo.png", "photo.jfif", "photo"])
def test_a_picture_is_named_for_what_it_is(kind, suffix, name):
    assert PictureFormField().clean(picture(kind, name)).name == f"photo.{suffix}"


@pytest.mark.parametrize(
    "content",
    [
        b"only words",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<html>",
        b"\x89PNG\r\n\x1a\n",
        b"%PDF-1.7",
    ],
)
def test_what_is_no_picture_is_refused_by_its_content(content):
    with pytest.raises(ValidationError, match="no JPEG, PNG, WebP, AVIF or GIF"):
        PictureFormField().clean(SimpleUploadedFile("photo.png", content))


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO"])
def test_a_format_that_the_site_does_not_show_is_refused(kind):
    with pytest.raises(ValidationError, match="no JPEG, PNG, WebP, AVIF or GIF"):
        PictureFormField().clean(picture(kind))


@pytest.mark.parametrize("size", [(20_000, 2_001), (20_000, 20_000), (2_000_000_000, 2)])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(size):
    with pytest.raises(ValidationError, match="more than 40 million pixels"):
        PictureFormField().clean(png_that_claims(*size))


def test_a_file_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(images, "MOST_BYTES", 10)

    with pytest.raises(ValidationError, match="larger than 20 MB"):
        PictureFormField().clean(picture())


@pytest.mark.parametrize("size", [(20_000, 10), (10, 16_001)])
def test_a_picture_too_long_for_any_page_is_refused(size):
    with pytest.raises(ValidationError, match="more than 16,000 pixels wide or high"):
        PictureFormField().clean(png_that_claims(*size))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_a_picture_that_lacks_its_end_is_refused(kind):
    whole = picture(kind, size=(300, 200)).read()

    with pytest.raises(ValidationError, match=r"The picture is damaged|This is no JPEG"):
        PictureFormField().clean(SimpleUploadedFile("photo.jpg", whole[: len(whole) * 2 // 3]))


def test_a_file_without_content_is_refused():
    with pytest.raises(ValidationError, match="The submitted file is empty"):
        PictureFormField().clean(SimpleUploadedFile("photo.png", b""))


def photo(kind, *, orientation):
    """Taken with a camera on its side, above left red, with the place where it was taken."""
    shot = Image.new("RGB", (40, 20), "blue")
    shot.paste("red", (0, 0, 20, 10))
    notes = Image.Exif()
    notes[0x0112] = orientation
    notes.get_ifd(0x8825).update({1: "N", 2: (38.0, 42.0, 0.0)})
    content = io.BytesIO()
    shot.save(content, kind, exif=notes)
    return SimpleUploadedFile("photo.jpg", content.getvalue())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize(("orientation", "size", "red"), [(1, (40, 20), (5, 5)), (6, (20, 40), (15, 5))])
def test_a_photo_comes_upright_and_does_not_tell_where_it_was_taken(kind, orientation, size, red):
    sent = photo(kind, orientation=orientation)
    assert kind == "AVIF" or Image.open(sent).getexif().get_ifd(0x8825)

    kept = Image.open(PictureFormField().clean(sent))

    assert (kept.format, kept.size) == (kind, size)
    assert not kept.getexif()
    assert kept.convert("RGB").getpixel(red)[0] > 200


def test_a_moving_picture_goes_on_moving():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    content = io.BytesIO()
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:])

    kept = Image.open(PictureFormField().clean(SimpleUploadedFile("a.gif", content.getvalue())))

    assert kept.n_frames == 2


def test_a_picture_without_notes_is_kept_byte_for_byte():
    sent = picture("JPEG")
    before = sent.read()

    assert PictureFormField().clean(sent).read() == before
