"""Legs around real knees: what a crop shows is drawn out into shafts and soft tissue, so that a whole film can be composed of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import map_coordinates

from .crops import CROP, KneeCrop


@dataclass(frozen=True)
class Place:
    """Where a knee lies on a film: centre of the joint line and side of its square, film pixels; degrees that the leg leans."""

    column: float
    row: float
    side: float
    lean: float = 0.0


def draw_leg(film: np.ndarray, crop: KneeCrop, place: Place, rng: np.random.Generator, joint: bool = True) -> None:
    """Draws a leg into a film, float [rows, columns], air 0; the brighter of what is there and the leg stays.

    How much of the crop is kept differs from leg to leg, so that its borders, where shafts begin to be invented, tell nothing of where
    the joint is. Without `joint` only the shaft above it is drawn, over the whole film.
    """
    scale = np.float32(crop.square / place.side)
    angle = math.radians(place.lean)
    across, down = _from_joint(film, place)
    x = scale * (across * math.cos(angle) + down * math.sin(angle))
    y = scale * (down * math.cos(angle) - across * math.sin(angle))
    top, bottom = -crop.row + rng.uniform(3, 34), CROP - crop.row - rng.uniform(3, 26)
    if not joint:
        bottom = top + 4
    left, right = -crop.column + rng.uniform(2, 12), CROP - crop.column - rng.uniform(2, 12)
    above, below = np.maximum(top - y, 0), np.maximum(y - bottom, 0)
    narrowed = 1 + rng.uniform(0.3, 1.1) * (1 - np.exp(-above / rng.uniform(40, 90)))
    narrowed += rng.uniform(0.1, 0.8) * (1 - np.exp(-below / rng.uniform(30, 80)))
    u, v = x * narrowed, np.clip(y, top, bottom)
    beside = np.maximum(left - u, 0) + np.maximum(u - right, 0)
    picture = _even(crop.image)
    leg = map_coordinates(picture, [v + crop.row - 0.5, np.clip(u, left, right) + crop.column - 0.5], order=1, mode='nearest')
    tissue = float(np.percentile(picture, 8)) * rng.uniform(0.7, 1.05)
    # The sides of a crop are soft tissue as a rule; further out it is all of one grey.
    leg = tissue + (leg - tissue) * np.exp(-beside / rng.uniform(8, 25))
    half = crop.square * rng.uniform(0.55, 0.9) * (1 + rng.uniform(0, 0.5) * above / CROP - rng.uniform(-0.1, 0.25) * below / CROP)
    edge = np.clip((1 - np.abs(x + rng.normal(0, 6)) / np.maximum(half, 20)) / rng.uniform(0.08, 0.4), 0, 1) ** rng.uniform(0.4, 1.0)
    np.maximum(film, leg * edge, out=film)


def set_into(film: np.ndarray, crop: KneeCrop, place: Place, rng: np.random.Generator) -> None:
    """Sets a crop with soft borders into a film where that shows another knee, in the greys that are there."""
    scale = crop.square / place.side
    across, down = _from_joint(film, place)
    u, v = across * scale + crop.column, down * scale + crop.row
    soft = rng.uniform(10, 36)
    inside = np.clip(np.minimum(np.minimum(u, CROP - u), np.minimum(v, CROP - v)) / soft, 0, 1)
    if inside.max() <= 0:
        return
    picture = _even(crop.image)
    there = film[inside > 0]
    picture = (picture - picture.mean()) / max(float(picture.std()), 1e-3) * float(there.std()) * rng.uniform(0.7, 1.2) + float(there.mean())
    knee = map_coordinates(picture, [v - 0.5, u - 0.5], order=1, mode='nearest')
    film += (knee - film) * (inside * inside * (3 - 2 * inside))


def draw_implant(film: np.ndarray, place: Place, rng: np.random.Generator) -> None:
    """A replaced knee: metal over the condyles, a tray on the tibia with its stem, and the gap between them that plastic fills."""
    half, kind = place.side / 2.44, rng.random()
    gap, thick = half * rng.uniform(0.08, 0.2), half * rng.uniform(0.1, 0.2)

    def draw(pen: ImageDraw.ImageDraw, x: float, y: float) -> None:
        if kind < 0.85:
            for sign in (-1, 1):
                centre, across = x + sign * half * rng.uniform(0.45, 0.55), half * rng.uniform(0.42, 0.52)
                pen.chord((centre - across, y - gap - 2 * half * rng.uniform(0.5, 0.8), centre + across, y - gap), 10, 170, fill=255)
            bridge = (x - half * 0.95, y - gap - half * rng.uniform(0.7, 0.9), x + half * 0.95, y - gap - half * 0.55)
            pen.rectangle(bridge, fill=int(rng.integers(150, 255)))
        pen.rectangle((x - half, y + gap, x + half, y + gap + thick), fill=255)
        stem = half * rng.uniform(0.08, 0.2)
        tip = y + gap + half * rng.uniform(0.5, 1.4)
        pen.polygon([(x - 2 * stem, y + gap), (x + 2 * stem, y + gap), (x + stem / 2, tip), (x - stem / 2, y + gap + half)], fill=255)

    _metal(film, place, draw, rng)


def draw_hardware(film: np.ndarray, place: Place, rng: np.random.Generator) -> None:
    """A brace's bars and hinges beside the knee, or screws and a plate in it."""
    half = place.side / 2.44
    width = max(1, round(half * rng.uniform(0.04, 0.12)))

    def draw(pen: ImageDraw.ImageDraw, x: float, y: float) -> None:
        if rng.random() < 0.5:
            for sign in (-1, 1):
                bar, hinge = x + sign * half * rng.uniform(1.15, 1.5), half * rng.uniform(0.1, 0.25)
                pen.line((bar, y - 3 * half, bar, y + 3 * half), fill=255, width=width)
                pen.ellipse((bar - hinge, y - hinge, bar + hinge, y + hinge), fill=255)
        else:
            for _ in range(int(rng.integers(1, 5))):
                from_x, from_y = x + half * rng.uniform(-1, 1), y + half * rng.uniform(-1.4, 1.4)
                pen.line((from_x, from_y, from_x + half * rng.uniform(-0.9, 0.9), from_y + half * rng.uniform(-0.4, 0.4)), fill=255, width=width)

    _metal(film, place, draw, rng)


def draw_marker(film: np.ndarray, rng: np.random.Generator) -> None:
    """A side marker of lead or a line of writing, somewhere near the border."""
    rows, columns = film.shape
    image = Image.new('L', (columns, rows))
    size = max(6, int(min(rows, columns) * rng.uniform(0.05, 0.14)))
    text = str(rng.choice(['R', 'L', 'RE', 'LI', 'R PA', 'L AP', 'WB', 'STANDING', '10']))
    near = int(rng.integers(4))
    column, row = rng.uniform(0, columns - size), rng.uniform(0, rows - size)
    column, row = [(column, 2), (column, rows - size - 2), (2, row), (columns - 2 * size, row)][near]
    pen = ImageDraw.Draw(image)
    if rng.random() < 0.3:
        pen.rectangle((column - 2, row - 2, column + size * len(text) * 0.7, row + size * 1.2), fill=255)
        pen.text((column, row), text, fill=1, font_size=size)
    else:
        pen.text((column, row), text, fill=255, font_size=size)
    mask = np.asarray(image, dtype=np.float32) / 255
    film += (rng.uniform(0.8, 1.3) - film) * mask


def _from_joint(film: np.ndarray, place: Place) -> tuple[np.ndarray, np.ndarray]:
    """How far each pixel's middle lies to the right of a joint's centre, and below it."""
    rows, columns = film.shape
    across, down = (np.arange(count, dtype=np.float32) + np.float32(0.5 - middle) for count, middle in ((columns, place.column), (rows, place.row)))
    return np.broadcast_to(across, film.shape), np.broadcast_to(down[:, None], film.shape)


def _metal(film: np.ndarray, place: Place, draw: Callable[[ImageDraw.ImageDraw, float, float], None], rng: np.random.Generator) -> None:
    image = Image.new('L', (film.shape[1], film.shape[0]))
    draw(ImageDraw.Draw(image), place.column, place.row)
    image = image.rotate(place.lean, center=(place.column, place.row)).filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.2)))
    mask = np.asarray(image, dtype=np.float32) / 255
    film += (rng.uniform(0.95, 1.5) - film) * mask


def _even(image: np.ndarray) -> np.ndarray:
    """A crop's greys as 0.25 to 0.95: crops differ in exposure more than films do."""
    low, high = np.percentile(image, [1, 99])
    return (0.25 + 0.7 * np.clip((image - low) / max(float(high - low), 1), 0, 1)).astype(np.float32)
