"""The owner's accent can be read on both papers, whatever it is."""

import re
from itertools import product
from pathlib import Path

import pytest

from shopfolio.core.models.site import ACCENT
from shopfolio.lib.colours import PAPERS, READABLE, contrast, from_oklch, shades, to_oklch

STYLE = (Path(__file__).parents[2] / "shopfolio/static/shopfolio/site.css").read_text()
MANY = ["#" + "".join(parts) for parts in product(["00", "33", "66", "99", "cc", "ff"], repeat=3)]


def test_black_on_white_is_twenty_one_to_one():
    assert round(contrast("#000000", "#ffffff"), 2) == round(contrast("#ffffff", "#000000"), 2) == 21
    assert contrast("#777777", "#777777") == 1


@pytest.mark.parametrize("colour", ["#1949c5", "#ff0000", "#00ff00", "#808080", "#000000", "#ffffff"])
def test_a_colour_comes_back_from_oklch(colour):
    assert from_oklch(*to_oklch(colour)) == colour


def test_every_accent_is_read_on_both_papers_and_what_is_written_on_it_too():
    for colour in MANY:
        found = shades(colour)
        assert found.accent == colour
        assert contrast(found.on_accent, colour) >= READABLE
        assert contrast(found.light, PAPERS["light"]) >= READABLE
        assert contrast(found.dark, PAPERS["dark"]) >= READABLE


def test_what_can_be_read_already_stays_as_it_is():
    assert shades("#1949c5").light == "#1949c5"
    assert shades("#ffe100").dark == "#ffe100"


def as_hex(lightness, chroma, hue):
    from math import radians

    return from_oklch(float(lightness), float(chroma), radians(float(hue)))


def test_the_stylesheet_has_the_same_papers_and_the_same_first_accent():
    paper = re.search(r"--paper: light-dark\(oklch\((\S+) (\S+) (\S+)\), oklch\((\S+) (\S+) (\S+)\)\)", STYLE)
    accent = re.search(r"--accent: oklch\((\S+) (\S+) (\S+)\)", STYLE)

    assert {"light": as_hex(*paper.groups()[:3]), "dark": as_hex(*paper.groups()[3:])} == PAPERS
    assert as_hex(*accent.groups()) == ACCENT
