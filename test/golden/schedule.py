"""Writes schedule.json: known answers of src/inference/schedule.ts. Run: python test/golden/schedule.py

Betas and grids are written with NumPy's own linspace, arange and round; the cosine schedule takes its cosines from mpmath
(correctly rounded), because C libraries differ from each other in the last bit.
"""

import hashlib
import json
import math
from pathlib import Path

import mpmath
import numpy as np

mpmath.mp.prec = 200


def betas(name: str, steps: int, start: float, end: float) -> np.ndarray:
    if name == 'linear':
        return np.linspace(start, end, steps)
    if name == 'scaled_linear':
        return np.linspace(math.sqrt(start), math.sqrt(end), steps) ** 2

    def alpha_bar(time: float) -> float:
        cosine = float(mpmath.cos(mpmath.mpf((time + 0.008) / 1.008 * math.pi / 2)))
        return cosine * cosine

    return np.array([min(1 - alpha_bar((i + 1) / steps) / alpha_bar(i / steps), 0.999) for i in range(steps)])


def grid(spacing: str, train_steps: int, steps: int) -> list[int] | None:
    if spacing == 'trailing':
        return (np.round(np.arange(train_steps, 0, -train_steps / steps))[:steps].astype(int) - 1).tolist()
    if spacing == 'leading':
        return (np.arange(steps) * (train_steps // steps))[::-1].tolist()
    if spacing == 'linspace':
        return np.round(np.linspace(0, train_steps - 1, steps))[::-1].astype(int).tolist()
    # CompVis/latent-diffusion ddim.py's grid, cut as cvlab-columbia/zero123 runs it; past the schedule it raises there,
    # and with one element it would run nothing.
    ascending = np.arange(0, train_steps, train_steps // steps) + 1
    if ascending[-1] >= train_steps or len(ascending) < 2:
        return None
    return ascending[:-1][::-1].tolist()


def digest(values: list[int] | None) -> str | None:
    return None if values is None else hashlib.sha256(json.dumps(values, separators=(',', ':')).encode()).hexdigest()


SCHEDULES = [
    ('linear', 2000, 1e-4, 2e-2),
    ('linear', 1000, 1e-4, 2e-2),
    ('scaled_linear', 2000, 0.00085, 0.012),
    ('scaled_linear', 1000, 0.0015, 0.0195),
    ('squaredcos_cap_v2', 2000, 1e-4, 2e-2),
]
SPACINGS = ['trailing', 'leading', 'linspace', 'ldm']
SHOWN = [1, 2, 7, 30, 50, 96]

alphas = []
for name, steps, start, end in SCHEDULES:
    product = np.cumprod(1.0 - betas(name, steps, start, end))
    alphas.append(
        {
            'betaSchedule': name,
            'trainSteps': steps,
            'betaStart': start,
            'betaEnd': end,
            'samples': {str(index): product[index] for index in (0, 1, steps // 2, steps - 2, steps - 1)},
            'sha256': hashlib.sha256(product.astype('<f8').tobytes()).hexdigest(),
        }
    )

grids = []
for spacing in SPACINGS:
    for train_steps in (1000, 2000):
        every = [grid(spacing, train_steps, steps) for steps in range(1, train_steps + 1)]
        grids.append(
            {
                'spacing': spacing,
                'trainSteps': train_steps,
                'shown': {str(steps): every[steps - 1] for steps in SHOWN},
                'refused': sum(1 for values in every if values is None),
                'sha256': hashlib.sha256(''.join(digest(values) or 'none' for values in every).encode()).hexdigest(),
            }
        )

Path(__file__).with_suffix('.json').write_text(json.dumps({'alphas': alphas, 'grids': grids}) + '\n')
