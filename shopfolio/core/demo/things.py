"""What stands beside the prints: letters, a book, ink tests, the machine, rooms, an hour."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from PIL.Image import Resampling

from shopfolio.core.demo.paper import (
    BLACK,
    COBALT,
    GREEN,
    OCHRE,
    PAPER,
    RED,
    Colour,
    Line,
    Picture,
    Point,
    Sheet,
    Streamlines,
    blank,
    font,
    middle,
    noise,
)
from shopfolio.core.demo.prints import flow, nightbus, paint_flow, tide

Box = tuple[int, int, int, int]


def cast(image: Picture, boxes: list[Box], colour: Colour, strength: int, blur: float) -> ImageDraw.ImageDraw:
    """The soft shadow of some boxes."""
    mask = Image.new("L", image.size, 0)
    for box in boxes:
        ImageDraw.Draw(mask).rectangle(box, fill=strength)
    image.paste(colour, mask=mask.filter(ImageFilter.GaussianBlur(blur)))
    return ImageDraw.Draw(image)


def arc(cx: float, cy: float, r: float, start: float, end: float) -> list[Point]:
    turn = np.radians(np.linspace(start, end, 90))
    return [(cx + r * math.cos(u), cy + r * math.sin(u)) for u in turn]


def segment(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    return [(x0 + (x1 - x0) * v, y0 + (y1 - y0) * v) for v in np.linspace(0, 1, 20)]


def rake(sheet: Sheet, points: Line) -> None:
    """Seven strokes side by side along one skeleton."""
    bones = np.array(points, float)
    along = np.gradient(bones, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], 1) / (np.hypot(along[:, 0], along[:, 1])[:, None] + 1e-6)
    for k in range(-3, 4):
        sheet.line([(x, y) for x, y in bones + across * k * 9.2], 2.6)


def letters() -> Picture:
    """Barca, a typeface for one pen."""
    sheet = Sheet(1400, 1050, (249, 249, 247))
    base, r = 700, 150
    top, bottom = base - 2 * r - 30, base + 30
    sheet.pen()
    rake(sheet, arc(330, base - r, r, 40, 320))
    rake(sheet, arc(700, base - r, r, 0, 360))
    sheet.ink(COBALT, 0.9)
    sheet.pen()
    rake(sheet, segment(850, top, 850, bottom))
    rake(sheet, segment(1010, bottom, 1010, base - r))
    rake(sheet, arc(1130, base - r, 120, 180, 300))
    sheet.ink(BLACK, 0.9)
    sheet.pen()
    for y in (bottom, top):
        sheet.line([(110, y), (sheet.w - 110, y)], 1.0)
    sheet.ink(RED, 0.85)
    d = ImageDraw.Draw(sheet.img)
    for y, text in ((base + 40, "Baseline 0"), (base - 2 * r - 62, "x-height 512")):
        d.text((112, y), text, font=font(21), fill=RED)
    return sheet.img


def book() -> Picture:
    """The handbook's cover; some lines stop where the pen ran dry."""
    sheet = Sheet(1050, 1400, (30, 64, 192))
    sheet.dark = True
    rng = np.random.default_rng(2)
    for i in range(74):
        y = 560 + i * 10
        points = []
        for x in range(80, sheet.w - 79, 4):
            swell = math.exp(-(((x - 560) / 210) ** 2 + ((y - 900) / 230) ** 2))
            points.append((x, y - 86 * swell * math.cos((x - 560) / 66.0 + (y - 900) / 150) - 30 * swell))
        dry = int(rng.integers(10, len(points) - 30)) if i % 7 == 3 else len(points)
        sheet.line(points[:dry], 2.6)
        sheet.line(points[dry + 9 :], 2.6)
    paper = (246, 245, 241)
    sheet.ink((240, 240, 236), 0.96)
    d = ImageDraw.Draw(sheet.img)
    d.text((76, 66), "Pen up,\npen down", font=font(150, 560), fill=paper, spacing=6)
    d.text((80, 432), "A plotter handbook", font=font(40, 480), fill=paper)
    d.text((sheet.w - 80, 432), "Ines Calder", font=font(40, 480), fill=paper, anchor="ra")
    return sheet.img


def patch(sheet: Sheet, x0: float, y0: float, gap: float, angle: float, width: float) -> None:
    size, cos, sin = 112, math.cos(angle), math.sin(angle)
    offset = -float(size)
    while offset < size:
        run = [
            (x0 + size / 2 + u * cos - offset * sin, y0 + size / 2 + u * sin + offset * cos)
            for u in np.linspace(-size, size, 180)
        ]
        sheet.line([(x, y) for x, y in run if x0 <= x <= x0 + size and y0 <= y <= y0 + size], width)
        offset += gap


def swatch() -> Picture:
    """The ink test that comes before every edition."""
    sheet = Sheet(1200, 900)
    for row, colour in enumerate((COBALT, BLACK, RED, GREEN, OCHRE)):
        sheet.pen()
        for column in range(8):
            for angle in (math.pi / 4, -math.pi / 4)[: 1 if column < 5 else 2]:
                x, y = 70 + column * 134, 62 + row * 158
                patch(sheet, x, y, 15 - column * 1.65, angle, 1.2 + 0.5 * (row % 3))
        sheet.ink(colour, 0.93)
    return sheet.img


def plotter() -> Picture:
    """The machine, from above."""
    image, _ = blank((1200, 900), (214, 216, 218))
    d = cast(image, [(188, 100, 1030, 850)], (150, 152, 156), 90, 18)
    d.rectangle((180, 80, 1020, 840), fill=PAPER)
    sheet = Sheet(840, 760)
    lines, dense, hue = flow(840, 760, 31, 60, gap=6.5, tries=2200)
    done = [line for line in lines if max(y for _, y in line) < 470]
    paint_flow(sheet, (done, dense, hue), 0.78)
    image.paste(sheet.img, (180, 80))
    d = cast(image, [(0, 566, 1200, 640), (618, 520, 760, 690)], (90, 92, 98), 120, 16)
    d.rectangle((0, 548, 1200, 612), fill=(44, 47, 54))
    d.rectangle((0, 558, 1200, 562), fill=(84, 88, 96))
    d.rectangle((0, 596, 1200, 599), fill=(26, 28, 33))
    d.rectangle((600, 500, 736, 668), fill=(232, 233, 235))
    d.rectangle((600, 500, 736, 512), fill=(250, 250, 250))
    d.ellipse((638, 588, 698, 648), fill=(30, 64, 192))
    d.ellipse((656, 606, 680, 630), fill=(20, 40, 130))
    for x in (40, 1130):
        d.rectangle((x, 0, x + 30, 900), fill=(120, 124, 130))
        d.rectangle((x + 11, 0, x + 19, 900), fill=(78, 82, 90))
    return image


def empty_room(w: int, h: int, x: float) -> Picture:
    """A lit wall above a floor; x is where the light falls, 0 to 1."""
    wall, ground = np.array((222, 222, 218)), np.array((176, 170, 160))
    yy, xx = np.mgrid[0:h, 0:w].astype(float)
    light = 1.05 - 0.16 * np.hypot((xx - w * (x - 0.05)) / w, (yy - h * 0.25) / h)
    image = Image.fromarray(np.clip(wall * light[..., None], 0, 255).astype("uint8"))
    floor = int(h * 0.84)
    fall = 0.86 + 0.2 * (yy[floor:] - floor) / (h - floor)
    image.paste(Image.fromarray(np.clip(ground * fall[..., None], 0, 255).astype("uint8")), (0, floor))
    ImageDraw.Draw(image).rectangle((0, floor - 12, w, floor), fill=(206, 206, 202))
    return image


def hang(art: Picture, *, scale: float, x: float, mat: float) -> Picture:
    """A framed picture on a wall, a bench beside it."""
    w, h = 1120, 1400
    image = empty_room(w, h, x)
    tall = int(h * scale)
    wide = int(art.width * tall / art.height)
    left, top = int(w * x - wide / 2), int(h * 0.44 - tall / 2)
    rim, m = 9, int(tall * mat)
    outer = rim + m
    shadow = (left - outer + 10, top - outer + 18, left + wide + outer + 14, top + tall + outer + 22)
    d = cast(image, [shadow], (99, 99, 98), 96, 15)
    d.rectangle((left - outer, top - outer, left + wide + outer, top + tall + outer), fill=(30, 31, 35))
    d.rectangle((left - m, top - m, left + wide + m, top + tall + m), fill=(250, 250, 248))
    image.paste(art.resize((wide, tall), Resampling.LANCZOS), (left, top))
    bench(image, w, h)
    return image


def bench(image: Picture, w: int, h: int) -> None:
    left, right, top = int(w * 0.58), int(w * 0.93), int(h * 0.80)
    d = cast(image, [(left - 8, int(h * 0.915), right + 20, int(h * 0.94))], (60, 56, 52), 110, 11)
    d.rectangle((left, top, right, top + 22), fill=(142, 104, 72))
    d.rectangle((left, top, right, top + 4), fill=(170, 128, 92))
    for x in (left + 24, right - 36):
        d.rectangle((x, top + 22, x + 12, int(h * 0.93)), fill=(98, 70, 48))


def tide_room() -> Picture:
    return hang(tide(), scale=0.5, x=0.46, mat=0.05)


def nightbus_room() -> Picture:
    return hang(nightbus(), scale=0.44, x=0.42, mat=0.0)


def tide_edge() -> Picture:
    """The lower corner of the sheet: number and signature."""
    sheet = tide()
    corner = sheet.crop((0, sheet.height - 470, 630, sheet.height)).resize((1200, 895), Resampling.LANCZOS)
    image, _ = blank((1200, 900), (198, 200, 202))
    cast(image, [(168, -40, 1300, 762)], (120, 122, 126), 120, 16)
    image.paste(corner, (150, -150))
    d = ImageDraw.Draw(image)
    for x, text in ((262, "12/40"), (900, "I. Calder, 2026")):
        d.text((x, 690), text, font=font(27, 430), fill=(104, 104, 108))
    return image


def hour() -> Picture:
    """Sixty strokes in a ring, none quite where it should be; the first one is red."""
    sheet = Sheet(1200, 1200, (249, 249, 247))
    rng = np.random.default_rng(3600)
    for colour, minutes in ((BLACK, range(1, 60)), (RED, range(1))):
        sheet.pen()
        for minute in minutes:
            for _ in range(9 if minute % 5 == 0 else 5):
                angle = math.radians(minute * 6 - 90 + rng.normal(0, 0.75))
                inner = (330 if minute % 5 == 0 else 372) + rng.normal(0, 7)
                outer = 470 + rng.normal(0, 9)
                sheet.line(
                    [(600 + r * math.cos(angle), 600 + r * math.sin(angle)) for r in (inner, outer)], 2.2
                )
        sheet.ink(colour)
    return sheet.img


def card() -> Picture:
    """For links shared elsewhere: few lines, so that it stays small as a PNG."""
    sheet = Sheet(1200, 630)
    rng = np.random.default_rng(7)
    slow = noise(rng, 630, 1200, 500)
    dense, hue = noise(rng, 630, 1200, 380), noise(rng, 630, 1200, 420)

    def gap(x: float, y: float) -> float:
        return 21 + 12 * float(dense[int(y), int(x)])

    lines = Streamlines((slow - 0.5) * 5.2, gap, (560, 0, 1200, 630)).draw(rng, tries=1500)
    for colour in (COBALT, RED):
        sheet.pen()
        for line in lines:
            if (middle(line, hue) > 0.66) == (colour == RED):
                sheet.line(line, 5)
        sheet.ink(colour)
    d = ImageDraw.Draw(sheet.img)
    d.text((64, 44), "Ines\nCalder", font=font(112, 520), fill=BLACK, spacing=0)
    d.text((68, 520), "Programs that draw.\nLisbon.", font=font(34, 480), fill=BLACK, spacing=8)
    return sheet.img.quantize(9, kmeans=4)
