"""Writes knee-statistics.json: what pandas, statsmodels and scipy say of a synthetic release, for test/api/knee-statistics.test.ts.

Run: python test/golden/knee_statistics.py FOLDER, with the tables of
`osteograph synth --tables-only --participants 150 --seed 12 --visits V00,V01,V03,V06 --out ...`
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

tables = Path(sys.argv[1])
VISITS = ['00', '01', '03', '06']


def read(name):
    return pd.read_csv(tables / name, sep='|', dtype=str, keep_default_na=False)


def numbers(cells):
    return pd.to_numeric(cells.str.split(':').str[0].str.strip(), errors='coerce')


def exams(visit):
    """One row for each knee of everybody who came."""
    clinical = read(f'AllClinical{visit}.txt')
    day = clinical[f'V{visit}EVDATE' if visit == '00' else f'V{visit}FVDATE']
    bmi = clinical['P01BMI' if visit == '00' else f'V{visit}BMI']
    rows = [
        pd.DataFrame(
            {
                'id': clinical['ID'],
                'side': letter,
                'visit': visit,
                'date': pd.to_datetime(day, format='%m/%d/%Y'),
                'age': numbers(clinical[f'V{visit}AGE']),
                'bmi': numbers(bmi),
                'pain': numbers(clinical[f'V{visit}WOMKP{letter}']),
            }
        )
        for letter in 'RL'
    ]
    grades = read(f'kxr_sq_bu{visit}.txt')
    widths = read(f'kxr_qjsw_duryea{visit}.txt')
    for table in (grades, widths):
        table['side'] = table['SIDE'].str[0].map({'1': 'R', '2': 'L'})
    # Project 15 is the preferred reading up to V06; 37 read some of the knees again.
    grades = grades.sort_values('READPRJ').drop_duplicates(['ID', 'side'])
    read_grades = pd.DataFrame(
        {'id': grades['ID'], 'side': grades['side']} | {name: np.floor(numbers(grades[f'V{visit}{name}'])) for name in ('XRKL', 'XRJSM', 'XRJSL')}
    )
    measured = pd.DataFrame({'id': widths['ID'], 'side': widths['side'], 'width': numbers(widths[f'V{visit}MCMJSW'])}).drop_duplicates(['id', 'side'])
    keys = ['id', 'side']
    return pd.concat(rows).merge(read_grades, on=keys, how='left').merge(measured, on=keys, how='left')


everything = pd.concat([exams(visit) for visit in VISITS])
people = read('Enrollees.txt').set_index('ID')
everything['sex'] = everything['id'].map(people['P02SEX'].str[0].map({'1': 'MALE', '2': 'FEMALE'}))
at = {visit: everything[everything['visit'] == visit].set_index(['id', 'side']) for visit in VISITS}
first, last = at['00'], at['06']


def summary(values):
    known = values.dropna()
    return {
        'exams': len(values),
        'count': int(known.size),
        'missing': int(values.isna().sum()),
        'mean': float(known.mean()),
        'standardDeviation': float(known.std()),
        'lowerQuartile': float(known.quantile(0.25)),
        'median': float(known.median()),
        'upperQuartile': float(known.quantile(0.75)),
    }


def change(name):
    # As decimals: in floating point 1.4 - 1.0 is not 0.4, and ties would not be ties.
    return (last[name] - first[name]).round(6).reindex(first.index)


def slope(knee):
    known = knee.dropna(subset=['width'])
    if len(known) < 2:
        return np.nan
    years = (known['date'] - known['date'].iloc[0]).dt.days / 365.25
    return np.polyfit(years, known['width'], 1)[0]


slopes = everything.groupby(['id', 'side'])[['date', 'width']].apply(slope).reindex(first.index)
pain = change('pain')


def prevalence(frame, by):
    told = []
    for key, group in frame.groupby(by, sort=True):
        known = group.dropna(subset=['XRKL'])
        held = (known['XRKL'] >= 2).astype(float).to_numpy()
        cluster = known.index.get_level_values('id')
        one = {
            'key': list(key) if isinstance(key, tuple) else [key],
            'exams': len(group),
            'count': len(known),
            'cases': int(held.sum()),
            'people': int(cluster.nunique()),
        }
        if 0 < held.sum() < len(held):
            model = sm.GEE(held, np.ones((len(held), 1)), pd.factorize(cluster)[0], family=sm.families.Binomial())
            fit = model.fit(cov_type='robust')
            low, high = 1 / (1 + np.exp(-fit.conf_int()[0]))
        else:
            n = one['people']
            low, high = proportion_confint(held.mean() * n, n, method='wilson')
        told.append(one | {'share': float(held.mean()), 'lower': float(low), 'upper': float(high)})
    return told


def correlation(x, y):
    both = pd.DataFrame({'x': x, 'y': y}).dropna()
    return {
        'count': len(both),
        'missing': len(x) - len(both),
        'pearson': float(stats.pearsonr(both['x'], both['y']).statistic),
        'spearman': float(stats.spearmanr(both['x'], both['y']).statistic),
    }


def same_person():
    wide = first['XRKL'].unstack('side')
    pairs = []
    for id, knees in wide.iterrows():
        for case, control in ('RL', 'LR'):
            if knees[case] >= 2 and knees[control] <= 1:
                pairs.append([id, case, id, control])
    return pairs


def nearest(caliper):
    table = first.reset_index().sort_values(['id', 'side'], ascending=[True, False])
    cases = table[table['XRKL'] >= 2]
    controls = table[(table['XRKL'] <= 1) & ~table['id'].isin(cases['id'])]
    wanted = ['age', 'bmi']
    complete = [side.dropna(subset=[*wanted, 'sex']) for side in (cases, controls)]
    deviation = np.sqrt((complete[0][wanted].var() + complete[1][wanted].var()) / 2)
    used, pairs = set(), []
    for _, case in complete[0].iterrows():
        if case['id'] in used:
            continue
        left = complete[1]
        left = left[(left['sex'] == case['sex']) & ~left['id'].isin(used)]
        left = left[(left['age'] - case['age']).abs() <= caliper]
        if left.empty:
            continue
        distance = np.sqrt((((left[wanted] - case[wanted].astype(float)) / deviation) ** 2).sum(axis=1))
        best = left.loc[distance.idxmin()]
        pairs.append([case['id'], case['side'], best['id'], best['side'], float(distance.min())])
        used |= {case['id'], best['id']}
    chosen = first.loc[[(pair[0], pair[1]) for pair in pairs]], first.loc[[(pair[2], pair[3]) for pair in pairs]]
    return {
        'cases': len(cases),
        'controls': len(controls),
        'before': float((complete[0]['bmi'].mean() - complete[1]['bmi'].mean()) / deviation['bmi']),
        'after': float((chosen[0]['bmi'].mean() - chosen[1]['bmi'].mean()) / deviation['bmi']),
        'pairs': pairs,
    }


def transitions(name):
    both = pd.DataFrame({'from': first[name], 'to': last[name].reindex(first.index)})
    counts = both.groupby(['from', 'to'], dropna=False).size()
    return sorted([None if pd.isna(a) else int(a), None if pd.isna(b) else int(b), int(n)] for (a, b), n in counts.items() if not pd.isna(b))


def bands(values, edges):
    return np.bincount(np.digitize(values.dropna(), edges), minlength=len(edges) + 1).tolist()


kl = change('XRKL')
golden = {
    'madeBy': 'test/golden/knee_statistics.py',
    'exams': {visit: len(at[visit]) for visit in VISITS},
    'pain': {sex: summary(pain[first['sex'] == sex]) for sex in ('MALE', 'FEMALE')},
    'painMissingAtFrom': int(first['pain'].isna().sum()),
    'slope': summary(slopes),
    'klChange': {str(int(value)): int(count) for value, count in kl.dropna().value_counts().items()},
    'klUnknown': int(kl.isna().sum()),
    'painBands': bands(pain, [-2, 0, 2]),
    'medialNarrower': int((last['XRJSM'] > last['XRJSL']).sum()),
    'narrowed': int((change('width').round(3) <= -0.5).sum()),
    'fiveTimes': int((everything[everything['XRKL'] >= 2].groupby('id').size() >= 5).sum()),
    'transitions': transitions('XRJSM'),
    'prevalence': prevalence(first, ['sex']),
    'prevalenceBySide': prevalence(first.reset_index('side'), ['sex', 'side']),
    'correlation': correlation(first['pain'], first['width']),
    'correlationOfChanges': correlation(pain, change('width')),
    'samePerson': same_person(),
    'nearest': nearest(3),
    'steepest': [[id, side] for (id, side), _ in slopes.dropna().sort_values(kind='stable').head(5).items()],
}
Path(__file__).with_name('knee-statistics.json').write_text(json.dumps(golden, indent=1) + '\n')
