"""What is made of a picture, and what never is. No database."""

import io

import pytest
from PIL import Image

from shopfolio.lib.renditions import Damaged, decoded, name_of, renditions, tone_of, widths_of


def saved(image, kind="PNG", **options) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def made(content: bytes) -> dict[str, Image.Image]:
    """Every rendition by its suffix, opened."""
    found = renditions(content, decoded(content))
    return {each.suffix: Image.open(io.BytesIO(each.content)) for each in found}


def halves(size=(1000, 500)) -> Image.Image:
    """Black to the left, white to the right."""
    image = Image.new("RGB", size, "white")
    image.paste("black", (0, 0, size[0] // 2, size[1]))
    return image


@pytest.mark.parametrize(
    ("width", "widths"),
    [
        (4000, [480, 1080, 1600]), (1600, [480, 1080, 1600]), (1300, [480, 1080, 1300]),
        (1200, [480, 1200]), (1080, [480, 1080]), (500, [500]), (480, [480]), (3, [3]),
    ],
)  # fmt: skip
def test_a_picture_is_never_made_wider_than_it_came(width, widths):
    assert widths_of(width) == widths


def test_every_width_is_made_in_both_formats_and_one_for_old_readers():
    found = made(saved(Image.new("RGB", (2000, 1000), "teal")))

    assert {suffix: (image.format, image.size) for suffix, image in found.items()} == {
        "-480.avif": ("AVIF", (480, 240)), "-480.webp": ("WEBP", (480, 240)),
        "-1080.avif": ("AVIF", (1080, 540)), "-1080.webp": ("WEBP", (1080, 540)),
        "-1600.avif": ("AVIF", (1600, 800)), "-1600.webp": ("WEBP", (1600, 800)),
        "-shared.jpg": ("JPEG", (1200, 600)),
    }  # fmt: skip


def test_a_line_of_pixels_stays_one():
    found = made(saved(Image.new("RGB", (2000, 1), "teal")))

    assert found["-480.avif"].size == (480, 1)


def test_what_shows_through_still_does_except_in_the_jpeg():
    image = Image.new("RGBA", (600, 400), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 300, 400))

    found = made(saved(image))

    for suffix in ("-480.avif", "-480.webp", "-600.avif", "-600.webp"):
        assert found[suffix].mode == "RGBA", suffix
        assert found[suffix].getpixel((5, 5))[3] == 255, suffix
        assert found[suffix].getpixel((found[suffix].width - 5, 5))[3] == 0, suffix
    assert min(found["-shared.jpg"].getpixel((590, 5))) > 250


def test_the_tone_is_the_mean_and_none_behind_what_shows_through():
    assert tone_of(decoded(saved(halves()))) == "#7f7f7f"
    assert tone_of(decoded(saved(Image.new("RGB", (9, 9), "#123456")))) == "#123456"
    assert tone_of(decoded(saved(Image.new("RGBA", (9, 9), (1, 2, 3, 0))))) == ""


@pytest.mark.parametrize("kind", ["AVIF", "WEBP"])
def test_a_file_that_fits_is_shown_as_it_is(kind):
    content = saved(halves(), kind)

    found = {each.suffix: each.content for each in renditions(content, decoded(content))}

    assert found[f"-1000.{kind.lower()}"] == content
    assert content not in [each for suffix, each in found.items() if suffix != f"-1000.{kind.lower()}"]


def test_a_file_that_tells_where_it_was_taken_is_not_shown_as_it_is():
    notes = Image.Exif()
    notes[0x0112] = 6
    content = saved(halves(), "WEBP", exif=notes)

    found = {each.suffix: each.content for each in renditions(content, decoded(content))}

    assert Image.open(io.BytesIO(found["-500.webp"])).size == (500, 1000)
    assert all(not Image.open(io.BytesIO(each)).getexif() for each in found.values())


def test_the_same_file_gives_the_same_renditions():
    content = saved(halves())

    assert list(renditions(content, decoded(content))) == list(renditions(content, decoded(content)))


@pytest.mark.parametrize("content", [b"", b"words", saved(halves(), "JPEG")[:2_000], saved(halves())[:200]])
def test_a_damaged_file_is_called_damaged(content):
    with pytest.raises(Damaged):
        decoded(content)


def test_renditions_are_named_after_the_file():
    assert name_of("pictures/blogpost/0f.jpg", "-480.avif") == "pictures/blogpost/0f-480.avif"
