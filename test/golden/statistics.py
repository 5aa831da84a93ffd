"""Writes statistics.json: what scipy says, for src/metrics/statistics. Run: python test/golden/statistics.py"""

import json
from pathlib import Path

import numpy as np
from noise_reference import philox4x32
from scipy import stats

rng = np.random.default_rng(20261121)


def wilcoxon_case(name, differences, method):
    differences = np.asarray(differences, dtype=float)
    result = stats.wilcoxon(differences, zero_method='wilcox', correction=False, method=method)
    return {
        'name': name,
        'differences': differences.tolist(),
        'statistic': float(result.statistic),
        'pValue': float(result.pvalue),
    }


everything = stats.PermutationMethod(n_resamples=np.inf)
wilcoxon = [
    wilcoxon_case('8 pairs', rng.normal(0.4, 1, 8), 'exact'),
    wilcoxon_case('20 pairs', rng.normal(0.3, 1, 20), 'exact'),
    wilcoxon_case('50 pairs, far apart', rng.normal(1.5, 1, 50), 'exact'),
    wilcoxon_case('10 pairs with ties', [1, 1, -1, 2, 2, 3, -2, 4, 4, 5], everything),
    wilcoxon_case('12 pairs with ties and zeros', [0, 1, 1, -1, 2, 0, 3, -2, 4, 4, 5, 0], everything),
    wilcoxon_case('60 pairs', rng.normal(0.2, 1, 60), 'asymptotic'),
    wilcoxon_case('200 pairs with ties', rng.integers(-3, 5, 240), 'asymptotic'),
    wilcoxon_case('400 pairs, far apart', rng.normal(2, 1, 400), 'asymptotic'),
]


def holm(p_values):
    # The definition in Holm (1979), written independently of the one under test: reject while p_(i) <= a / (m - i).
    p_values = np.asarray(p_values)
    adjusted = np.empty_like(p_values)
    order = np.argsort(p_values, kind='stable')
    for place, index in enumerate(order):
        adjusted[index] = min(1, max((len(p_values) - j) * p_values[order[j]] for j in range(place + 1)))
    return {'pValues': p_values.tolist(), 'adjusted': adjusted.tolist()}


wilson = []
for successes, trials in [(0, 10), (10, 10), (7, 10), (29, 50), (250, 500), (1, 1)]:
    interval = stats.binomtest(successes, trials).proportion_ci(0.95, method='wilson')
    wilson.append({'successes': successes, 'trials': trials, 'lower': interval.low, 'upper': interval.high})


def bootstrap(groups, seed, resamples, confidence):
    key = (seed % 2**32, seed // 2**32)
    count = len(groups)
    medians = np.empty(resamples)
    for resample in range(resamples):
        blocks = -(-count // 4)
        counters = np.array([[block, resample, 0, 1] for block in range(blocks)], dtype=np.uint64)
        words = philox4x32(counters, key).reshape(-1)[:count].astype(np.uint64)
        chosen = (words * np.uint64(count)) >> np.uint64(32)
        medians[resample] = np.median(np.concatenate([groups[index] for index in chosen]))
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(medians, [tail, 1 - tail])
    return {
        'groups': [list(map(float, group)) for group in groups],
        'seed': seed,
        'resamples': resamples,
        'confidence': confidence,
        'lower': lower,
        'upper': upper,
    }


single = [[value] for value in rng.normal(20, 2, 31)]
pairs = [list(base + rng.normal(0, 0.3, size)) for base, size in zip(rng.normal(0.5, 0.1, 14), [2, 1] * 7)]
intervals = [
    bootstrap(single, 7, 2000, 0.95),
    bootstrap(single[:9], 2**32 + 3, 500, 0.9),
    bootstrap(pairs, 1, 1000, 0.95),
]
values = np.concatenate(single)
scipy_interval = stats.bootstrap(
    (values,), np.median, n_resamples=20000, confidence_level=0.95, method='percentile', random_state=1
).confidence_interval

golden = {
    'wilcoxon': wilcoxon,
    'holm': [holm([0.01, 0.04, 0.03, 0.005]), holm([0.5, 0.9, 0.2]), holm(rng.uniform(0, 0.1, 12))],
    'wilson': wilson,
    'bootstrap': intervals,
    'scipyBootstrap': {'values': values.tolist(), 'lower': scipy_interval.low, 'upper': scipy_interval.high},
    'quantiles': [
        {'values': sorted(values.tolist()), 'share': share, 'value': float(np.quantile(values, share))} for share in [0, 0.025, 0.25, 0.5, 0.75, 1]
    ],
}
Path(__file__).with_suffix('.json').write_text(json.dumps(golden, indent=1) + '\n')
