"""Writes scanners.json: what `synth --scanner` should do by formulas written down anew, without the platform's code. Signals of tissues from Ernst's
formula, noise, chemical shift, places that gradients misplace (scipy: spherical coordinates and a root finder) and a truncated k-space (numpy).
Run: python test/golden/scanners.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import fsolve
from scipy.special import factorial, lpmv

HERE = Path(__file__).parent

#: Proton density, T1 and T2* at 3 T in ms, fat or not: a few tissues of the phantom.
TISSUES = {
    'muscle': (0.82, 1260, 27, False),
    'cartilage': (0.76, 1060, 24, False),
    'fluid': (1, 3620, 60, False),
    'meniscus': (0.5, 960, 5.2, False),
    'marrow': (0.9, 365, 12, True),
    'subcutaneous': (0.92, 371, 20, True),
}
TR, TE, FLIP, FAT_LEFT = 20, 7.57, np.radians(12), 0.115

#: Field in tesla, samples a side, thickness in mm, Hz a pixel.
SCANNERS = {'1.5T': (1.5, 192, 3, 130), '3T': (3, 384, 1.5, 260), '7T': (7, 512, 0.75, 520)}
USUAL = (3, 512, 1.5, 130)

#: Coefficients for x (n, m, a) of the scanner of 1.5 T; y has them as sines.
ACROSS = [(3, 1, -0.06), (3, 3, 0.008), (5, 1, 0.012), (5, 3, 0.003)]
ALONG = [(3, 0, -0.07), (5, 0, 0.012)]
RADIUS = 250


def signal(tissue: str, field: float) -> float:
    density, t1, t2_star, fat = TISSUES[tissue]
    t1 = t1 * np.cbrt(field / 3)
    rate = (0.5 + 0.5 * field / 3) / t2_star
    relaxed = np.exp(-TR / t1)
    steady = np.sin(FLIP) * (1 - relaxed) / (1 - np.cos(FLIP) * relaxed)
    return density * steady * np.exp(-TE * rate) * (FAT_LEFT if fat else 1)


def signal_over_noise(field: float, matrix: int, thickness: float, bandwidth: float) -> float:
    pixel = 160 / matrix
    lines = matrix * 120 / thickness
    return field * pixel * pixel * thickness * np.sqrt(lines / bandwidth) * signal('muscle', field)


def displacement(point: np.ndarray) -> np.ndarray:
    """mm, of a point in mm (right, front, head), by spherical coordinates."""
    r = np.linalg.norm(point)
    theta, phi = np.arccos(point[2] / r), np.arctan2(point[1], point[0])

    def harmonic(n: int, m: int) -> float:
        norm = 1 if m == 0 else (-1) ** m * np.sqrt((2 * n + 1) * factorial(n - m) / (2 * factorial(n + m)))
        return norm * (r / RADIUS) ** n * lpmv(m, n, np.cos(theta))

    x = sum(a * harmonic(n, m) * np.cos(m * phi) for n, m, a in ACROSS)
    y = sum(a * harmonic(n, m) * np.sin(m * phi) for n, m, a in ACROSS)
    z = sum(a * harmonic(n, m) for n, m, a in ALONG)
    return RADIUS * np.array([x, y, z])


def imaged(side: str, place: list[float]) -> dict:
    """What lies where is imaged at a place of the canonical knee (medial, down, front), and how bright: the knee lies 100 mm to its side."""
    outward = 1 if side == 'RIGHT' else -1

    def to_patient(p: np.ndarray) -> np.ndarray:
        return np.array([outward * (100 - p[0]), p[2], -p[1]])

    def to_knee(p: np.ndarray) -> np.ndarray:
        return np.array([100 - outward * p[0], -p[2], p[1]])

    wanted = to_patient(np.array(place))
    found = fsolve(lambda p: p + displacement(p) - wanted, wanted, xtol=1e-12)
    step = 1e-3
    columns = [(displacement(found + step * axis) - displacement(found - step * axis)) / (2 * step) + axis for axis in np.eye(3)]
    return {
        'side': side,
        'place': place,
        'from': (to_knee(found) - np.array(place)).tolist(),
        'brightness': 1 / float(np.linalg.det(np.array(columns).T)),
    }


def truncated(image: np.ndarray, size: int) -> np.ndarray:
    fine = len(image)
    spectrum = np.fft.fftshift(np.fft.fft2(image))
    first = (fine - size) // 2
    kept = spectrum[first : first + size, first : first + size]
    frequencies = np.arange(-size // 2, size // 2)
    places = (np.arange(size) + 0.5) * fine / size - 0.5
    waves = np.exp(2j * np.pi * np.outer(places, frequencies) / fine)
    return waves @ kept @ waves.T / fine**2


fields = {name: scanner[0] for name, scanner in SCANNERS.items()}
image = np.random.default_rng(3).integers(0, 100, (32, 32))
cut = truncated(image, 12)
golden = {
    'signals': {name: {tissue: signal(tissue, field) / signal('muscle', field) for tissue in TISSUES} for name, field in fields.items()},
    'noise': {name: signal_over_noise(*USUAL) / signal_over_noise(*scanner) for name, scanner in SCANNERS.items()},
    'shiftMm': {name: 3.5 * 42.577 * field / bandwidth * 160 / matrix for name, (field, matrix, _, bandwidth) in SCANNERS.items()},
    'imaged': [imaged('RIGHT', [30, -60, 20]), imaged('LEFT', [30, -60, 20]), imaged('LEFT', [-70, 75, -65])],
    'image': image.ravel().tolist(),
    'truncated': {'real': cut.real.ravel().tolist(), 'imaginary': cut.imag.ravel().tolist()},
}
(HERE / 'scanners.json').write_text(json.dumps(golden, indent=1) + '\n', encoding='utf-8')
print(json.dumps({key: golden[key] for key in ('signals', 'noise', 'shiftMm', 'imaged')}, indent=1))
