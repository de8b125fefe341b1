"""A head, ray-marched from ellipsoids and engraved in 108 lines."""

import math

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from shopfolio.core.demo.paper import Array, Picture, Sheet, grey

YAW = math.radians(-34)
Triple = tuple[float, float, float]


def ellipsoid(p: Array, centre: Triple, radii: Triple) -> Array:
    """About how far each point is from the surface; negative inside."""
    q = (p - np.array(centre)) / np.array(radii)
    near = np.linalg.norm(q, axis=-1)
    distance: Array = near * (near - 1) / (np.linalg.norm(q / np.array(radii), axis=-1) + 1e-6)
    return distance


def melt(a: Array, b: Array, k: float) -> Array:
    """The union of two bodies with a soft seam."""
    mix = np.clip(0.5 + 0.5 * (b - a) / k, 0, 1)
    return b * (1 - mix) + a * mix - k * mix * (1 - mix)


def body(p: Array) -> tuple[Array, Array]:
    """Distances to head and shoulders, and to the hair."""
    x, y, z = p[..., 0], p[..., 1], p[..., 2]
    cos, sin = math.cos(YAW), math.sin(YAW)
    q = np.stack([x * cos - z * sin, y, x * sin + z * cos], -1)
    head = ellipsoid(q, (0, 0.20, -0.04), (0.41, 0.50, 0.47))
    head = melt(head, ellipsoid(q, (0, -0.14, 0.13), (0.27, 0.30, 0.29)), 0.14)  # jaw
    head = melt(head, ellipsoid(q, (0, 0.04, 0.475), (0.05, 0.13, 0.085)), 0.06)  # nose
    head = melt(head, ellipsoid(q, (0, -0.20, 0.40), (0.10, 0.05, 0.055)), 0.06)  # mouth
    head = melt(head, ellipsoid(q, (0, 0.20, 0.36), (0.25, 0.045, 0.09)), 0.08)  # brow
    for side in (-1, 1):
        socket = ellipsoid(q, (side * 0.15, 0.095, 0.47), (0.09, 0.055, 0.08))
        head = -melt(-head, socket, 0.07)
    head = melt(head, ellipsoid(q, (0, -0.52, -0.08), (0.19, 0.5, 0.20)), 0.09)  # neck
    head = melt(head, ellipsoid(p, (0, -1.42, -0.14), (0.98, 0.72, 0.46)), 0.2)  # shoulders
    hair = ellipsoid(q, (0, 0.31, -0.14), (0.475, 0.47, 0.47))
    return head, melt(hair, ellipsoid(q, (0, 0.60, -0.52), (0.2, 0.2, 0.2)), 0.1)  # with a bun


def surface(p: Array) -> Array:
    head, hair = body(p)
    return np.where(hair < head, hair, head)


def march(px: Array, py: Array) -> tuple[Array, Array]:
    """Where the rays end, and which of them hit something."""
    p = np.stack([px, py, np.full_like(px, 1.6)], -1)
    alive = np.ones(px.shape, bool)
    for _ in range(70):
        p[..., 2] -= np.where(alive, np.clip(surface(p) * 0.8, -0.02, 0.2), 0)
        alive &= p[..., 2] > -1.6
    return p, (surface(p) < 0.02) & alive


def light(p: Array) -> Array:
    e = 0.004
    steps = [np.array(step) for step in ((e, 0, 0), (0, e, 0), (0, 0, e))]
    normal = np.stack([surface(p + step) - surface(p - step) for step in steps], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-9
    lamp = np.array([-0.62, 0.5, 0.6])
    lamp /= np.linalg.norm(lamp)
    lit: Array = np.clip((normal * lamp).sum(-1), 0, 1) * 0.86 + 0.10
    head, hair = body(p)
    lit = np.where(hair < head, lit * 0.42, lit)
    dimmed: Array = np.where(p[..., 1] < -0.72, lit * 0.62, lit)
    return dimmed


def portrait() -> Picture:
    w, h = 360, 450
    yy, xx = np.mgrid[0:h, 0:w]
    px, py = (xx - w / 2) / (w / 2) * 1.12, -(yy - h * 0.47) / (w / 2) * 1.12
    p, hit = march(px, py)
    tone = np.where(hit, light(p), 0.93 - 0.25 * np.clip((px + 0.3) * 0.6, 0, 1))
    depth = np.where(hit, p[..., 2], -0.2)
    sheet, fine = Sheet(960, 1200, (238, 239, 240)), 3

    def enlarge(values: Array) -> Array:
        image = Image.fromarray(values.astype("float32"))
        return np.asarray(image.resize((sheet.w * fine, sheet.h * fine), Resampling.BICUBIC))

    y = np.mgrid[0 : sheet.h * fine, 0 : sheet.w * fine][0] / fine
    phase = (y + enlarge(depth) * 52) / (sheet.h / 108)
    ink = np.abs(phase % 1 - 0.5) * 2 < np.clip(1 - enlarge(tone), 0.02, 0.95) * 0.98
    mask = grey(ink * 255).resize((sheet.w, sheet.h), Resampling.BOX)
    sheet.stamp(mask.point([int(value * 0.95) for value in range(256)]), (24, 40, 110))
    return sheet.img
