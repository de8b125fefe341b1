"""The prints in the shop."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from shopfolio.core.demo.paper import (
    BLACK,
    COBALT,
    DARK,
    GREEN,
    OCHRE,
    PINK,
    RED,
    Array,
    Colour,
    Picture,
    Point,
    Sheet,
    Streamlines,
    grey,
    middle,
    noise,
)

Flow = tuple[list[list[Point]], Array, Array]  # lines, how dense they lie, and which ink they take


def flow(w: int, h: int, seed: int, margin: int, gap: float = 5.2, tries: int = 5200) -> Flow:
    rng = np.random.default_rng(seed)
    slow, quick = noise(rng, h, w, w / 2.6), noise(rng, h, w, w / 7)
    yy, xx = np.mgrid[0:h, 0:w] / w
    angle = (slow - 0.5) * math.pi * 1.5 + (quick - 0.5) * 0.7 + 0.35
    away = np.hypot(xx - 0.66, yy - h / w * 0.36)
    angle = angle + np.exp(-((away / 0.2) ** 2)) * 2.6  # an eddy
    dense = noise(rng, h, w, w / 3)

    def spacing(x: float, y: float) -> float:
        return gap * (0.72 + 1.0 * float(dense[int(y), int(x)]))

    lines = Streamlines(angle, spacing, (margin, margin, w - margin, h - margin)).draw(rng, tries=tries)
    return lines, dense, noise(rng, h, w, w / 2.2)


def paint_flow(sheet: Sheet, drawn: Flow, cut: float = 0.72) -> None:
    lines, dense, hue = drawn
    for colour, width in ((COBALT, 2.2), (RED, 2.4)):
        sheet.pen()
        for line in lines:
            if (middle(line, hue) > cut) == (colour == RED):
                sheet.line(line, width * (0.65 + 0.8 * (1 - middle(line, dense))))
        sheet.ink(colour)


@cache
def tide() -> Picture:
    sheet = Sheet(1120, 1568)
    paint_flow(sheet, flow(sheet.w, sheet.h, 11, 96))
    return sheet.img


def tide_detail() -> Picture:
    """The same code, nearer."""
    sheet = Sheet(1200, 900)
    lines, _, hue = flow(sheet.w, sheet.h, 11, 0, gap=13, tries=2600)
    for colour in (COBALT, RED):
        sheet.pen()
        for line in lines:
            if (middle(line, hue) > 0.7) == (colour == RED):
                sheet.line(line, 4.6)
        sheet.ink(colour, 0.86)
    return sheet.img


Cell = tuple[float, float, float, int, int]  # x, y, size, depth, which diagonal


def quadtree(rng: np.random.Generator) -> list[Cell]:
    cells: list[Cell] = []

    def split(x: float, y: float, size: float, depth: int) -> None:
        if depth < 2 and rng.random() < (0.62, 0.3)[depth]:
            for i in (0, 1):
                for j in (0, 1):
                    split(x + i * size / 2, y + j * size / 2, size / 2, depth + 1)
        else:
            cells.append((x, y, size, depth, int(rng.integers(0, 2))))

    for i in range(4):
        for j in range(4):
            split(96 + i * 252, 96 + j * 252, 252, 0)
    return cells


def tile(sheet: Sheet, cell: Cell) -> None:
    """Two fans of arcs in opposite corners; the second passes under the first."""
    x, y, size, depth, flip = cell
    first, second = (((x, y), (x + size, y + size)), ((x + size, y), (x, y + size)))[flip]
    start = ((0, 180), (90, 270))[flip]
    count = {0: 12, 1: 6, 2: 3}[depth]
    for (cx, cy), degrees in zip((first, second), start, strict=True):
        for k in range(count):
            r = size * (k + 0.5) / count
            if r > size * 0.985:
                continue
            turn = np.linspace(math.radians(degrees), math.radians(degrees + 90), max(8, int(r / 3)))
            points = [(cx + r * math.cos(u), cy + r * math.sin(u)) for u in turn]
            if (cx, cy) == first:
                sheet.line(points, 7)
                continue
            run: list[Point] = []
            for px, py in points:
                if math.hypot(px - first[0], py - first[1]) > size:
                    run.append((px, py))
                else:
                    sheet.line(run, 7)
                    run = []
            sheet.line(run, 7)


def azulejo() -> Picture:
    """Multi-scale Truchet: arcs on a quadtree."""
    sheet = Sheet(1200, 1200)
    rng = np.random.default_rng(77)
    cells = quadtree(rng)
    chance = {(int(x), int(y)): rng.random() for x, y, *_ in cells}
    red = [cell for cell in cells if cell[3] == 1 and chance[int(cell[0]), int(cell[1])] > 0.9]
    large = [cell for cell in cells if cell[3] != 2 and cell not in red]
    small = [cell for cell in cells if cell[3] == 2]
    for some, colour in ((large, COBALT), (small, COBALT), (red, RED)):
        sheet.pen()
        for cell in some:
            tile(sheet, cell)
        sheet.ink(colour)
    return sheet.img


def combs() -> Picture:
    sheet = Sheet(1120, 1400)
    margin = 96
    x, y = sheet.grid()
    inside = (x > margin) & (x < sheet.w - margin) & (y > margin) & (y < sheet.h - margin)
    for cx, cy, period, wobble, colour, strength in (
        (430, 560, 15.0, 7, COBALT, 0.9),
        (690, 850, 15.8, -7, RED, 0.88),
    ):
        r = np.hypot(x - cx, (y - cy) * 0.86) + wobble * np.sin(np.arctan2(y - cy, x - cx) * 5)
        sheet.fill(inside & (0.42 - np.abs((r / period) % 1 - 0.5) * 2 > 0), colour, strength)
    return sheet.img


def grow_coral(w: int, h: int) -> Array:
    """Gray-Scott reaction and diffusion, with feed changing down the sheet."""
    rng = np.random.default_rng(3)
    u, v = np.ones((h, w), "float32"), np.zeros((h, w), "float32")
    for _ in range(46):
        y, x = rng.integers(10, h - 10), rng.integers(10, w - 10)
        u[y - 4 : y + 4, x - 4 : x + 4], v[y - 4 : y + 4, x - 4 : x + 4] = 0.5, 0.25
    feed = np.linspace(0.030, 0.052, h, dtype="float32")[:, None]
    kill = np.linspace(0.0575, 0.0632, h, dtype="float32")[:, None]

    def spread(a: Array) -> Array:
        laplacian: Array = np.roll(a, 1, 0) + np.roll(a, -1, 0) + np.roll(a, 1, 1) + np.roll(a, -1, 1) - 4 * a
        return laplacian

    for _ in range(5200):
        r = u * v * v
        u += 0.16 * spread(u) - r + feed * (1 - u)
        v += 0.08 * spread(v) + r - (feed + kill) * v
    return v


def coral() -> Picture:
    sheet = Sheet(1120, 1400, (246, 247, 244))
    pad = 90
    grown = Image.fromarray(grow_coral(300, 375))
    a = np.asarray(grown.resize((sheet.w - 2 * pad, sheet.h - 2 * pad), Resampling.BICUBIC))
    full = np.zeros((sheet.h, sheet.w), "float32")
    full[pad + 14 : sheet.h - pad - 14, pad + 8 : sheet.w - pad - 8] = a[14:-14, 8:-8]
    body = np.clip((full - 0.2) * 26 + 0.5, 0, 1)
    outline = np.clip(1 - np.abs(full - 0.105) * 46, 0, 1)
    sheet.stamp(grey(body * 240), GREEN)
    sheet.stamp(grey(outline * 225), RED)
    return sheet.img


def ridge_rows(rng: np.random.Generator, xs: Array) -> list[tuple[int, list[Point]]]:
    """The visible runs of 61 horizons, nearest first, so that each hides what is behind it."""
    count = 61
    t = (xs - xs[0]) / (xs[-1] - xs[0])
    floor = np.full(len(xs), 1e9)
    big, fine = noise(rng, count, len(xs), 60), noise(rng, count, len(xs), 14)
    rows = []
    for i in range(count - 1, -1, -1):
        depth = i / (count - 1)
        west = np.exp(-(((t - 0.36 - 0.2 * depth) / 0.2) ** 2))
        east = 0.66 * np.exp(-(((t - 0.8 + 0.18 * depth) / 0.11) ** 2))
        height = west + east
        base = 330 + depth * 590
        y = base - height * (60 + 190 * big[i]) * (1.15 - 0.45 * depth) - fine[i] * (6 + 20 * height)
        visible = y < floor - 1.2
        floor = np.minimum(floor, y)
        run: list[Point] = []
        for seen, px, py in zip(visible, xs, y, strict=True):
            if seen:
                run.append((px, py))
            else:
                rows.append((i, run))
                run = []
        rows.append((i, run))
    return rows


def ridge() -> Picture:
    sheet = Sheet(1400, 1050, (250, 249, 246))
    rows = ridge_rows(np.random.default_rng(21), np.arange(110, sheet.w - 110, 2.0))
    for colour, width in ((BLACK, 1.5), (OCHRE, 2.6)):
        sheet.pen()
        for i, run in rows:
            if (i % 9 == 4) == (colour == OCHRE):
                sheet.line(run, width)
        sheet.ink(colour)
    x, y = sheet.grid()
    stripes = 0.52 - np.abs((y / 6.5) % 1 - 0.5) * 2 > 0
    sheet.fill(stripes & ((x - 1030) ** 2 + (y - 205) ** 2 < 66**2), RED, 0.92)
    return sheet.img


@cache
def nightbus() -> Picture:
    """A Clifford attractor: thirty million points, white ink on black paper."""
    w, h = 1120, 1568
    rng = np.random.default_rng(9)
    x, y = rng.uniform(-1, 1, 200000), rng.uniform(-1, 1, 200000)
    a, b, c, d = -1.7, 1.8, -1.9, -0.4
    cold, warm = np.zeros((h, w)), np.zeros((h, w))
    for i in range(170):
        x, y = np.sin(a * y) + c * np.cos(a * x), np.sin(b * x) + d * np.cos(b * y)
        if i <= 12:
            continue
        px, py = (w / 2 + y * w * 0.325).astype(int), (h / 2 + x * h * 0.158).astype(int)
        on = (px >= 0) & (px < w) & (py >= 0) & (py < h)
        np.add.at(cold, (py[on], px[on]), 1)
        on &= np.sin(x * 3) > 0.55
        np.add.at(warm, (py[on], px[on]), 1)

    def tone(hits: Array) -> Array:
        bright = np.log1p(hits) / np.log1p(np.percentile(hits[hits > 0], 99.6))
        values: Array = np.clip(bright, 0, 1) ** 1.25
        return values

    sheet = Sheet(w, h, DARK)
    sheet.stamp(grey(tone(cold) * 235), (214, 222, 240))
    sheet.stamp(grey(tone(warm) * 190), (250, 170, 90))
    return sheet.img


def pack(rng: np.random.Generator, sheet: Sheet) -> list[tuple[float, float, float]]:
    """Eighty-eight circles that touch nothing: x, y, radius."""
    got: list[tuple[float, float, float]] = []
    for tries in range(1, 90001):
        r = max(150 * (1 - len(got) / 88) ** 1.6 + 13, 0) * max(0.3, 1 - (tries % 3000) / 3000)
        x, y = rng.uniform(96 + r, sheet.w - 96 - r), rng.uniform(96 + r, sheet.h - 96 - r)
        if all(math.hypot(x - a, y - b) > r + c + 6 for a, b, c in got):
            got.append((x, y, r))
            if len(got) == 88:
                break
    return got


def hatch(
    rng: np.random.Generator, line: Callable[[list[Point], float], None], stone: tuple[float, float, float]
) -> None:
    x, y, r = stone
    angle, gap = rng.uniform(0, math.pi), rng.uniform(4.6, 9.5)
    cos, sin = math.cos(angle), math.sin(angle)
    bend = rng.uniform(-0.5, 0.5)
    offset = -r + gap / 2
    while offset < r:
        half = math.sqrt(max(0, r * r - offset * offset))
        points = []
        for u in np.linspace(-half, half, max(3, int(half / 3))):
            v = offset + bend * gap * math.sin(u / r * 3.1) * (1 - abs(offset) / r)
            points.append((x + u * cos - v * sin, y + u * sin + v * cos))
        line(points, 2.4)
        offset += gap


def stones() -> Picture:
    sheet = Sheet(1120, 1400, (244, 241, 234))
    rng = np.random.default_rng(88)
    got = pack(rng, sheet)
    inks: list[Colour] = [COBALT, BLACK, RED, OCHRE, GREEN, PINK]
    kind = [int(rng.choice(6, p=[0.3, 0.24, 0.14, 0.12, 0.12, 0.08])) for _ in got]
    for number, colour in enumerate(inks):
        sheet.pen()
        for stone, which in zip(got, kind, strict=True):
            if which == number:
                hatch(rng, sheet.line, stone)
        sheet.ink(colour, 0.95)
    return sheet.img
