"""Answers twenty questions by pandas alone, of what exports hold, and prints them as JSON: lists of numbers by question.

python twenty-questions.py FOLDER      # knees.csv, onset.csv, replacement.csv
"""

import json
import sys
from pathlib import Path

import pandas

FOLDER = Path(sys.argv[1])
SEXES = ('MALE', 'FEMALE')
GRADES = range(5)
DAYS = (731, 1461, 2922)

knees = pandas.read_csv(FOLDER / 'knees.csv', dtype={'oai_id': 'string'})
base = knees[knees['visit'] == 'V00'].copy()
later = knees[knees['visit'] == 'V06']
over = base.merge(later, on=['oai_id', 'side'], suffixes=('', '_later'))
graded = over.dropna(subset=['xrkl', 'xrkl_later'])


def share(rows: pandas.DataFrame) -> float:
    """Of graded knees, those of KL 2 and more."""
    return float((rows['xrkl'].dropna() >= 2).mean())


def kaplan_meier(rows: pandas.DataFrame, event: int = 1) -> list[float]:
    """Share without the event at each of the days; everything else censors."""
    left, at = 1.0, {}
    for day, of_day in rows.groupby('time'):
        left *= 1 - (of_day['status'] == event).sum() / (rows['time'] >= day).sum()
        at[day] = left
    return [next((at[day] for day in sorted(at, reverse=True) if day <= asked), 1.0) for asked in DAYS]


def cumulative_incidence(rows: pandas.DataFrame, event: int = 1) -> list[float]:
    """Share with the event at each of the days, where the others compete (Aalen-Johansen)."""
    free, share_with, at = 1.0, 0.0, {}
    for day, of_day in rows.groupby('time'):
        at_risk = (rows['time'] >= day).sum()
        share_with += free * (of_day['status'] == event).sum() / at_risk
        free *= 1 - (of_day['status'] > 0).sum() / at_risk
        at[day] = share_with
    return [next((at[day] for day in sorted(at, reverse=True) if day <= asked), 0.0) for asked in DAYS]


onset = pandas.read_csv(FOLDER / 'onset.csv').dropna(subset=['time'])
replacement = pandas.read_csv(FOLDER / 'replacement.csv').dropna(subset=['time'])
other = base.set_index(['oai_id', 'side'])['xrkl'].unstack()
pain_change = (over['koos_pain_later'] - over['koos_pain']).dropna()
both = base.dropna(subset=['womac_pain', 'bmi'])
bins = pandas.cut(base['bmi'].dropna(), range(15, 50, 5), right=False)

answers = {
    'prevalence by sex': [share(base[base['sex'] == sex]) for sex in SEXES],
    'prevalence by age': [share(base[(base['age'] >= low) & (base['age'] < high)]) for low, high in ((45, 55), (55, 65), (65, 80))],
    'knees by grade and sex': [int(((base['xrkl'] == kl) & (base['sex'] == sex)).sum()) for kl in GRADES for sex in SEXES],
    'knees of people with two worn knees': [2 * int((other >= 2).all(axis=1).sum())],
    'transitions of KL': [int(((graded['xrkl'] == kl) & (graded['xrkl_later'] == then)).sum()) for kl in GRADES for then in GRADES],
    'knees that progressed': [int((graded['xrkl'].isin([2, 3]) & (graded['xrkl_later'] > graded['xrkl'])).sum())],
    'knees with new osteoarthritis': [int(((graded['xrkl'] <= 1) & (graded['xrkl_later'] >= 2)).sum())],
    'knees of unknown change': [len(base) - len(graded)],
    'pain by grade': base.groupby('xrkl')['womac_pain'].mean().tolist(),
    'quartiles of pain': base['womac_pain'].quantile([0.25, 0.5, 0.75]).tolist(),
    'histogram of BMI': bins.value_counts(sort=False).tolist(),
    'change of KOOS pain': [len(pain_change), pain_change.mean(), pain_change.std()],
    'pain and BMI, Pearson': [both['womac_pain'].corr(both['bmi'])],
    'pain and BMI, Spearman': [both['womac_pain'].rank().corr(both['bmi'].rank())],
    'free of osteoarthritis by sex': [value for sex in SEXES for value in kaplan_meier(onset[onset['sex'] == sex])],
    'osteoarthritis before replacement or death': cumulative_incidence(onset),
    'replaced': [int((replacement['status'] == 1).sum()), *cumulative_incidence(replacement)],
    'pairs of discordant knees': [int((((other >= 2).any(axis=1)) & ((other <= 1).any(axis=1))).sum())],
    'medially narrower knees': [int((over['xrjsm_later'] > over['xrjsm']).sum())],
    'exams and people by visit': [value for _, rows in knees.groupby('visit') for value in (len(rows), rows['oai_id'].nunique())],
}
print(json.dumps(answers))
