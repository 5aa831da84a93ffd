"""Writes clustered.json: what statsmodels, scipy and plain numpy say of numbers in clusters, for src/metrics/statistics.

Run: python test/golden/clustered.py    # needs numpy, scipy, statsmodels
"""

import json
from pathlib import Path

import numpy as np
import statsmodels
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(20261129)


def people(count, knees):
    """Clusters of one to `knees` subjects."""
    sizes = rng.integers(1, knees + 1, count)
    return np.repeat(np.arange(count), sizes)


def share(name, cluster, held):
    groups = np.ones((len(held), 1))
    case = {'name': name, 'cluster': cluster.tolist(), 'held': held.astype(int).tolist()}
    n = np.bincount(cluster)
    s = np.bincount(cluster, held)
    if 0 < held.sum() < len(held):
        fit = sm.GEE(held, groups, cluster, family=sm.families.Binomial(), cov_struct=sm.cov_struct.Independence()).fit(cov_type='robust')
        logits = fit.conf_int()[0]
        error = float(fit.bse[0])
        naive = 1 / np.sqrt(len(held) * held.mean() * (1 - held.mean()))
        case |= {
            'share': float(held.mean()),
            'standardError': error * held.mean() * (1 - held.mean()),
            'lower': float(1 / (1 + np.exp(-logits[0]))),
            'upper': float(1 / (1 + np.exp(-logits[1]))),
            'designEffect': float((error / naive) ** 2),
        }
    else:
        lower, upper = proportion_confint(held.mean() * len(n), len(n), method='wilson')
        case |= {'share': float(held.mean()), 'lower': float(lower), 'upper': float(upper)}
    # The same by hand.
    if 'standardError' in case:
        byhand = np.sqrt(((s - held.mean() * n) ** 2).sum()) / len(held)
        assert abs(byhand - case['standardError']) < 1e-10
    return case


def shares():
    pairs = people(80, 2)
    frailty = rng.normal(0, 2, 80)[pairs]
    alike = (rng.random(len(pairs)) < 1 / (1 + np.exp(-frailty))).astype(float)
    many = people(30, 9)
    single = np.arange(50)
    return [
        share('two knees that are alike', pairs, alike),
        share('up to nine exams', many, (rng.random(len(many)) < 0.2).astype(float)),
        share('one knee each', single, (rng.random(50) < 0.6).astype(float)),
        share('two knees that always differ', np.repeat(np.arange(20), 2), np.tile([0.0, 1.0], 20)),
        share('nobody', pairs, np.zeros(len(pairs))),
        share('everybody', pairs, np.ones(len(pairs))),
    ]


def weighted_correlation(x, y, w):
    def mean(v):
        return (w * v).sum() / w.sum()

    a, b = x - mean(x), y - mean(y)
    return mean(a * b) / np.sqrt(mean(a * a) * mean(b * b))


def weighted_ranks(v, w):
    below = (v[None, :] < v[:, None]) @ w
    return below + ((v[None, :] == v[:, None]) @ w + 1) / 2


def jackknife(statistic, cluster):
    """The infinitesimal jackknife: derivatives by the weights of clusters, exact by a step into the complex plane."""
    step = 1e-30
    count = cluster.max() + 1
    slopes = [statistic(1 + 1j * step * (cluster == one)).imag / step for one in range(count)]
    return float(np.sqrt(np.sum(np.square(slopes))))


def bootstrap(statistic, cluster, resamples=4000):
    count = cluster.max() + 1
    drawn = (np.bincount(rng.integers(0, count, count), minlength=count)[cluster] for _ in range(resamples))
    return float(np.std([statistic(weights.astype(float)) for weights in drawn]))


def estimate(coefficient, error):
    z, half = np.arctanh(coefficient), stats.norm.ppf(0.975) * error / (1 - coefficient**2)
    return {
        'coefficient': float(coefficient),
        'standardError': error,
        'lower': float(np.tanh(z - half)),
        'upper': float(np.tanh(z + half)),
    }


def correlation(name, cluster, x, y):
    def pearson(w):
        return weighted_correlation(x, y, w)

    def spearman(w):
        return weighted_correlation(weighted_ranks(x, w), weighted_ranks(y, w), w)

    return {
        'name': name,
        'cluster': cluster.tolist(),
        'x': x.tolist(),
        'y': y.tolist(),
        'pearson': estimate(stats.pearsonr(x, y).statistic, jackknife(pearson, cluster)),
        'spearman': estimate(stats.spearmanr(x, y).statistic, jackknife(spearman, cluster)),
        'bootstrap': {'pearson': bootstrap(pearson, cluster), 'spearman': bootstrap(spearman, cluster)},
    }


def correlations():
    pairs = people(150, 2)
    shared = rng.normal(0, 1, 150)[pairs]
    x = shared + rng.normal(0, 0.5, len(pairs))
    grades = np.clip(np.round(x + rng.normal(0, 0.7, len(pairs))) + 2, 0, 4)
    many = people(60, 6)
    return [
        correlation('numbers of two knees', pairs, np.round(x, 3), np.round(0.6 * shared + rng.normal(0, 1, len(pairs)), 3)),
        correlation('a grade with many ties', pairs, np.round(x, 1), grades),
        correlation('two grades, against each other', pairs, grades, 4 - np.clip(np.round(x) + 2, 0, 4)),
        correlation('nothing in common, up to six exams', many, rng.normal(0, 1, 60)[many], rng.exponential(1, len(many))),
        correlation('one knee each', np.arange(40), rng.normal(0, 1, 40), rng.normal(0, 1, 40)),
    ]


def matched(name, cases, controls, calipers):
    """Each case in turn takes the nearest control that is left, nobody twice."""
    deviations = np.sqrt((np.var([c['values'] for c in cases], axis=0, ddof=1) + np.var([c['values'] for c in controls], axis=0, ddof=1)) / 2)
    used, pairs = set(), []
    for number, case in enumerate(cases):
        if case['cluster'] in used:
            continue
        differences = np.abs(np.array([c['values'] for c in controls]) - case['values'])
        distances = np.sqrt(((differences / deviations) ** 2).sum(axis=1))
        allowed = [c['stratum'] == case['stratum'] and c['cluster'] not in used and c['cluster'] != case['cluster'] for c in controls]
        for place, caliper in enumerate(calipers):
            if caliper is not None:
                allowed &= differences[:, place] <= caliper
        distances[~np.array(allowed)] = np.inf
        best = int(np.argmin(distances))
        if np.isinf(distances[best]):
            continue
        pairs.append({'case': number, 'control': best, 'distance': float(distances[best])})
        used |= {case['cluster'], controls[best]['cluster']}
    return {
        'name': name,
        'cases': cases,
        'controls': controls,
        'scales': [{'deviation': float(deviation), 'caliper': caliper} for deviation, caliper in zip(deviations, calipers, strict=True)],
        'pairs': pairs,
    }


def candidates(count, first, mean):
    return [
        {
            'cluster': int(first + index // 2),
            'stratum': 'FM'[int(rng.integers(0, 2))],
            'values': [float(rng.integers(45, 80)), float(np.round(rng.normal(mean, 4), 1))],
        }
        for index in range(count)
    ]


golden = {
    'madeBy': 'test/golden/clustered.py',
    'statsmodels': statsmodels.__version__,
    'shares': shares(),
    'correlations': correlations(),
    'pairs': [
        matched('without calipers', candidates(40, 0, 30), candidates(120, 1000, 27), [None, None]),
        matched('within calipers', candidates(40, 0, 30), candidates(60, 1000, 27), [3, 1.5]),
        matched('fewer controls than cases', candidates(30, 0, 30), candidates(10, 1000, 27), [None, None]),
    ],
}
Path(__file__).with_suffix('.json').write_text(json.dumps(golden) + '\n')
