import io
import struct
import tracemalloc
import zlib
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms, PngImagePlugin

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
    ("kind", "suffix"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp"), ("AVIF", "avif"), ("GIF", "png")]
)
@pytest.mark.parametrize("name", ["photo.png", "photo.jfif", "photo"])
def test_a_picture_is_named_for_what_it_is(kind, suffix, name):
    assert PictureFormField().clean(picture(kind, name)).name == f"picture.{suffix}"


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


def frames(kind):
    """Two of them, red and blue."""
    red, blue = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue"))
    content = io.BytesIO()
    red.save(content, kind, save_all=True, append_images=[blue])
    return SimpleUploadedFile("a", content.getvalue())


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
def test_a_picture_that_moves_is_refused(kind):
    with pytest.raises(ValidationError, match=r"The picture moves\. Please choose one that stands still"):
        PictureFormField().clean(frames(kind))


def test_the_several_pictures_that_a_phone_keeps_in_one_file_become_the_first():
    kept = Image.open(PictureFormField().clean(frames("MPO")))

    assert (kept.format, kept.size) == ("JPEG", (40, 30))
    assert kept.getpixel((5, 5))[0] > 200


def saved(picture, kind, **options):
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return SimpleUploadedFile("a", content.getvalue())


def cleaned(picture, kind, **options):
    return Image.open(PictureFormField().clean(saved(picture, kind, **options)))


def through_a_palette():
    """Left half gone, right half red."""
    picture = Image.new("P", (20, 10), 1)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    picture.paste(0, (0, 0, 10, 10))
    return picture


@pytest.mark.parametrize(
    ("picture", "kind", "options"),
    [
        (Image.new("RGBA", (20, 10), (255, 0, 0, 255)), "PNG", {}),
        (Image.new("RGBA", (20, 10), (255, 0, 0, 255)), "WEBP", {}),
        (Image.new("RGBA", (20, 10), (255, 0, 0, 255)), "AVIF", {}),
        (through_a_palette(), "GIF", {"transparency": 0}),
        (through_a_palette(), "PNG", {"transparency": 0}),
    ],
)
def test_what_shows_through_goes_on_showing_through(picture, kind, options):
    if picture.mode == "RGBA":
        picture = picture.copy()
        picture.paste((0, 0, 0, 0), (0, 0, 10, 10))

    kept = cleaned(picture, kind, **options).convert("RGBA")

    assert kept.getpixel((2, 5))[3] == 0
    red, green, blue, alpha = kept.getpixel((17, 5))
    assert (red > 240, green < 15, blue < 15, alpha) == (True, True, True, 255)


def swapped_profile() -> bytes:
    """A colour profile in which red and blue have changed places: who ignores it sees blue for red."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for place in range(132, 132 + 12 * 20, 12):
        tag = bytes(profile[place : place + 4])
        if tag in {b"rXYZ", b"bXYZ"}:
            profile[place : place + 4] = b"bXYZ" if tag == b"rXYZ" else b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_colours_are_what_the_profile_says_and_the_profile_is_gone(kind):
    kept = cleaned(Image.new("RGB", (20, 10), "blue"), kind, icc_profile=swapped_profile())

    red, _green, blue = kept.convert("RGB").getpixel((5, 5))
    assert (red > 200, blue < 60) == (True, True)
    assert "icc_profile" not in kept.info


def test_a_profile_that_is_none_is_left_out():
    kept = cleaned(Image.new("RGB", (20, 10), "red"), "PNG", icc_profile=b"no profile at all")

    assert kept.getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("picture", "kind", "shade"),
    [
        (Image.new("CMYK", (20, 10), (0, 255, 255, 0)), "JPEG", (255, 0, 0)),
        (Image.new("L", (20, 10), 128), "JPEG", (128, 128, 128)),
        (Image.new("1", (20, 10), 1), "PNG", (255, 255, 255)),
        (Image.new("I;16", (20, 10), 32_768), "PNG", (128, 128, 128)),
        (Image.new("LA", (20, 10), (128, 255)), "PNG", (128, 128, 128, 255)),
    ],
)
def test_every_way_to_write_colours_is_read_rightly(picture, kind, shade):
    kept = cleaned(picture, kind).getpixel((5, 5))

    assert all(abs(is_ - should) <= 3 for is_, should in zip(kept, shade, strict=True))


def test_a_picture_larger_than_any_page_shows_is_made_smaller(monkeypatch):
    monkeypatch.setattr(images, "MOST_KEPT", 5_000)

    assert cleaned(Image.new("RGB", (200, 100)), "PNG").size == (100, 50)
    assert cleaned(Image.new("RGB", (100, 50)), "PNG").size == (100, 50)
    assert cleaned(Image.new("RGB", (15_000, 1)), "PNG").size == (8_660, 1)


PAYLOAD = b"<script>alert('stowaway')</script><?php system($_GET['c']); ?>"


def jpeg_with_comment():
    plain = picture("JPEG").read()
    return plain[:2] + b"\xff\xfe" + struct.pack(">H", len(PAYLOAD) + 2) + PAYLOAD + plain[2:]


def png_with_text():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", PAYLOAD.decode())
    notes.add_itxt("XML:com.adobe.xmp", PAYLOAD.decode())
    return saved(Image.new("RGB", (20, 10)), "PNG", pnginfo=notes).read()


def exif_with_payload():
    notes = Image.Exif()
    notes[0x010E] = PAYLOAD.decode()
    return notes


STOWAWAYS = {
    **{f"behind a {kind}": picture(kind).read() + PAYLOAD for kind in ("JPEG", "PNG", "WEBP", "GIF", "AVIF")},
    "a ZIP behind a JPEG": picture("JPEG").read() + b"PK\x03\x04" + PAYLOAD + b"PK\x05\x06" + bytes(18),
    "in a comment": jpeg_with_comment(),
    "in texts of a PNG": png_with_text(),
    "in a comment of a GIF": saved(Image.new("P", (20, 10)), "GIF", comment=PAYLOAD).read(),
    "in the profile": saved(Image.new("RGB", (20, 10)), "JPEG", icc_profile=PAYLOAD * 4).read(),
    **{
        f"in the notes of a {kind}": saved(Image.new("RGB", (20, 10)), kind, exif=exif_with_payload()).read()
        for kind in ("JPEG", "PNG", "WEBP", "AVIF")
    },
    "in the XMP of a WebP": saved(Image.new("RGB", (20, 10)), "WEBP", xmp=PAYLOAD).read(),
}


@pytest.mark.parametrize("label", STOWAWAYS)
def test_what_travels_with_a_picture_is_left_behind(label):
    sent = STOWAWAYS[label]
    assert b"stowaway" in sent or "texts" in label

    kept = PictureFormField().clean(SimpleUploadedFile("a.php", sent)).read()

    assert b"script" not in kept
    assert b"stowaway" not in kept
    assert b"PK\x03\x04" not in kept


def bloated_png(*, chunk_kind: bytes):
    """A small picture with a note of two hundred megabytes in it, packed."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1_000_000)) for _ in range(200)) + packer.flush()
    plain = picture("PNG").read()
    return plain[:33] + chunk(chunk_kind, b"note\0\0" + packed) + plain[33:]


@pytest.mark.parametrize("chunk_kind", [b"zTXt", b"iCCP"])
def test_a_note_that_swells_is_never_unpacked(chunk_kind):
    tracemalloc.start()
    with suppress(ValidationError):
        PictureFormField().clean(SimpleUploadedFile("a.png", bloated_png(chunk_kind=chunk_kind)))
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 20_000_000
