"""Decays with noise and what scipy fits to them: golden values of test/imaging/t2-map.test.ts.

python test/golden/t2.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import curve_fit

TIMES = np.arange(10, 80, 10.0)


def decay(time, amplitude, t2):
    return amplitude * np.exp(-time / t2)


def main() -> None:
    stream = np.random.default_rng(7)
    cases = []
    for t2 in [8, 15, 25, 35, 45, 60, 90, 150, 300]:
        for noise in [0, 5, 25]:
            signals = np.maximum(decay(TIMES, 900, t2) + stream.normal(0, noise, len(TIMES)), 0).round(3)
            fitted, _ = curve_fit(decay, TIMES, signals, p0=[900, t2], xtol=1e-12, ftol=1e-12, maxfev=10_000)
            cases.append({'signals': signals.tolist(), 'amplitude': float(fitted[0]), 't2': float(fitted[1])})
    golden = {'times': TIMES.tolist(), 'cases': cases}
    Path(__file__).with_suffix('.json').write_text(json.dumps(golden) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
