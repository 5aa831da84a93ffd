"""How wide the joint space is by KL grade and compartment: what a progression's amplitude is taken from."""

from typing import Literal

import numpy as np

from ..reading.films import GRADES
from .films import TracedFilms

Compartment = Literal['medial', 'lateral', 'both']

#: The least KL grade at which a joint is narrowed by definition or nearly so, in one compartment more than in the other.
FIRST_AFFECTED = 2

#: Narrowest widths in % of the crop's width by KL 0 to 4, medial and lateral, of knees in which this compartment is the affected one.
Widths = dict[str, dict[str, list[float]]]


def measured_widths(films: TracedFilms) -> Widths:
    """Medians by grade, made to fall with it. The affected compartment is the one that is narrower against the medians of KL 0.

    Below FIRST_AFFECTED neither is affected: which one is narrower is chance, and all films stand for either.
    """
    grades = films.grades.numpy()
    medial, lateral = films.medial(), films.lateral()
    worse = medial / np.median(medial[grades == 0]) < lateral / np.median(lateral[grades == 0])
    chosen = {'medial': worse, 'lateral': ~worse, 'both': np.ones_like(worse)}

    def median(widths: np.ndarray, of: np.ndarray, grade: int) -> float:
        # Where no film of a grade is affected there, all of its films stand for them.
        here = of & (grades == grade) & (grade >= FIRST_AFFECTED)
        return float(np.median(widths[here if here.any() else grades == grade]))

    def medians(widths: np.ndarray, of: np.ndarray) -> list[float]:
        return _falling([median(widths, of, grade) for grade in range(GRADES)], grades, of)

    return {name: {'medial': medians(medial, of), 'lateral': medians(lateral, of)} for name, of in chosen.items()}


def shares(widths: Widths, compartment: Compartment, own: float, wished: float) -> tuple[float, float]:
    """What is left of the gaps, medial and lateral, on the way from one KL grade to another; above 1 where it gets better."""
    medial, lateral = (
        float(np.interp(wished, range(GRADES), widths[compartment][side]) / np.interp(own, range(GRADES), widths[compartment][side]))
        for side in ('medial', 'lateral')
    )
    return medial, lateral


def way(widths: Widths, compartment: Compartment, own: float, wished: float, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """KL grades of the frames, evenly spaced, and the time of the flow at each: where the affected gap is as wide as films of that grade have it."""
    grades = np.linspace(own, wished, frames)
    side = 'lateral' if compartment == 'lateral' else 'medial'
    gaps = np.log(np.interp(grades, range(GRADES), widths[compartment][side]))
    span = gaps[-1] - gaps[0]
    times = (gaps - gaps[0]) / span if abs(span) > 1e-6 else np.linspace(0, 1, frames)
    return grades, times


def _falling(values: list[float], grades: np.ndarray, of: np.ndarray) -> list[float]:
    """The nearest values that never rise, each weighing as many films as it stands for (pool adjacent violators)."""
    pools: list[list[float]] = []
    for grade, value in enumerate(values):
        pools.append([value, max(float((of & (grades == grade)).sum()), 1), 1])
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            last, before = pools.pop(), pools.pop()
            weight = before[1] + last[1]
            pools.append([(before[0] * before[1] + last[0] * last[1]) / weight, weight, before[2] + last[2]])
    return [round(value, 3) for value, _, count in pools for _ in range(int(count))]
