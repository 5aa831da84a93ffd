"""One server, for one token: cohorts, variables, images and generations."""

import os
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

import httpx
import pandas

from .cohorts import Cohort, find_cohort
from .connection import Connection
from .errors import BadInputError
from .exports import fetch_table
from .follow import follow
from .frames import sort_rows, typed_frame
from .generations import Generation, request_generation
from .images import Film, Volume, fetch_film, fetch_volume
from .logs import Kind
from .membership import create_cohort
from .pages import pages

DEFAULT_URL = 'http://127.0.0.1:4000'

_VARIABLES = """
query Variables($search: String, $first: Int, $after: String) {
  page: variables(search: $search, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { name label kind unit owner field readings tables coverage { visit filled } }
  }
}"""

_COHORTS = """
query Cohorts($first: Int, $after: String) {
  page: cohorts(first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id name description kind visibility version createdAt updatedAt }
  }
}"""


def connect(url: str | None = None, token: str | None = None, *, progress: bool | None = None, patience: float = 120) -> 'Osteograph':
    """Says where the server is and who asks; connects to nothing yet.

    url: address of the server; default: OSTEOGRAPH_URL, else http://127.0.0.1:4000. It may carry a token, as the one that `npm start`
        prints does (`/?token=...`); the token is taken out of it.
    token: as `osteograph token create` prints it; default: that of the address, else OSTEOGRAPH_TOKEN.
    progress: whether bars are drawn; default: in notebooks and on terminals, where tqdm is installed.
    patience: how long a server that is away, or has no room for more, is waited for, s.
    raises BadInputError without a token, and for what is no address
    """
    address, carried = _parted(url or os.environ.get('OSTEOGRAPH_URL') or DEFAULT_URL)
    secret = token or carried or os.environ.get('OSTEOGRAPH_TOKEN')
    if not secret:
        raise BadInputError('BAD_USER_INPUT', 'Give a token, or set OSTEOGRAPH_TOKEN; `osteograph token create` prints one.')
    return Osteograph(Connection(address.rstrip('/'), secret, patience), address, progress)


class Osteograph:
    """The API of one server, for one token."""

    def __init__(self, connection: Connection, url: str, progress: bool | None) -> None:
        self._connection = connection
        self._url = url
        self._progress = progress

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Runs any query or mutation of the API and gives its `data`.

        raises OsteographError with the code and the sentence of the API's first error
        """
        return self._connection.ask(query, variables)

    def cohort(self, name: str | None = None, *, where: dict[str, Any] | None = None, version: int | None = None) -> Cohort:
        """Knee exams: those of a cohort, those that fit a filter, or those of a cohort that fit a filter too.

        name: of a cohort that this token may read, or its id.
        where: as the API takes it, such as `{'visit': {'eq': 'V00'}, 'kl': {'gte': 2}}`.
        version: of the cohort; default: the newest.
        raises NotFoundError, ConflictError where several cohorts have the name
        """
        return find_cohort(self._connection, name, where=where, version=version, progress=self._progress)

    def create_cohort(
        self,
        name: str,
        *,
        where: dict[str, Any] | None = None,
        rows: Any = None,
        leave_out_unknown: bool = False,
        **words: Any,
    ) -> Cohort:
        """Keeps a cohort: exams that fit `where`, or those that a table names.

        rows: a DataFrame, or the path of a CSV file, with columns for participant, side and visit under any of their usual names
            (`oai_id`, `ID`; `side`, `SIDE`; `visit`, `VISIT`) and with OAI's codes or plain words in them. Without a column of sides, both
            knees are meant.
        leave_out_unknown: keeps the others where some rows name no exam; default: nothing is kept, and the error names them.
        words: `description`, `visibility` (PRIVATE, LINK, READERS) and `kind` (STATIC, DYNAMIC).
        """
        id = create_cohort(self._connection, name, where=where, rows=rows, leave_out_unknown=leave_out_unknown, words=words)
        return self.cohort(id)

    def cohorts(self) -> pandas.DataFrame:
        """The cohorts that this token's list has, the last changed first."""
        columns = ['id', 'name', 'description', 'kind', 'visibility', 'version', 'createdAt', 'updatedAt']
        rows = list(pages(self._connection, _COHORTS))
        frame = pandas.DataFrame(rows, columns=columns).rename(columns={'createdAt': 'created_at', 'updatedAt': 'updated_at'})
        times = {name: pandas.to_datetime(frame[name], utc=True, format='ISO8601') for name in ('created_at', 'updated_at')}
        return frame.assign(**times)

    def variables(self, search: str | None = None) -> pandas.DataFrame:
        """What is known of participants, visits and knees, by name: label, kind, unit, owner, released tables, and how many values
        there are at each visit (`V00`, ...; `ever` where they belong to no visit).

        search: words that name, label or released column hold; default: all variables.
        """
        rows = list(pages(self._connection, _VARIABLES, {'search': search}))
        visits = sorted({found['visit'] or 'ever' for row in rows for found in row['coverage']})
        known = ['name', 'label', 'kind', 'unit', 'owner', 'field', 'readings', 'tables']
        frame = pandas.DataFrame([{name: row[name] for name in known} for row in rows], columns=known)
        for visit in visits:
            counts = [sum(found['filled'] for found in row['coverage'] if (found['visit'] or 'ever') == visit) for row in rows]
            frame[visit] = pandas.array(counts, dtype='Int32')
        return frame.set_index('name')

    def participants(
        self,
        *,
        where: dict[str, Any] | None = None,
        variables: Sequence[str] = (),
        columns: Sequence[str] | None = None,
        missing: bool = True,
        progress: bool | None = None,
    ) -> pandas.DataFrame:
        """A row for each participant, examined or not, with typed columns as `Cohort.frame` has them.

        where: as `participants` of the API takes it, such as `{'exams': {'exists': False}}`.
        variables: what is a visit's or a knee's is named with them: `V00AGE`, `V00WOMKPR`.
        columns: `sex`, `site` and the like; default: all that are a participant's.
        missing: whether `<name>_missing` stands beside each value, with OAI's code of why there is none.
        raises BadInputError with the server's sentence for a name or a filter that is wrong
        """
        wanted = {'where': where, 'variables': list(variables) or None, 'columns': None if columns is None else list(columns) or ['oai_id']}
        request = {name: value for name, value in wanted.items() if value is not None}
        shown = self._progress if progress is None else progress
        table, manifest = fetch_table(self._connection, request, shown, unit='PARTICIPANT')
        return sort_rows(typed_frame(table, manifest, missing=missing))

    def film(self, exam_id: str) -> Film:
        """The film to use of an exam, as a NumPy array. raises NotFoundError where none has pixels."""
        return fetch_film(self._connection, exam_id)

    def volume(self, exam_id: str, sequence: str | None = None, *, synthetic: bool | None = False) -> Volume:
        """An MRI series of an exam as a NumPy array with its affine.

        sequence: words of its description, such as 'COR_T1_3D_FLASH'; default: the first there is.
        synthetic: False for imported series, True for generated ones, None for either.
        raises NotFoundError where none has pixels
        """
        return fetch_volume(self._connection, exam_id, sequence, synthetic)

    def generate(self, exam_id: str | None = None, **options: Any) -> Generation:
        """Asks for a synthetic MRI volume of an exam's knee; `watch()` follows it, `volume()` has it.

        exam_id: an exam with a film; or else `radiograph_id` or `upload_id`.
        options: what `generateMri` takes, in Python's spelling: `slice_count`, `steps`, `seed`, `bundle`, `sampler`, `eta`, `noise`,
            `grade_guidance`, `side`, `box`, `client_key`; and `features`, such as `{'XRKL': 4}`, where None means "as if missing".
        """
        return request_generation(self._connection, {'exam_id': exam_id, **options}, self._progress)

    def generation(self, id: str) -> Generation:
        """A generation that was asked for before. raises NotFoundError"""
        return Generation(self._connection, id, self._progress).check()

    def follow(self, kind: Kind, id: str, *, after: int = 0, document: str | None = None) -> Iterator[dict[str, Any]]:
        """Events of a generation, batch or evaluation, or the row of an export as it changes, to the end and through cut connections.

        after: the last `seq` that is known already.
        document: a subscription of one's own, with the variables $id and $after, that asks for `seq`.
        raises OsteographError for what would not change by asking again
        """
        return follow(self._connection, kind, id, after=after, document=document)

    def download(self, path: str) -> bytes:
        """The bytes behind a path of the server, such as the signed `url` of an image or file. raises BadInputError for what is no path"""
        return self._connection.fetch(path)

    def close(self) -> None:
        """Closes its connections."""
        self._connection.close()

    def __enter__(self) -> 'Osteograph':
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f'<Osteograph at {self._url}>'


def _parted(url: str) -> tuple[str, str | None]:
    """The address without a token, and the token that it carried."""
    try:
        given = httpx.URL(url)
    except httpx.InvalidURL:
        given = httpx.URL()
    words = dict(given.params)
    token = words.pop('token', None)
    # The sentence does not repeat the address: it may hold a secret.
    if given.scheme not in ('http', 'https') or not given.host or given.userinfo or given.fragment or words:
        raise BadInputError('BAD_USER_INPUT', f'Give an address such as {DEFAULT_URL}, with nothing behind it but ?token=...')
    return str(given.copy_with(query=None)), token
