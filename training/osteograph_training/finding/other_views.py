"""Films that show no knee from the front: lateral and skyline views, hands, chests. All are drawn by simple procedures; none is real."""

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Points = list[tuple[float, float]]


class Drawing:
    """Shadows that add up on a film, as those of bones one behind the other do; lengths are in shares of the film's height."""

    def __init__(self, rows: int, columns: int, rng: np.random.Generator) -> None:
        self.rows, self.columns, self.rng = rows, columns, rng
        self.film = np.zeros((rows, columns), np.float32)

    def shape(self, points: Points, density: float, rim: float = 0.0, soft: float = 0.0) -> None:
        """A polygon with its cortex: a rim that is brighter than what it encloses."""
        pixels = [(x * self.rows, y * self.rows) for x, y in points]
        inside = self._mask(lambda pen: pen.polygon(pixels, fill=255), soft)
        self.film += density * inside
        if rim > 0:
            width = max(1, round(self.rows * 0.008))
            self.film += rim * self._mask(lambda pen: pen.line([*pixels, pixels[0]], fill=255, width=width, joint='curve'), soft)

    def round(self, x: float, y: float, across: float, down: float, density: float, rim: float = 0.0, soft: float = 0.0, lean: float = 0.0) -> None:
        """An ellipse with these half axes, leaning by so many degrees."""
        steps = np.linspace(0, 2 * math.pi, 48, endpoint=False)
        wobble = 1 + 0.06 * np.sin(2 * steps + self.rng.uniform(0, 6)) + 0.04 * np.sin(3 * steps + self.rng.uniform(0, 6))
        outline = [(x + across * w * math.cos(t), y + down * w * math.sin(t)) for t, w in zip(steps, wobble, strict=True)]
        self.shape(turned(outline, (x, y), lean), density, rim, soft)

    def bar(self, start: tuple[float, float], end: tuple[float, float], width: float, flare: float, density: float, rim: float) -> None:
        """A long bone: a shaft whose ends are `flare` times as wide."""
        along = np.array(end) - start
        aside = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-6) * width / 2
        shares = [(0.0, flare), (0.08, flare * 0.97), (0.25, 1.0), (0.5, 0.92), (0.75, 1.0), (0.92, flare * 0.97), (1.0, flare)]
        one = [tuple(np.array(start) + share * along + wide * aside) for share, wide in shares]
        other = [tuple(np.array(start) + share * along - wide * aside) for share, wide in shares[::-1]]
        self.shape([*one, *other], density, rim)

    def _mask(self, draw: Callable[[ImageDraw.ImageDraw], None], soft: float) -> np.ndarray:
        image = Image.new('L', (self.columns, self.rows))
        draw(ImageDraw.Draw(image))
        if soft > 0:
            image = image.filter(ImageFilter.GaussianBlur(soft * self.rows))
        return np.asarray(image, dtype=np.float32) / 255


def turned(points: Points, centre: tuple[float, float], degrees: float) -> Points:
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    away = [(x - centre[0], y - centre[1]) for x, y in points]
    return [(centre[0] + x * cosine - y * sine, centre[1] + x * sine + y * cosine) for x, y in away]


def lateral(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """A knee from the side: both condyles nearly one behind the other, the patella before them, the fibula behind, bent by 0 to 90 degrees."""
    drawing, size = Drawing(rows, columns, rng), rng.uniform(0.13, 0.42)
    centre = (columns / rows * rng.uniform(0.4, 0.6), rng.uniform(0.38, 0.62))
    bend, lean = rng.uniform(0, 90), rng.normal(0, 8)
    cortex, marrow = rng.uniform(0.1, 0.3), rng.uniform(0.15, 0.4)

    def at(x: float, y: float, shank: bool = False) -> tuple[float, float]:
        point = (centre[0] + x * size, centre[1] + y * size)
        (point,) = turned([point], centre, (bend if shank else 0) + lean)
        return point

    thigh = rng.uniform(0.9, 1.5)
    drawing.shape([at(-thigh, -6), at(thigh * 1.1, -6), at(1.15, 0), at(0.9, 0.7), at(-0.9, 0.7), at(-1.0, -0.3)], 0.22, soft=0.02)
    drawing.shape([at(-1.1, -0.5, True), at(0.95, -0.4, True), at(0.8, 6, True), at(-rng.uniform(0.8, 1.3), 6, True)], 0.22, soft=0.02)
    drawing.shape([at(-0.35, -6), at(0.35, -6), at(0.38, -1.4), at(0.62, -0.4), at(-0.45, -0.4), at(-0.4, -1.3)], marrow, cortex)
    for shift in (rng.uniform(-0.1, 0.0), rng.uniform(0.0, 0.12)):
        condyle = (centre[0] - 0.05 * size + shift * size, centre[1] + shift * size * 0.4)
        drawing.round(*condyle, 0.62 * size, rng.uniform(0.5, 0.6) * size, marrow * 0.6, cortex, lean=lean)
    plateau = [(-0.7, 0.62), (0.62, rng.uniform(0.55, 0.68)), (0.6, 0.9), (0.36, 1.7), (0.3, 6), (-0.22, 6), (-0.3, 1.7)]
    drawing.shape([at(*point, shank=True) for point in plateau], marrow, cortex)
    drawing.shape([at(-0.62, 1.0, True), at(-0.35, 0.95, True), at(-0.4, 6, True), at(-0.58, 6, True)], marrow * 0.5, cortex * 0.8)
    forward = math.radians(rng.uniform(0, 0.6) * bend)
    patella = at(0.98 * math.cos(forward), -0.55 + 0.9 * math.sin(forward))
    drawing.round(*patella, 0.18 * size, 0.36 * size, marrow * 0.8, cortex, lean=lean + math.degrees(forward) * 0.7)
    return drawing.film


def skyline(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """One or two knees from above: the patella over the groove between the condyles."""
    drawing, count = Drawing(rows, columns, rng), int(rng.integers(1, 3))
    cortex, marrow = rng.uniform(0.1, 0.3), rng.uniform(0.15, 0.4)
    for index in range(count):
        size = min(columns / rows / count * rng.uniform(0.3, 0.42), rng.uniform(0.2, 0.42))
        x, y = columns / rows * (index + 0.5) / count + rng.normal(0, 0.02), rng.uniform(0.5, 0.65)
        depth, lean, mirror = rng.uniform(0.15, 0.4), rng.normal(0, 6), -1 if index else 1
        steps = np.linspace(-1, 1, 25)
        groove = [(x + mirror * s * size, y - size * (0.55 * (1 - s**4) - depth * math.exp(-(((s - 0.1) / 0.35) ** 2)) + 0.1 * s)) for s in steps]
        drawing.round(x, y, 1.25 * size, 1.2 * size, 0.22, soft=0.03)
        femur = [*groove, (x + mirror * size * 0.9, y + size * 0.9), (x - mirror * size * 0.9, y + size * 0.9)]
        drawing.shape(turned(femur, (x, y), lean), marrow, cortex)
        top = y - size * rng.uniform(0.55, 0.75)
        patella = [(x - 0.55 * size, top), (x - 0.2 * size, top - 0.28 * size), (x + 0.25 * size, top - 0.27 * size), (x + 0.52 * size, top)]
        patella += [(x + 0.3 * size, top + 0.12 * size), (x + 0.05 * size, top + 0.24 * size), (x - 0.3 * size, top + 0.12 * size)]
        drawing.shape(turned(patella, (x, top), lean + rng.normal(0, 6)), marrow, cortex)
    return drawing.film


def hand(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """One or two hands: five rays of a metacarpal and its phalanges, the wrist's small bones and the ends of the forearm's."""
    drawing, count = Drawing(rows, columns, rng), int(rng.integers(1, 3))
    for index in range(count):
        size = rng.uniform(0.34, 0.46) * min(1.0, columns / rows / count * 1.4)
        wrist = (columns / rows * (index + 0.5) / count, 0.5 + size * rng.uniform(0.6, 0.9))
        spread, mirror, rim = rng.uniform(8, 17), -1 if rng.random() < 0.5 else 1, rng.uniform(0.05, 0.25)
        drawing.round(wrist[0], wrist[1] - 0.45 * size, 0.48 * size, 0.6 * size, 0.2, soft=0.015)
        for ray in range(5):
            degrees = mirror * ((ray - 2) * spread + (-28 if ray == 0 else 0)) + rng.normal(0, 2)
            direction = np.array([math.sin(math.radians(degrees)), -math.cos(math.radians(degrees))])
            place = np.array(wrist) + np.array([mirror * (ray - 2) * 0.09 * size, -0.22 * size])
            lengths = np.array([0.4, 0.36, 0.22, 0.14]) * size * (0.72 if ray == 0 else rng.uniform(0.9, 1.1))
            drawing.bar(tuple(place), tuple(place + direction * lengths.sum() * 1.1), 0.16 * size, 1.0, 0.18, 0)
            for length in lengths:
                end = place + direction * length * 0.94
                drawing.bar(tuple(place), tuple(end), size * 0.07, 1.5, rng.uniform(0.25, 0.45), rim)
                place = place + direction * length
        for _ in range(8):
            drawing.round(wrist[0] + rng.normal(0, 0.1) * size, wrist[1] - rng.uniform(0.02, 0.24) * size, 0.07 * size, 0.07 * size, 0.3, rim)
        for aside, wide in ((0.12, 0.2), (-0.14, 0.12)):
            start, end = (wrist[0] + mirror * aside * size, wrist[1] + 0.02 * size), (wrist[0] + mirror * aside * size * 0.8, wrist[1] + 1.2 * size)
            drawing.bar(start, end, wide * size, 1.3, 0.35, rim)
    return drawing.film


def chest(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """A chest: dark lungs in a bright trunk, the spine, the heart, ribs as pairs of arcs, collar bones, the diaphragm's domes."""
    drawing, middle = Drawing(rows, columns, rng), columns / rows / 2
    wide = min(rng.uniform(0.36, 0.46), middle * 0.95)
    drawing.round(middle, 0.58, 1.25 * wide, 0.75, 0.75, soft=0.02)
    for sign in (-1, 1):
        drawing.round(middle + sign * wide * 0.5, rng.uniform(0.42, 0.48), 0.4 * wide, rng.uniform(0.32, 0.38), -0.5, soft=0.012)
        drawing.bar((middle + sign * 0.06, 0.16), (middle + sign * wide, rng.uniform(0.08, 0.16)), 0.03, 1.2, 0.2, 0.05)
        for rib in range(9):
            steps = np.linspace(0, 1, 14)
            arc = [(middle + sign * wide * (0.1 + 0.82 * math.sin(t * 1.7)), 0.12 + 0.075 * rib + 0.16 * t * t) for t in steps]
            drawing.shape([*arc, *[(x, y + 0.018) for x, y in arc[::-1]]], rng.uniform(0.06, 0.14), 0.04)
    drawing.round(middle + 0.07, 0.6, 0.16, 0.17, 0.3, soft=0.015, lean=30)
    drawing.bar((middle, -0.05), (middle, 1.05), 0.08, 1.0, 0.3, 0.04)
    return np.maximum(drawing.film, 0)


#: What shows no knee at all.
NO_KNEE = (hand, chest)
