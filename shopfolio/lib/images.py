"""Pictures that come in: only what browsers show, told by content, and none too large to decode."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MOST_BYTES = 20_000_000
MOST_PIXELS = 40_000_000
SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "AVIF": "avif", "GIF": "gif"}
"""The formats, as Pillow names them, and the ending that a file of each gets."""


class PictureFormField(forms.ImageField):
    def to_python(self, data: Any) -> Any:
        """Looks at size, format and pixels in the head of the file, before anything is decoded."""
        if data not in self.empty_values:
            suffix = suffix_of(data)
            data.name = f"{data.name.rpartition('.')[0] or data.name}.{suffix}"
        return super().to_python(data)


def suffix_of(file: Any) -> str:
    """What the content is. Raises ValidationError for what is no picture of ours, or too large a one."""
    from PIL import Image  # heavy, and few processes need it

    if file.size > MOST_BYTES:
        raise ValidationError(_("The picture is larger than 20 MB. Please choose a smaller one."))
    try:
        file.seek(0)
        with_head = Image.open(file, formats=list(SUFFIXES))
    except Image.DecompressionBombError as error:
        raise too_many_pixels() from error
    except Exception as error:  # Pillow raises whatever a broken file provokes
        raise ValidationError(_("This is no JPEG, PNG, WebP, AVIF or GIF picture.")) from error
    finally:
        file.seek(0)
    if with_head.width * with_head.height > MOST_PIXELS:
        raise too_many_pixels()
    return SUFFIXES[with_head.format or ""]


def too_many_pixels() -> ValidationError:
    return ValidationError(_("The picture has more than 40 million pixels. Please make it smaller."))
