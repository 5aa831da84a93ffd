"""Writes derived-variables.json: what pandas says of symptomatic osteoarthritis, for test/api/derived-variables-pandas.test.ts.

Run: python test/golden/derived_variables.py FOLDER, with the tables of
`osteograph synth --tables-only --participants 900 --seed 21 --visits V00,V06 --out ...`
"""

import json
import sys
from pathlib import Path

import pandas as pd

tables = Path(sys.argv[1])


def read(name):
    return pd.read_csv(tables / name, sep='|', dtype=str, keep_default_na=False)


def code(cells):
    return cells.str.split(':').str[0].str.strip()


def number(cells):
    return pd.to_numeric(code(cells), errors='coerce')


def by_knee(table, name):
    """Columns that end in the knee's letter, by ID and side."""
    table = table.set_index('ID')
    return pd.concat({letter: number(table[f'{name}{letter}']) for letter in 'RL'}, names=['side']).swaplevel().rename_axis(['ID', 'side'])


def knees(visit):
    """Every knee with a film at the visit: KL grade of the preferred reading, KOOS pain and KOOS symptoms."""
    grades = read(f'kxr_sq_bu{visit}.txt').sort_values('READPRJ')
    grades['side'] = code(grades['SIDE']).map({'1': 'R', '2': 'L'})
    # Project 15 is the preferred reading; 37 read some of the knees again.
    kl = number(grades.drop_duplicates(['ID', 'side']).set_index(['ID', 'side'])[f'V{visit}XRKL'])
    widths = read(f'kxr_qjsw_duryea{visit}.txt')
    exams = pd.MultiIndex.from_arrays([widths['ID'], code(widths['SIDE']).map({'1': 'R', '2': 'L'})], names=['ID', 'side']).unique()
    told = {
        'kl': kl.reindex(exams),
        'pain': by_knee(read(f'AllClinical{visit}.txt'), f'V{visit}KOOSKP').reindex(exams),
        'symptoms': by_knee(read(f'JointSx{visit}.txt'), f'V{visit}KOOSYM').reindex(exams),
    }
    return pd.DataFrame(told)


def compared(values, condition):
    """True or False; missing where the value is."""
    return condition(values).astype('boolean').mask(values.isna())


def counts(values, names):
    return {name: int((values == value).sum()) for value, name in names.items()} | {'missing': int(values.isna().sum())}


def told(knee):
    # pandas' boolean knows three values: False & missing is False, True & missing is missing.
    graded = compared(knee['kl'], lambda kl: kl >= 2)
    hurting = compared(knee['pain'], lambda pain: pain <= 85) | compared(knee['symptoms'], lambda score: score <= 80)
    symptomatic = graded & hurting
    severe = compared(knee['kl'], lambda kl: kl >= 3) & hurting
    # The first band that holds; missing where it is not known whether one before it holds.
    band = pd.Series(pd.NA, index=knee.index, dtype='string')
    band[severe.fillna(False)] = 'severe'
    band[(~severe).fillna(False) & graded.fillna(False)] = 'early'
    band[(~severe).fillna(False) & (~graded).fillna(False)] = 'none'
    return {
        'exams': len(knee),
        'symptomatic': counts(symptomatic, {True: 'Yes', False: 'No'}),
        'bands': counts(band, {name: name for name in ('severe', 'early', 'none')}),
        'missingOperands': int(knee.isna().any(axis=1).sum()),
    }


golden = {f'V{visit}': told(knees(visit)) for visit in ('00', '06')}
Path(__file__).with_name('derived-variables.json').write_text(json.dumps(golden, indent=1) + '\n')
