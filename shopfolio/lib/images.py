"""Pictures that come in: only what browsers show, told by content, whole, none too large; made anew."""

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

MOST_KEPT = 12_000_000
"""Pixels; no page shows more, so that larger pictures are made smaller."""

KEPT_AS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "JPEG": ("JPEG", "jpg", {"quality": 92, "optimize": True, "progressive": True}),
    "MPO": ("JPEG", "jpg", {"quality": 92, "optimize": True, "progressive": True}),
    "PNG": ("PNG", "png", {}),
    "GIF": ("PNG", "png", {}),
    "WEBP": ("WEBP", "webp", {"quality": 90}),
    "AVIF": ("AVIF", "avif", {"quality": 80, "speed": 8}),
}
"""What comes in, as Pillow names it, and how it is kept: format, ending, options.

Phones make MPO: a JPEG with more of them behind it.
"""


class PictureFormField(forms.ImageField):
    """Keeps nothing of the file that came but its pixels."""

    def __init__(self, *, most_kept: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most_kept = most_kept

    def to_python(self, data: Any) -> Any:
        if data and data.size:
            picture = opened(data)
            kind, ending, options = KEPT_AS[picture.format]
            content, shown = io.BytesIO(), as_browsers_show_it(picture, most=self.most_kept)
            del picture  # a large one takes hundreds of megabytes, and so does writing
            shown.save(content, kind, **options)
            data = SimpleUploadedFile(f"picture.{ending}", content.getvalue(), f"image/{kind.lower()}")
        return super().to_python(data)


def opened(file: Any) -> Any:
    """The decoded picture. Raises ValidationError for what is none of ours, too large, damaged, or moves.

    Size, format and pixels stand in the head of the file, and are looked at before anything is decoded.
    """
    from PIL import Image  # heavy, and few processes need it

    if file.size > MOST_BYTES:
        raise ValidationError(_("The picture is larger than 20 MB. Please choose a smaller one."))
    try:
        file.seek(0)
        picture = Image.open(file, formats=[kind for kind in KEPT_AS if kind != "MPO"])
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
        moves = picture.format != "MPO" and getattr(picture, "is_animated", False)
        if not moves:
            picture.load()
    except Exception as error:  # as above
        raise ValidationError(_("The picture is damaged: a part of it is missing.")) from error
    if moves:
        raise ValidationError(_("The picture moves. Please choose one that stands still."))
    return picture


def too_many_pixels() -> ValidationError:
    return ValidationError(_("The picture has more than 40 million pixels. Please make it smaller."))


def as_browsers_show_it(picture: Any, *, most: int | None = None) -> Any:
    """Upright, in sRGB, not too large, and without what is no pixel: place, owner, thumbnail, comment."""
    from PIL import ImageOps

    notes = picture.info
    picture = smaller(in_channels(picture), most or MOST_KEPT)  # first, for what follows copies it
    picture.info = notes
    upright = in_srgb(ImageOps.exif_transpose(picture), notes.get("icc_profile"))
    upright.info.clear()  # Pillow writes some of it again
    return upright


def in_channels(picture: Any) -> Any:
    """Without a palette, and with 8 bits in each of its channels."""
    if picture.mode.startswith("I"):  # 16 bits of grey
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    wanted = {"RGBA"} if picture.has_transparency_data else {"RGB", "CMYK", "L"}
    return picture if picture.mode in wanted else picture.convert("RGBA" if "RGBA" in wanted else "RGB")


def smaller(picture: Any, most: int) -> Any:
    pixels = picture.width * picture.height
    if pixels <= most:
        return picture
    share = (most / pixels) ** 0.5
    size = max(1, int(picture.width * share)), max(1, int(picture.height * share))
    return picture.resize(size, reducing_gap=2.0)


def in_srgb(picture: Any, profile: bytes | None) -> Any:
    """As RGB, or RGBA where something shows through. A colour profile that is none is left out."""
    from PIL import ImageCms

    if not profile:
        return picture if picture.mode == "RGBA" else picture.convert("RGB")
    flat = picture.convert("RGB") if picture.mode == "RGBA" else picture
    try:
        source, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        flat = ImageCms.profileToProfile(flat, source, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        flat = flat.convert("RGB")
    if picture.mode == "RGBA":
        flat.putalpha(picture.getchannel("A"))
    return flat
