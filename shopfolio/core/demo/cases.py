"""The covers of the case studies, and the home page's drawing."""

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from PIL.Image import Resampling, Transpose

from shopfolio.core.demo.paper import (
    BLACK,
    COBALT,
    DARK,
    OCHRE,
    PINK,
    RED,
    Colour,
    Picture,
    Sheet,
    Streamlines,
    blank,
    font,
    middle,
    noise,
)

WHITE, NIGHT = (246, 245, 241), (30, 32, 38)


def shade(image: Picture, colour: Colour, strength: int, blur: float, draw: Callable[..., None]) -> None:
    """A soft shadow: `draw` gets an empty mask's pen."""
    mask = Image.new("L", image.size, 0)
    draw(ImageDraw.Draw(mask), strength)
    image.paste(colour, mask=mask.filter(ImageFilter.GaussianBlur(blur)))


def hero() -> Picture:
    sheet = Sheet(1600, 1040)
    rng = np.random.default_rng(4)
    slow = noise(rng, sheet.h, sheet.w, 620)
    yy, xx = np.mgrid[0 : sheet.h, 0 : sheet.w].astype(float)
    angle = 0.5 * np.sin(xx / 250 + slow * 4) + (slow - 0.5) * 3.4
    for cx, cy, radius, turn in ((1130, 400, 230, 2.9), (470, 720, 170, -2.4)):
        angle += np.exp(-((np.hypot(xx - cx, yy - cy) / radius) ** 2)) * turn
    dense, hue = noise(rng, sheet.h, sheet.w, 420), noise(rng, sheet.h, sheet.w, 560)

    def gap(x: float, y: float) -> float:
        return 5.0 + 7.5 * math.pow(dense[int(y), int(x)], 1.5)

    lines = Streamlines(angle, gap, (0, 0, sheet.w, sheet.h)).draw(rng, tries=7600)
    for colour, low, high, width in ((COBALT, -1, 0.66, 2.9), (RED, 0.66, 0.8, 3.0), (BLACK, 0.8, 2, 2.2)):
        sheet.pen()
        for line in lines:
            if low < middle(line, hue) <= high:
                sheet.line(line, width * (0.7 + 0.6 * (1 - middle(line, dense))))
        sheet.ink(colour)
    return sheet.img


def weft() -> Picture:
    """Cloth: a twill whose float lengths follow a slow wave."""
    sheet = Sheet(1400, 1050, (240, 240, 236))
    x, y = sheet.grid()
    pitch = 14.0
    i, j = np.floor(x / pitch), np.floor(y / pitch)
    wave = np.floor(np.sin(i / 23.0) * 7 + np.sin(j / 17.0 + i / 60.0) * 6)
    lean, rise = np.where(np.sin(i / 31) > 0, 1, -1), np.where(np.sin(j / 29.0) > 0, 1, -1)
    over = ((i + wave * lean + j * rise) % 6) < 3
    warp, weft = over & (np.abs(x / pitch % 1 - 0.5) < 0.36), ~over & (np.abs(y / pitch % 1 - 0.5) < 0.36)
    band = (np.floor(x / 140) % 5).astype(int)
    for number, colour in enumerate((COBALT, COBALT, BLACK, COBALT, COBALT)):
        sheet.fill(warp & (band == number), colour, 0.93)
    stripe = np.floor(y / 150) % 7 == 3
    sheet.fill(weft & stripe, RED)
    sheet.fill(weft & ~stripe, (214, 216, 220))
    return sheet.img.filter(ImageFilter.GaussianBlur(0.4))


def current() -> Picture:
    """365 days of a power grid as one round drawing."""
    sheet = Sheet(1400, 1050, (236, 237, 238))
    rng = np.random.default_rng(14)
    for colour, phase, swing, width, inner in (
        (OCHRE, 0.0, 150, 2.6, 205),
        (COBALT, 1.9, 120, 2.0, 330),
        (BLACK, 3.7, 62, 1.4, 130),
    ):
        sheet.pen()
        weather = np.interp(np.arange(365), np.arange(0, 372, 6), rng.random(62))
        for day in range(365):
            angle = day / 365 * 2 * math.pi - math.pi / 2
            season = 0.5 + 0.5 * math.cos(angle * (1 if colour != BLACK else 2) + phase)
            start = inner + 16 * math.sin(angle * 3 + phase)
            end = start + 12 + swing * season * (0.45 + 0.75 * weather[day])
            sheet.line([(700 + r * math.cos(angle), 525 + r * math.sin(angle)) for r in (start, end)], width)
        sheet.ink(colour, 0.93)
    return sheet.img


def clock() -> Picture:
    sheet = Sheet(1400, 1050, DARK)
    rng = np.random.default_rng(60)
    for k in range(60):
        r = 26 + k * 7.4
        start, span = rng.uniform(0, 360), 360 * (0.12 + 0.8 * ((k * 37) % 60) / 60)
        sheet.pen()
        turn = np.radians(np.linspace(start, start + span, 260))
        sheet.line([(700 + r * math.cos(u), 525 + r * math.sin(u)) for u in turn], 3.2)
        sheet.ink((240, 92, 60) if k == 41 else (226, 229, 236) if k % 5 else (110, 140, 240), 0.92)
    return sheet.img


def wall_drawing() -> Picture:
    sheet = Sheet(1480, 330, (238, 240, 242))
    rng = np.random.default_rng(38)
    slow = noise(rng, sheet.h, sheet.w, 260)
    yy, xx = np.mgrid[0 : sheet.h, 0 : sheet.w].astype(float)
    angle = 0.6 * np.sin(xx / 140 + yy / 90) + (slow - 0.5) * 3
    dense, hue = noise(rng, sheet.h, sheet.w, 200), noise(rng, sheet.h, sheet.w, 240)

    def gap(x: float, y: float) -> float:
        return 3.4 + 5 * float(dense[int(y), int(x)])

    lines = Streamlines(angle, gap, (0, 0, sheet.w, sheet.h)).draw(rng, tries=4200, step=2.5)
    for colour in (COBALT, RED):
        sheet.pen()
        for line in lines:
            if (middle(line, hue) > 0.7) == (colour == RED):
                sheet.line(line, 1.7)
        sheet.ink(colour)
    return sheet.img


def hall(wall: Picture) -> Picture:
    """An empty departures hall with the drawing and its reflection."""
    w, h = 1600, 900
    image, d = blank((w, h), (206, 209, 212))
    d.rectangle((0, 0, w, 150), fill=(74, 78, 86))
    for x in range(-100, w + 200, 118):  # ceiling fins in perspective
        near = (800 + (x + 26 - 800) * 1.7, 0), (800 + (x - 800) * 1.7, 0)
        d.polygon([(x, 150), (x + 26, 150), *near], fill=(98, 103, 112))
    d.rectangle((0, 146, w, 152), fill=(245, 246, 246))
    image.paste(wall, (60, 214))
    d.rectangle((0, 640, w, h), fill=(146, 150, 156))
    reflection = wall.transpose(Transpose.FLIP_TOP_BOTTOM).resize((1480, 170))
    fade = Image.new("L", (1480, 170), 0)
    ImageDraw.Draw(fade).rectangle((40, -60, 1440, 110), fill=90)
    soft = ImageFilter.GaussianBlur
    image.paste(reflection.filter(soft(7)), (60, 650), fade.filter(soft(32)))
    for k in range(-12, 13):
        d.line((800 + k * 120, 640, 800 + k * 330, h), fill=(132, 136, 143), width=2)
    for y in (668, 712, 786):
        d.line((0, y, w, y), fill=(132, 136, 143), width=2)
    return image


def person(image: Picture, x: int, foot: int, tall: int, colour: Colour) -> None:
    def shadow(pen: ImageDraw.ImageDraw, strength: int) -> None:
        pen.ellipse((x - tall * 0.22, foot - 7, x + tall * 0.34, foot + 9), fill=strength)

    shade(image, (80, 84, 90), 120, 6, shadow)
    d, u, top = ImageDraw.Draw(image), tall / 8, foot - tall
    d.ellipse((x - u * 0.42, top, x + u * 0.42, top + u), fill=colour)
    body = (x - u * 0.9, top + u * 1.15, x + u * 0.9, foot - tall * 0.42)
    d.rounded_rectangle(body, radius=int(u * 0.6), fill=colour)
    hip, fork = foot - tall * 0.46, foot - tall * 0.34
    legs = [(-0.8, hip), (0.8, hip), (0.75, foot), (0.2, foot), (0, fork), (-0.45, foot), (-0.95, foot)]
    d.polygon([(x + u * side, y) for side, y in legs], fill=colour)


def terminal() -> Picture:
    """Thirty-eight metres of wall in a ferry terminal."""
    image = hall(wall_drawing())
    person(image, 392, 700, 176, (44, 48, 56))
    person(image, 438, 704, 168, (70, 76, 88))
    person(image, 1010, 690, 164, (52, 56, 64))
    person(image, 1300, 760, 214, (34, 37, 44))
    person(image, 700, 676, 150, (88, 94, 104))
    return image


def poster(rng: np.random.Generator, k: int, size: tuple[int, int], paper: Colour) -> Picture:
    """One of the festival's posters: each is drawn from the bars of one piece."""
    image, d = blank(size, paper)
    w, h = size
    ink = WHITE if paper in (RED, COBALT, NIGHT) else NIGHT
    count = int(rng.integers(7, 30))
    for i in range(count):
        t = i / count
        match k % 6:
            case 0:
                step, tall = w / count, (0.15 + 0.6 * abs(math.sin(i * 0.7 + k))) * h * 0.8
                d.rectangle((i * step, h - tall, i * step + step * 0.6, h), fill=ink)
            case 1:
                r, x, y = w * 0.62 * (1 - t), w * 0.5, h * 0.62
                d.ellipse((x - r, y - r, x + r, y + r), outline=ink, width=int(3 + 9 * t))
            case 2:
                y = h * 0.3 + t * h * 0.66
                wave = [(x, y + math.sin(x / 60 + i) * 22 * t) for x in range(0, w, 6)]
                d.line(wave, fill=ink, width=7)
            case 3:
                step, y = h * 0.68 / count, h * 0.3 + i * (h * 0.68 / count)
                d.rectangle((0, y, rng.uniform(0.1, 1) * w, y + step * 0.66), fill=ink)
            case 4:
                a = t * math.pi / 2
                d.line((0, h, math.cos(a) * h * 1.2, h - math.sin(a) * h * 0.74), fill=ink, width=6)
            case _:
                for j in range(4):
                    r, x, y = rng.uniform(8, w / 9), w * (j + 0.5) / 4, h * 0.32 + t * h * 0.64
                    accent = RED if paper != RED else WHITE
                    d.ellipse((x - r, y - r, x + r, y + r), fill=ink if (i + j) % 5 else accent)
    d.rectangle((0, 0, w, h * 0.235), fill=paper)
    d.text((30, 22), "Ensaio\nAberto", font=font(62, 600), fill=ink, spacing=0)
    d.text((w - 30, 30), f"{11 + k}.10", font=font(44, 500), fill=ink, anchor="ra")
    return image


def posters() -> Picture:
    """Eighteen of the 212."""
    w, h = 1400, 1050
    image, _ = blank((w, h), (200, 203, 206))
    rng = np.random.default_rng(212)
    papers: list[Colour] = [WHITE, RED, COBALT, OCHRE, NIGHT, PINK]
    wide, tall, gap = 208, 294, 22
    x0, y0 = (w - 6 * wide - 5 * gap) // 2, (h - 3 * tall - 2 * gap) // 2
    for k, paper in enumerate((0, 1, 0, 2, 3, 0, 4, 0, 5, 0, 1, 2, 0, 3, 0, 4, 0, 1)):
        x, y = x0 + (k % 6) * (wide + gap), y0 + (k // 6) * (tall + gap)

        def shadow(pen: ImageDraw.ImageDraw, strength: int, x: int = x, y: int = y) -> None:
            pen.rectangle((x + 3, y + 5, x + wide + 3, y + tall + 6), fill=strength)

        shade(image, (140, 143, 148), 90, 5, shadow)
        sheet = poster(rng, k, (wide * 3, tall * 3), papers[paper])
        image.paste(sheet.resize((wide, tall), Resampling.LANCZOS), (x, y))
    return image


def library() -> Picture:
    """Three shelves of spines whose marks are the library's classification."""
    w, h = 1400, 1050
    image, d = blank((w, h), (232, 231, 226))
    rng = np.random.default_rng(66)
    cloth: list[Colour] = [
        (40, 52, 74), (210, 206, 196), (196, 72, 48), (30, 92, 80), (226, 176, 72),
        (70, 96, 168), (120, 112, 104), (236, 232, 222), (150, 60, 60),
    ]  # fmt: skip
    for shelf in range(3):
        base, x = 340 + shelf * 328, 70
        while x < w - 90:
            wide, tall = int(rng.integers(24, 66)), int(rng.integers(205, 286))
            if x + wide > w - 70:
                break
            if rng.random() < 0.05:
                x += int(rng.integers(40, 120))
                continue
            colour = cloth[int(rng.integers(0, len(cloth)))]
            d.rectangle((x, base - tall, x + wide, base), fill=colour)
            edge = tuple(int(value * 0.84) for value in colour)
            d.rectangle((x + wide - 3, base - tall, x + wide, base), fill=edge)
            label = (248, 247, 243) if sum(colour) < 560 else (250, 250, 248)
            d.rectangle((x + 3, base - 74, x + wide - 6, base - 22), fill=label)
            for k in range(int(rng.integers(1, 5))):
                y, right = base - 66 + k * 11, x + wide - 10 - (k * 5 if wide > 40 else 0)
                d.rectangle((x + 7, y, right, y + 5), fill=COBALT if shelf != 1 else RED)
            x += wide + 2
        d.rectangle((40, base, w - 40, base + 14), fill=(176, 150, 118))
        d.rectangle((40, base + 14, w - 40, base + 20), fill=(140, 116, 88))
    return image
