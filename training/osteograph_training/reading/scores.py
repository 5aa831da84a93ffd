"""How good graded probabilities are: accuracy, quadratic weighted kappa, expected error, calibration. All in float64."""

from collections.abc import Sequence

import numpy as np

from .films import GRADES


def grader_scores(chances: np.ndarray, grades: np.ndarray, bins: int = 10) -> dict[str, float]:
    """Scores of probabilities [N,5] against grades [N]: accuracy, balanced accuracy, quadratic kappa of the likeliest grade and
    of the expected one rounded, mean absolute error of the expected grade, calibration error.
    """
    found = chances.argmax(axis=1)
    expected = chances.astype(np.float64) @ np.arange(GRADES)
    right = [float((found[grades == grade] == grade).mean()) for grade in range(GRADES) if (grades == grade).any()]
    return {
        'accuracy': float((found == grades).mean()),
        'balancedAccuracy': float(np.mean(right)),
        'kappa': quadratic_kappa(found, grades),
        'expectedKappa': quadratic_kappa(np.rint(expected).astype(np.int64), grades),
        'expectedError': float(np.abs(expected - grades).mean()),
        'calibrationError': calibration_error(chances, grades, bins),
    }


def score_intervals(
    chances: np.ndarray, grades: np.ndarray, people: Sequence[str], draws: int = 1000, seed: int = 1
) -> dict[str, tuple[float, float]]:
    """95 % percentile intervals of accuracy and kappa; people are drawn again, with both of their knees."""
    found = chances.argmax(axis=1)
    _, person = np.unique(np.asarray(people), return_inverse=True)
    films = [np.flatnonzero(person == index) for index in range(person.max() + 1)]
    random = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        drawn = np.concatenate([films[index] for index in random.integers(0, len(films), len(films))])
        values.append((float((found[drawn] == grades[drawn]).mean()), quadratic_kappa(found[drawn], grades[drawn])))
    low, high = np.percentile(np.array(values), [2.5, 97.5], axis=0)
    return {'accuracy': (float(low[0]), float(high[0])), 'kappa': (float(low[1]), float(high[1]))}


def confusion(found: np.ndarray, grades: np.ndarray) -> np.ndarray:
    """Films by true grade (rows) and found grade (columns), int64 [5,5]."""
    table = np.zeros((GRADES, GRADES), dtype=np.int64)
    np.add.at(table, (grades, found), 1)
    return table


def quadratic_kappa(found: np.ndarray, grades: np.ndarray) -> float:
    """Cohen's kappa with quadratic weights (Cohen 1968)."""
    table = confusion(found, grades).astype(np.float64)
    places = np.arange(GRADES)
    weights = (places[:, None] - places[None]) ** 2 / (GRADES - 1) ** 2
    chance = table.sum(axis=1, keepdims=True) @ table.sum(axis=0, keepdims=True) / table.sum()
    return float(1 - (weights * table).sum() / (weights * chance).sum())


def calibration_error(chances: np.ndarray, grades: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error of the found grade's probability, over bins of equal width (Guo et al. 2017)."""
    sure, right = chances.max(axis=1).astype(np.float64), chances.argmax(axis=1) == grades
    place = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [
        abs(right[place == index].mean() - sure[place == index].mean()) * (place == index).sum() for index in range(bins) if (place == index).any()
    ]
    return float(sum(gaps) / len(grades))
