"""The first ten minutes of a notebook: ask, count, keep a cohort, take it as a frame, look at a film and a volume.

    pip install './clients/python[progress]'
    OSTEOGRAPH_TOKEN=osteo_... python first_ten_minutes.py

The "# %%" lines make cells of it in VS Code, PyCharm and Jupytext. OSTEOGRAPH_URL defaults to http://127.0.0.1:4000.
"""

# %% Connect
import pandas as pd

import osteograph

server = osteograph.connect()

# %% Ask: which knees with KL 2 or 3 at baseline are there?
worn = server.cohort(where={'visit': {'eq': 'V00'}, 'kl': {'in': [2, 3]}})
print(f'{len(worn)} knees')
print(worn.counts('KL', 'SEX').pivot_table(index='kl', columns='sex', values='exams', fill_value=0).astype(int))

# %% Keep: a cohort that a colleague can use too
cohort = server.create_cohort('KL 2-3 at baseline', where=worn.where, visibility='READERS')
print(cohort)

# %% Take: one row per knee, typed, with the reason beside each missing grade
knees = cohort.frame(columns=['visit', 'grades'])
print(knees[['oai_id', 'side', 'phantom', 'age', 'bmi', 'xrkl', 'xrkl_missing']].head())
print(knees.groupby('xrkl')['bmi'].describe())
print(osteograph.dictionary(knees).loc[['bmi', 'xrkl', 'xrkl_missing'], ['type', 'unit', 'description']])

# %% Over time: the same knees with later visits beside baseline, or one row per person
wide = cohort.frame('wide', columns=['xrkl', 'womac_pain'], visits=['V03', 'V06'])
worse = wide['xrkl_v06'] > wide['xrkl']
print(f'{worse.sum()} of {wide["xrkl_v06"].notna().sum()} knees are worse at 48 months')
people = cohort.frame(unit='participant', columns=['sex', 'xrkl'], missing=False)
print(people[['oai_id', 'sex', 'xrkl_right', 'xrkl_left']].head())

# %% Any variable of the release
print(server.variables('womac pain')[['label', 'kind', 'unit', 'owner']])

# %% Time to an event
baseline = server.cohort(where={'visit': {'eq': 'V00'}})
onset = baseline.survival('KL_GE_2', competing=['KNEE_REPLACEMENT', 'DEATH'], by=['SEX'])
print(onset.groups)

# %% Look: a film and an MRI series as arrays
with pd.option_context('display.max_columns', None):
    print(server.cohorts().head())
for film in baseline.films():
    print(f'film of {film.oai_id}: {film.array.shape} pixels of {film.pixel_spacing} mm, {film.array.min()} to {film.array.max()}')
    break
for volume in baseline.volumes():
    spacing = ' x '.join(f'{size:g}' for size in volume.spacing)
    print(f'{volume.sequence}: {volume.array.shape} voxels of {spacing} mm')
    break
else:
    print('No MRI is stored here; import a release with images, or run the demo.')
