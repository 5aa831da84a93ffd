"""Opens the same export as Parquet, CSV and NDJSON with pandas and DuckDB and prints what they see, as JSON.

python read-exports.py FOLDER        # knees.parquet, knees.csv, knees.ndjson, manifest.json (of the CSV)
"""

import json
import sys
from pathlib import Path

import duckdb
import pandas as pd

folder = Path(sys.argv[1])
dictionary = json.loads((folder / 'manifest.json').read_text())['columns']
types = {c['name']: c['readAs']['pandas'] for c in dictionary if c['type'] != 'date'}
dates = [c['name'] for c in dictionary if c['type'] == 'date']


def values(frame):
    """Rows as JSON: missing values as null, dates as ISO days."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict('records')
    return [{k: v.isoformat()[:10] if hasattr(v, 'isoformat') else v for k, v in row.items()} for row in rows]


parquet = pd.read_parquet(folder / 'knees.parquet')
csv = pd.read_csv(folder / 'knees.csv', dtype=types, parse_dates=dates)
ndjson = pd.read_json(folder / 'knees.ndjson', lines=True, dtype=types, convert_dates=dates)
columns = {c['name']: c['readAs']['duckdb'] for c in dictionary}
by_duckdb = duckdb.sql(f"DESCRIBE SELECT * FROM '{folder / 'knees.parquet'}'").fetchall()
csv_by_duckdb = duckdb.sql(f"SELECT * FROM read_csv('{folder / 'knees.csv'}', types = {columns})")

json.dump(
    {
        'parquetTypes': {name: str(kind) for name, kind in parquet.dtypes.items()},
        'csvTypes': {name: str(kind) for name, kind in csv.dtypes.items()},
        'duckdbTypes': {row[0]: row[1] for row in by_duckdb},
        'parquet': values(parquet),
        'csv': values(csv),
        'ndjson': values(ndjson),
        'meanByKl': duckdb.sql(f"SELECT xrkl, avg(bmi) FROM '{folder / 'knees.parquet'}' GROUP BY 1 ORDER BY 1").fetchall(),
        'csvRows': len(csv_by_duckdb.fetchall()),
        'embedded': json.loads(__import__('pyarrow.parquet').parquet.read_metadata(folder / 'knees.parquet').metadata[b'osteograph']),
    },
    sys.stdout,
    default=str,
)
