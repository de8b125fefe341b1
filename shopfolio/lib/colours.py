"""The owner's accent: what is written on it, and a shade of it that can be read on both papers.

Colours are "#rrggbb". OKLCH after https://bottosson.github.io/posts/oklab/, contrast after WCAG 2.2.
"""

import math
from dataclasses import dataclass
from functools import cache

PAPERS = {"light": "#fafaf9", "dark": "#0f1014"}
"""--paper of site.css in both schemes; a test compares."""

READABLE = 4.5
"""WCAG 2.2 AA for text, 1.4.3."""


@dataclass(frozen=True)
class Shades:
    accent: str
    on_accent: str
    """Black or white, whichever is read better."""
    light: str
    """As text on light paper."""
    dark: str
    """As text on dark paper."""


@cache
def shades(accent: str) -> Shades:
    on_accent = max("#ffffff", "#000000", key=lambda text: contrast(text, accent))
    return Shades(accent, on_accent, readable(accent, PAPERS["light"]), readable(accent, PAPERS["dark"]))


def readable(colour: str, paper: str) -> str:
    """The colour, made darker or lighter until it can be read there."""
    step = -0.01 if luminance(paper) > 0.5 else 0.01
    lightness, chroma, hue = to_oklch(colour)
    shade = colour
    while contrast(shade, paper) < READABLE:  # black or white is, at the latest
        lightness += step
        shade = from_oklch(lightness, chroma, hue)
    return shade


def contrast(one: str, other: str) -> float:
    """From 1, none, to 21, black on white."""
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(colour: str) -> tuple[float, ...]:
    """Red, green and blue as light, from 0 to 1."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def to_oklch(colour: str) -> tuple[float, float, float]:
    """Lightness from 0 to 1, chroma, hue in radians."""
    red, green, blue = linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def from_oklch(lightness: float, chroma: float, hue: float) -> str:
    """What no screen shows is brought to the nearest that it does, channel by channel."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    channels = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{as_byte(light):02x}" for light in channels)


def as_byte(light: float) -> int:
    light = min(max(light, 0.0), 1.0)
    return round(255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))
