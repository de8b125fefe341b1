"""Pictures that come in: only what browsers show, told by content, whole, upright, and none too large."""

import io
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import gettext_lazy as _

MOST_BYTES = 20_000_000
MOST_PIXELS = 40_000_000
MOST_SIDE = 16_000
"""Pixels; WebP holds 16,383."""

SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "AVIF": "avif", "GIF": "gif"}
"""The formats, as Pillow names them, and the ending that a file of each gets."""


class PictureFormField(forms.ImageField):
    def to_python(self, data: Any) -> Any:
        """Looks at size, format and pixels in the head of the file, before anything is decoded."""
        if data and data.size:
            picture = opened(data)
            name = f"{data.name.rpartition('.')[0] or data.name}.{SUFFIXES[picture.format]}"
            data.name = name
            if picture.getexif() and not getattr(picture, "is_animated", False):
                data = SimpleUploadedFile(name, without_notes(picture), picture.get_format_mimetype())
        return super().to_python(data)


def opened(file: Any) -> Any:
    """The decoded picture. Raises ValidationError for what is none of ours, too large, or damaged."""
    from PIL import Image  # heavy, and few processes need it

    if file.size > MOST_BYTES:
        raise ValidationError(_("The picture is larger than 20 MB. Please choose a smaller one."))
    try:
        file.seek(0)
        picture = Image.open(file, formats=list(SUFFIXES))
    except Image.DecompressionBombError as error:
        raise too_many_pixels() from error
    except Exception as error:  # Pillow raises whatever a broken file provokes
        raise ValidationError(_("This is no JPEG, PNG, WebP, AVIF or GIF picture.")) from error
    if picture.width * picture.height > MOST_PIXELS:
        raise too_many_pixels()
    if max(picture.size) > MOST_SIDE:
        raise ValidationError(
            _("The picture is more than 16,000 pixels wide or high. Please make it smaller.")
        )
    try:
        picture.load()
    except Exception as error:  # as above
        raise ValidationError(_("The picture is damaged: a part of it is missing.")) from error
    finally:
        file.seek(0)
    return picture


def too_many_pixels() -> ValidationError:
    return ValidationError(_("The picture has more than 40 million pixels. Please make it smaller."))


def without_notes(picture: Any) -> bytes:
    """The picture upright, without what a camera writes into it: where it was, whose it is."""
    from PIL import ImageOps

    content = io.BytesIO()
    options = {"quality": 95} if picture.format in {"JPEG", "WEBP", "AVIF"} else {}
    upright = ImageOps.exif_transpose(picture)
    upright.save(content, picture.format, icc_profile=picture.info.get("icc_profile"), exif=b"", **options)
    return content.getvalue()
