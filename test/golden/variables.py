"""Writes variables.json: what pandas says of variables of a synthetic release, for test/api/variables-pandas.test.ts.

Run: python test/golden/variables.py FOLDER, with the tables of
`osteograph synth --tables-only --participants 120 --seed 11 --visits V00,V06 --out ...`
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


def knees(visit):
    table = read(f'kxr_qjsw_duryea{visit}.txt')
    width = code(table[f'V{visit}MCMJSW'])
    symptoms = read(f'JointSx{visit}.txt').set_index('ID')
    side = code(table['SIDE']).map({'1': 'R', '2': 'L'})
    koos = [symptoms[f'V{visit}KOOSYM{letter}'].get(id, '') for id, letter in zip(table['ID'], side, strict=True)]
    return pd.DataFrame(
        {
            'id': table['ID'],
            'side': side,
            'width': pd.to_numeric(width, errors='coerce'),
            'missing': width.where(width.str.startswith('.')),
            'koos': pd.to_numeric(code(pd.Series(koos)), errors='coerce'),
        }
    )


first, later = knees('00'), knees('06')
income = read('SubjectChar00.txt').set_index('ID')['V00INCOME']
later['income'] = later['id'].map(code(income))
later['baseline'] = later.merge(first, on=['id', 'side'], how='left', suffixes=('', '_00'))['width_00'].to_numpy()


def summary(values):
    known = values.dropna()
    return {
        'count': int(known.size),
        'mean': float(known.mean()),
        'standardDeviation': float(known.std()),
        'lowerQuartile': float(known.quantile(0.25)),
        'median': float(known.median()),
        'upperQuartile': float(known.quantile(0.75)),
    }


golden = {
    'exams': len(later),
    'income': {key: int(count) for key, count in later['income'].value_counts().sort_index().items()},
    'missing': {key: int(count) for key, count in later['missing'].value_counts().sort_index().items()},
    'narrow': int((later['width'] < 4).sum()),
    'narrowAtBaseline': int((later['baseline'] < 4).sum()),
    'narrowWithoutSymptoms': int(((later['width'] < 5) & (later['koos'] >= 80)).sum()),
    'incomeOfThree': int((later['income'] == '3').sum()),
    'widthBySide': {side: summary(group['width']) for side, group in later.groupby('side')},
    'values': later.head(12)[['id', 'side']].assign(width=later['width'].round(3).astype(object).where(later['width'].notna(), None)).values.tolist(),
}
Path(__file__).with_suffix('.json').write_text(json.dumps(golden, indent=1) + '\n')
