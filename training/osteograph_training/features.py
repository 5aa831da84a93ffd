"""The 19 radiographic features of a kXR_SQ_BU reading, in the platform's order, and their one-hot encoding."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

#: (code without the visit prefix, number of grades); the same list and order as src/domain/features.ts.
FEATURES: tuple[tuple[str, int], ...] = (
    ('XRKL', 5),
    ('XROSFM', 4),
    ('XROSFL', 4),
    ('XROSTM', 4),
    ('XROSTL', 4),
    ('XRSCFM', 4),
    ('XRSCFL', 4),
    ('XRSCTM', 4),
    ('XRSCTL', 4),
    ('XRCYFM', 2),
    ('XRCYFL', 2),
    ('XRCYTM', 2),
    ('XRCYTL', 2),
    ('XRJSM', 4),
    ('XRJSL', 4),
    ('XRCHM', 2),
    ('XRCHL', 2),
    ('XRATTM', 4),
    ('XRATTL', 4),
)

FEATURE_WIDTH = sum(levels for _, levels in FEATURES)


def one_hot(grades: Mapping[str, float | None]) -> np.ndarray:
    """One-hot vector (float32, 65 numbers) of whole grades; a missing feature is all zeros, JSN 1.4 counts as grade 1."""
    vector = np.zeros(FEATURE_WIDTH, dtype=np.float32)
    start = 0
    for code, levels in FEATURES:
        grade = grades.get(code)
        if grade is not None:
            whole = math.floor(grade)
            if not 0 <= whole < levels:
                raise ValueError(f'{code} is {grade}; accepted are grades 0 to {levels - 1}.')
            vector[start + whole] = 1.0
        start += levels
    return vector


def seen_features(hidden: Sequence[str]) -> np.ndarray | None:
    """1 for each number of the one-hot vector that is seen, 0 for the features whose codes begin with one of `hidden`.

    None when nothing is hidden. Raises ValueError when a beginning names no feature.
    """
    unknown = [beginning for beginning in hidden if not any(code.startswith(beginning) for code, _ in FEATURES)]
    if unknown:
        raise ValueError(f'{", ".join(unknown)} is no feature; known are {", ".join(code for code, _ in FEATURES)}.')
    seen = [not code.startswith(tuple(hidden)) for code, levels in FEATURES for _ in range(levels)]
    return np.array(seen, dtype=np.float32) if hidden else None


def grades_of(vector: np.ndarray) -> dict[str, int]:
    """Grades that a one-hot vector stands for; missing features are left out."""
    grades, start = {}, 0
    for code, levels in FEATURES:
        part = vector[start : start + levels]
        if part.any():
            grades[code] = int(part.argmax())
        start += levels
    return grades
