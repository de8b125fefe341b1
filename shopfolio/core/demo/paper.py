"""Sheets of paper, pens and inks: what every picture of the demo site is drawn with."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFont
from PIL.Image import Resampling

Array = NDArray[Any]
Colour = tuple[int, int, int]
Point = tuple[float, float]
Line = Sequence[Point]
Picture = Image.Image
SUPERSAMPLING = 3
SANS = Path(__file__).parents[2] / "static/shopfolio/fonts/instrument-sans.woff2"

PAPER, GREY, DARK = (246, 245, 241), (226, 228, 229), (20, 22, 28)
COBALT, RED, OCHRE = (28, 62, 190), (226, 66, 40), (222, 158, 26)
BLACK, GREEN, PINK = (22, 24, 30), (14, 104, 84), (240, 140, 160)


def font(size: int, weight: int = 500) -> ImageFont.FreeTypeFont:
    """The site's own sans."""
    face = ImageFont.truetype(str(SANS), size)
    face.set_variation_by_axes([weight])
    return face


def noise(rng: np.random.Generator, h: int, w: int, cell: float) -> Array:
    """Smooth value noise in 0..1, bicubic from a coarse lattice."""
    rows, columns = max(3, int(h / cell) + 3), max(3, int(w / cell) + 3)
    lattice = Image.fromarray((rng.random((rows, columns)) * 255).astype("uint8"))
    smooth = np.asarray(lattice.convert("F").resize((w, h), Resampling.BICUBIC))
    scaled: Array = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    return scaled


def blank(size: tuple[int, int], colour: Colour) -> tuple[Picture, ImageDraw.ImageDraw]:
    image = Image.new("RGB", size, colour)
    return image, ImageDraw.Draw(image)


def grey(values: Array) -> Picture:
    return Image.fromarray(values.astype("uint8"))


class Sheet:
    """A sheet of paper and some pens. Inks multiply, as they do on paper."""

    def __init__(self, w: int, h: int, paper: Colour = PAPER) -> None:
        self.w, self.h = w, h
        self.img = Image.new("RGB", (w, h), paper)
        self.dark = sum(paper) < 200
        self.pen()

    def pen(self) -> None:
        """Take up a pen: lines gather until `ink` says their colour."""
        self.layer = Image.new("L", (self.w * SUPERSAMPLING, self.h * SUPERSAMPLING), 0)
        self.draw = ImageDraw.Draw(self.layer)

    def line(self, points: Line, width: float = 1.0) -> None:
        if len(points) > 1:
            scaled = [(x * SUPERSAMPLING, y * SUPERSAMPLING) for x, y in points]
            self.draw.line(scaled, fill=255, width=max(1, round(width * SUPERSAMPLING)))

    def ink(self, colour: Colour, strength: float = 0.92) -> None:
        self.stamp(self._small(self.layer, strength), colour)

    def stamp(self, mask: Picture, colour: Colour) -> None:
        if self.dark:
            self.img = Image.composite(Image.new("RGB", self.img.size, colour), self.img, mask)
        else:
            white = Image.new("RGB", self.img.size, (255, 255, 255))
            white.paste(colour, mask=mask)
            self.img = ImageChops.multiply(self.img, white)

    def grid(self) -> tuple[Array, Array]:
        """x and y of every point, in page units, supersampled."""
        y, x = (
            np.mgrid[0 : self.h * SUPERSAMPLING, 0 : self.w * SUPERSAMPLING].astype("float32") / SUPERSAMPLING
        )
        return x, y

    def fill(self, where: Array, colour: Colour, strength: float = 1.0) -> None:
        """Ink where the supersampled array is true."""
        self.stamp(self._small(grey(where * 255), strength), colour)

    def _small(self, layer: Picture, strength: float) -> Picture:
        small = layer.resize((self.w, self.h), Resampling.BOX)
        return small.point([int(value * strength) for value in range(256)])


class Streamlines:
    """Evenly spaced lines through a field of angles: none comes nearer than `gap` to another."""

    cell = 4.0

    def __init__(
        self, angle: Array, gap: Callable[[float, float], float], box: tuple[int, int, int, int]
    ) -> None:
        self.angle, self.gap, self.box = angle, gap, box
        self.height, self.width = angle.shape
        self.columns, self.rows = int(self.width / self.cell) + 2, int(self.height / self.cell) + 2
        self.taken: list[list[tuple[float, float, int]]] = [[] for _ in range(self.columns * self.rows)]

    def draw(self, rng: np.random.Generator, *, tries: int, step: float = 3.0) -> list[list[Point]]:
        x0, y0, x1, y1 = self.box
        lines = []
        for number in range(tries):
            x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
            if not self._clear(x, y, self.gap(x, y), -1):
                continue
            points = [*self._walk(x, y, -step, number)[::-1], (x, y), *self._walk(x, y, step, number)]
            if len(points) >= 14:
                lines.append(points)
                for px, py in points:
                    self.taken[int(py / self.cell) * self.columns + int(px / self.cell)].append(
                        (px, py, number)
                    )
        return lines

    def _walk(self, x: float, y: float, step: float, number: int) -> list[Point]:
        x0, y0, x1, y1 = self.box
        points = []
        for _ in range(400):
            angle = self.angle[min(self.height - 1, int(y)), min(self.width - 1, int(x))]
            x += math.cos(angle) * step
            y += math.sin(angle) * step
            inside = x0 <= x < x1 and y0 <= y < y1
            if not inside or not self._clear(x, y, self.gap(x, y) * 0.72, number):
                break
            points.append((x, y))
        return points

    def _clear(self, x: float, y: float, distance: float, own: int) -> bool:
        reach = int(distance / self.cell) + 1
        column, row = int(x / self.cell), int(y / self.cell)
        for j in range(max(0, row - reach), min(self.rows, row + reach + 1)):
            for i in range(max(0, column - reach), min(self.columns, column + reach + 1)):
                for px, py, number in self.taken[j * self.columns + i]:
                    if number != own and (px - x) ** 2 + (py - y) ** 2 < distance * distance:
                        return False
        return True


def middle(line: Line, field: Array) -> float:
    """A field's value halfway along a line."""
    x, y = line[len(line) // 2]
    h, w = field.shape
    value: float = field[min(h - 1, max(0, int(y))), min(w - 1, max(0, int(x)))]
    return value
