"""Tables of knee exams: at once where the server streams them, by a job and a file where there are too many."""

import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow
import pyarrow.parquet

from .connection import Connection
from .errors import LimitExceededError, NetworkError, error_of
from .follow import follow
from .progress import bar

_REQUESTS = {
    'KNEE_EXAM': """
mutation Export($input: ExportCohortInput!) { asked: exportCohort(input: $input) { export { id } } }""",
    'PARTICIPANT': """
mutation Export($input: ExportParticipantsInput!) { asked: exportParticipants(input: $input) { export { id } } }""",
}

_CANCEL = """
mutation CancelExport($id: ID!) { cancelExport(input: { id: $id }) { export { state } } }"""

_SENTENCES = {
    'FAILED': 'The export has failed.',
    'CANCELED': 'The export was canceled.',
    'EXPIRED': 'The file of the export has expired; export it again.',
}


def fetch_table(
    connection: Connection, request: dict[str, Any], progress: bool | None, *, unit: str = 'KNEE_EXAM'
) -> tuple[pyarrow.Table, dict[str, Any]]:
    """The rows of an export and what the server says of them: counts, filter, cohorts with their versions, and the data dictionary.

    request: what `POST /exports` and `exportCohort` take, without `format`.
    unit: what a row is; of participants `exportParticipants` takes the request.
    """
    wanted = {**request, 'format': 'PARQUET'}
    try:
        with bar('rows', unit='B', shown=progress) as shown:
            data = connection.fetch('/exports', body={**wanted, 'unit': unit}, on_bytes=shown.to)
    except LimitExceededError:
        data = _by_job(connection, _REQUESTS[unit], wanted, progress)
    table = pyarrow.parquet.read_table(io.BytesIO(data))
    return table, json.loads(table.schema.metadata[b'osteograph'])


def _by_job(connection: Connection, mutation: str, request: dict[str, Any], progress: bool | None) -> bytes:
    id = connection.ask(mutation, {'input': request})['asked']['export']['id']
    with _canceled_if_left(connection, id), bar('export', total=1.0, shown=progress) as shown:
        for row in follow(connection, 'export', id):
            shown.to(row['fraction'], note=row['waitingReason'] or f'{row["rows"]} rows')
    if row['state'] != 'SUCCEEDED':
        raise error_of(row['state'], row['error'] or _SENTENCES.get(row['state'], 'The export has ended without a file.'))
    with bar('download', total=row['file']['bytes'], unit='B', shown=progress) as shown:
        data = connection.fetch(row['file']['url'], on_bytes=shown.to)
    if hashlib.sha256(data).hexdigest() != row['file']['sha256']:
        raise NetworkError('NETWORK', 'The file of the export did not come as it was written; fetch it again.')
    return data


@contextmanager
def _canceled_if_left(connection: Connection, id: str) -> Iterator[None]:
    """A job that nobody waits for any more holds one of the token's five places."""
    try:
        yield
    except BaseException:
        connection.part(_CANCEL, {'id': id})
        raise
