"""Gradient nonlinearity: how far a scanner's gradient coils misplace what they image, as solid harmonics, and the files that say so.

A file is JSON (`src/imaging/superres/gradients.ts` reads the same one):

    {"format": "osteograph-gradients/1", "scanner": "...", "radiusMm": 250,
     "coils": {"x": [{"n": 3, "m": 1, "a": -0.09, "b": 0}], "y": [...], "z": [...]}}

A point r (mm from the isocentre, RAS) is imaged at r + d(r), where along each coil's axis

    d = radiusMm * sum over (n, m) of (r / radiusMm)^n N_nm P_nm(cos theta) (a cos(m phi) + b sin(m phi)),

P_nm with Condon-Shortley phase, N_n0 = 1 and N_nm = (-1)^m sqrt((2n + 1)(n - m)! / (2 (n + m)!)): the normalisation in which Siemens writes
its coefficients and which gradunwarp reads. Orders are 1 to 5; the ideal linear field itself is left out.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..errors import TrainingError

FORMAT = 'osteograph-gradients/1'

#: Highest order that files may hold.
HIGHEST_ORDER = 5

COILS = ('x', 'y', 'z')


@dataclass(frozen=True)
class Term:
    """Order, degree and the coefficients of cosine and sine."""

    n: int
    m: int
    a: float
    b: float


@dataclass(frozen=True)
class Gradients:
    """The three coils of a scanner."""

    radius_mm: float
    coils: tuple[Sequence[Term], Sequence[Term], Sequence[Term]]


def read_gradients(path: Path) -> Gradients:
    """Raises TrainingError with one sentence for a file that is none."""
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        if content['format'] != FORMAT:
            raise TrainingError(f'{path} has the format {content["format"]}; {FORMAT} is read.')
        coils = tuple([Term(int(t['n']), int(t['m']), float(t['a']), float(t['b'])) for t in content['coils'][coil]] for coil in COILS)
        radius = float(content['radiusMm'])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f'{path} is no file of gradient coefficients: {error}.') from error
    if not radius > 0:
        raise TrainingError(f'{path} has a radius of {radius} mm; more than 0 is expected.')
    for term in (term for coil in coils for term in coil):
        if not (1 <= term.n <= HIGHEST_ORDER and 0 <= term.m <= term.n):
            raise TrainingError(f'{path} has a term of order {term.n} and degree {term.m}; orders 1 to {HIGHEST_ORDER} are read.')
    return Gradients(radius, (coils[0], coils[1], coils[2]))


def write_gradients(gradients: Gradients, path: Path, scanner: str) -> None:
    coils = {coil: [vars(term) for term in terms] for coil, terms in zip(COILS, gradients.coils, strict=True)}
    content = {'format': FORMAT, 'scanner': scanner, 'radiusMm': gradients.radius_mm, 'coils': coils}
    path.write_text(json.dumps(content, indent=1) + '\n', encoding='utf-8')


def displacement(gradients: Gradients, points: Tensor) -> Tensor:
    """Points [...,3], mm from the isocentre -> how far from them they are imaged, mm, [...,3]."""
    return torch.stack([gradients.radius_mm * _field(terms, points / gradients.radius_mm) for terms in gradients.coils], dim=-1)


def _field(terms: Sequence[Term], points: Tensor) -> Tensor:
    x, y, z = points.unbind(dim=-1)
    total = torch.zeros_like(x)
    for term in terms:
        cosine, sine = _plane_harmonics(x, y, term.m)
        total = total + _legendre(term.n, term.m, z, x * x + y * y + z * z) * (term.a * cosine + term.b * sine)
    return total


def _plane_harmonics(x: Tensor, y: Tensor, m: int) -> tuple[Tensor, Tensor]:
    """Real and imaginary part of (x + iy)^m."""
    cosine, sine = torch.ones_like(x), torch.zeros_like(x)
    for _ in range(m):
        cosine, sine = x * cosine - y * sine, x * sine + y * cosine
    return cosine, sine


def _legendre(n: int, m: int, z: Tensor, square: Tensor) -> Tensor:
    """N_nm r^(n-m) P_nm(z / r) / sin^m, a polynomial in z and r^2; the signs of P_nm and N_nm cancel."""
    before, here = torch.zeros_like(z), torch.full_like(z, float(math.prod(range(1, 2 * m, 2))))
    for order in range(m + 1, n + 1):
        before, here = here, ((2 * order - 1) * z * here - (order + m - 1) * square * before) / (order - m)
    norm = 1.0 if m == 0 else math.sqrt((2 * n + 1) * math.factorial(n - m) / (2 * math.factorial(n + m)))
    return norm * here


def random_gradients(stream: torch.Generator, radius_mm: float = 250.0) -> Gradients:
    """Coils with the symmetry of cylindrical ones and third and fifth orders of the size that whole-body systems have."""

    def draw(low: float, high: float) -> float:
        return low + (high - low) * torch.rand(1, generator=stream).item()

    def across(cosine: bool) -> list[Term]:
        terms = [(3, 1, draw(-0.12, -0.02)), (3, 3, draw(-0.02, 0.02)), (5, 1, draw(-0.03, 0.03)), (5, 3, draw(-0.01, 0.01))]
        return [Term(n, m, value if cosine else 0.0, 0.0 if cosine else value) for n, m, value in terms]

    along = [Term(3, 0, draw(-0.12, -0.02), 0.0), Term(5, 0, draw(-0.03, 0.03), 0.0)]
    return Gradients(radius_mm, (across(True), across(False), along))
