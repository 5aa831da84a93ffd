"""The first ten minutes of a notebook: ask, count, keep a cohort, export it to a DataFrame, look at a volume.

    pip install -r requirements.txt
    OSTEOGRAPH_TOKEN=osteo_... python first_ten_minutes.py

The "# %%" lines make cells of it in VS Code, PyCharm and Jupytext. OSTEOGRAPH_URL defaults to http://127.0.0.1:4000.
"""

# %% Connect
import gzip
import io
import json
import os
import time
from urllib.parse import urlencode

import nibabel
import numpy as np
import pandas as pd
import requests
from gql import Client, gql
from gql.transport.requests import RequestsHTTPTransport

URL = os.environ.get('OSTEOGRAPH_URL', 'http://127.0.0.1:4000')
AUTHORIZATION = {'Authorization': f'Bearer {os.environ["OSTEOGRAPH_TOKEN"]}'}
client = Client(transport=RequestsHTTPTransport(url=f'{URL}/graphql', headers=AUTHORIZATION), fetch_schema_from_transport=True)


def ask(query: str, **variables) -> dict:
    """Runs a query; the schema is known, so a misspelt field is an error here and not an empty column later."""
    request = gql(query)
    request.variable_values = variables
    return client.execute(request)


# %% Ask: which knees with KL 2 or 3 at baseline are there?
where = {'visit': {'eq': 'V00'}, 'kl': {'in': [2, 3]}}
page = ask(
    """
    query Knees($where: KneeExamFilter) {
      kneeExams(where: $where, orderBy: [{ field: KL, direction: DESC }], first: 5) {
        totalCount
        nodes { kl side participant { oaiId sex phantom } visit { age bmi } }
      }
    }""",
    where=where,
)['kneeExams']
print(f'{page["totalCount"]} knees')
print(pd.json_normalize(page['nodes']))

# %% Count: by grade and sex, at baseline
facets = ask(
    """
    query Counts($where: KneeExamFilter) {
      kneeExamFacets(where: $where, by: [KL, SEX]) { exams values { value } }
    }""",
    where={'visit': {'eq': 'V00'}},
)['kneeExamFacets']
counts = pd.DataFrame([{'kl': f['values'][0]['value'], 'sex': f['values'][1]['value'], 'exams': f['exams']} for f in facets])
print(counts.pivot_table(index='kl', columns='sex', values='exams', fill_value=0).astype(int))

# %% Keep: a cohort that a colleague can use too
cohort = ask(
    """
    mutation Keep($input: CreateCohortInput!) { createCohort(input: $input) { cohort { id name version } } }""",
    input={'name': 'KL 2-3 at baseline', 'kind': 'STATIC', 'visibility': 'READERS', 'filter': where},
)['createCohort']['cohort']
print(f'cohort {cohort["name"]!r}, version {cohort["version"]}: {cohort["id"]}')

# %% Export: all columns, as a file that stays for a week
export = ask(
    """
    mutation Export($input: ExportCohortInput!) { exportCohort(input: $input) { export { id state } } }""",
    input={'format': 'PARQUET', 'cohortId': cohort['id']},
)['exportCohort']['export']
while export['state'] in ('QUEUED', 'RUNNING'):
    time.sleep(0.5)
    export = ask(
        'query Export($id: ID!) { export(id: $id) { id state fraction error manifest file { url sha256 } } }',
        id=export['id'],
    )['export']
assert export['state'] == 'SUCCEEDED', export['error']
knees = pd.read_parquet(io.BytesIO(requests.get(URL + export['file']['url']).content))
print(knees[['oai_id', 'side', 'phantom', 'age', 'bmi', 'xrkl', 'xrkl_missing']].head())
print(knees.groupby('xrkl')['bmi'].describe())

# What a column means is in the manifest; the same is in the metadata of the file.
dictionary = pd.DataFrame(export['manifest']['columns']).set_index('name')
print(dictionary.loc[['bmi', 'xrkl', 'xrkl_missing'], ['type', 'unit', 'description']])

# %% Or in one line, where a stream is enough (up to 20,000 knees)
women = {'visit': {'eq': 'V00'}, 'participant': {'sex': {'eq': 'FEMALE'}}}
stream = f'{URL}/exports?{urlencode({"format": "CSV", "columns": "age,grades", "where": json.dumps(women)})}'
women = pd.read_csv(stream, storage_options=AUTHORIZATION)
print(f'{len(women)} knees of women at baseline')

# %% Look: the MRI of a knee that has one
nodes = ask(
    """
    query Volume {
      kneeExams(where: { hasMri: true }, first: 1) {
        nodes { side participant { oaiId phantom } mriSeries { sequence volume { url } } }
      }
    }"""
)['kneeExams']['nodes']
if nodes:
    series = next(s for s in nodes[0]['mriSeries'] if s['volume'])
    compressed = requests.get(URL + series['volume']['url']).content
    volume = nibabel.Nifti1Image.from_bytes(gzip.decompress(compressed))
    spacing = np.round(volume.header.get_zooms(), 3)
    print(f'{series["sequence"]}: {volume.shape} voxels of {" x ".join(map(str, spacing))} mm')
    print(f'intensities {np.asarray(volume.dataobj).min()} to {np.asarray(volume.dataobj).max()}')
else:
    print('No MRI is stored here; import a release with images, or run the demo.')
