"""Knee exams that are looked at together: a cohort of the server, or a filter."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import pandas

from .connection import Connection
from .errors import BadInputError, ConflictError, ForbiddenError, NotFoundError
from .exports import fetch_table
from .frames import SHAPES, UNITS, Shape, Unit, by_pair, by_participant, is_coded, sort_rows, told_apart, typed_frame
from .images import Film, Volume, cohort_films, cohort_volumes
from .survival import Survival, ask_survival, number_name

# Visits with films, in the order of time.
FILM_VISITS = ('V00', 'V01', 'V03', 'V05', 'V06', 'V08', 'V10')

# A column that is always there: the API takes an empty list for all of them.
_KEY = 'exam_id'

_BY_ID = """
query CohortById($id: ID!) { cohort(id: $id) { id name version } }"""

_BY_NAME = """
query CohortByName($name: String!) { cohorts(where: { name: { eq: $name } }, first: 2) { nodes { id name version } } }"""

_COUNT = """
query Count($where: KneeExamFilter) { kneeExams(where: $where) { totalCount } }"""

_SPLIT = """
mutation Split($input: SplitCohortInput!) { splitCohort(input: $input) { parts { name cohort { id name version } } } }"""

_FACETS = """
query Counts($where: KneeExamFilter, $by: [KneeExamFacet!], $variables: [String!], $numbers: [BandedNumberInput!]) {
  kneeExamFacets(where: $where, by: $by, variables: $variables, numbers: $numbers) {
    values { facet variable value meaning missing }
    exams participants
  }
}"""


class Cohort:
    """Knee exams. Nothing is read before something of them is asked for."""

    def __init__(
        self, connection: Connection, *, id: str | None, name: str | None, version: int | None, where: dict[str, Any] | None, progress: bool | None
    ) -> None:
        self._connection = connection
        self._where = where
        self._progress = progress
        self.id = id
        self.name = name
        self.version = version

    @property
    def where(self) -> dict[str, Any]:
        """The exams as a filter of the API."""
        if self.id is None:
            return self._where or {}
        version = {} if self.version is None else {'version': self.version}
        member = {'inCohort': {'eq': self.id, **version}}
        return {'and': [member, self._where]} if self._where else member

    def frame(
        self,
        shape: Shape = 'long',
        unit: Unit = 'knee',
        *,
        variables: Sequence[str] = (),
        columns: Sequence[str] | None = None,
        visits: Sequence[str] | None = None,
        origin: str = 'V00',
        changes: Iterable[tuple[str, str, str]] = (),
        slopes: Iterable[tuple[str, str, str]] = (),
        event: str | None = None,
        competing: Sequence[str] = (),
        pairs: dict[str, Any] | None = None,
        split: dict[str, Any] | None = None,
        missing: bool = True,
        progress: bool | None = None,
    ) -> pandas.DataFrame:
        """The exams as a table with typed columns; `osteograph.dictionary(frame)` says what they mean.

        shape: 'long' has a row for each visit. 'wide' has the exam at `origin` with columns of later visits beside it, as `xrkl_v06`; of
            pairs, the case with the control beside it.
        unit: of a row. 'knee'; 'participant', with what is the knee's own twice, as `xrkl_right` and `xrkl_left`; 'pair', which needs `pairs`
            and has two rows for each ('long') or one ('wide', `xrkl_case` and `xrkl_control`).
        variables: names of variables, each with a column of its own, as `server.variables()` has them.
        columns: columns or groups of columns of the export; default: all but the readings by project. Who, when and which knee are always there.
        visits: 'long': the same knees at these visits instead of the exams themselves. 'wide': the later visits; default: all that had films.
        changes, slopes: numbers over time, as `('WOMKP', 'V00', 'V06')`.
        event, competing: adds `time` (days), `status` (0 censored, 1 the event, 2 and on the competing ones), `competing` and `left_out`.
        pairs: as `kneePairs` takes it, such as `{'of': 'SAME_PERSON', 'cases': {...}, 'controls': {...}}`.
        split: adds `split`, the part of each participant, such as `{'folds': 5, 'method': 'SITE', 'seed': 1}`; see `split()`.
        missing: whether `<name>_missing` stands beside each value, with OAI's code of why there is none.
        raises BadInputError with the server's sentence for a name or a filter that is wrong
        """
        for given, known in ((shape, SHAPES), (unit, UNITS)):
            if given not in known:
                raise BadInputError('BAD_USER_INPUT', f'{given!r} is none of {", ".join(map(repr, known))}.')
        if unit == 'pair' and pairs is None:
            raise BadInputError('BAD_USER_INPUT', "unit='pair' needs pairs, such as {'of': 'SAME_PERSON', 'cases': {...}, 'controls': {...}}.")
        wanted = {
            'where': self._selection(shape, visits) or None,
            'columns': None if columns is None else list(columns) or [_KEY],
            'variables': list(variables) or None,
            'asOf': self._later(shape, unit, origin, visits),
            'numbers': [*_numbers('change', changes), *_numbers('slope', slopes)] or None,
            'event': {'event': event, 'competing': list(competing), 'origin': origin} if event is not None else None,
            'pairs': pairs,
            'split': split,
        }
        request = {name: value for name, value in wanted.items() if value is not None}
        table, manifest = fetch_table(self._connection, request, self._progress if progress is None else progress)
        frame = sort_rows(typed_frame(table, manifest, missing=missing))
        if unit == 'participant':
            return by_participant(frame, shape)
        return by_pair(frame) if unit == 'pair' and shape == 'wide' else frame

    def __len__(self) -> int:
        """Exams, as the server counts them. raises ForbiddenError where the token's role is not told so small a count"""
        count = self._connection.ask(_COUNT, {'where': self.where})['kneeExams']['totalCount']
        if count is None:
            raise ForbiddenError('FORBIDDEN', 'They are fewer than this token is told; a token of role ANALYST counts them.')
        return int(count)

    def counts(self, *by: str, variables: Sequence[str] = (), numbers: Sequence[dict[str, Any]] = ()) -> pandas.DataFrame:
        """Exams and people by one to four facets, such as `counts('KL', 'SEX')`, counted by the server.

        by: facets of the API: KL, the other grades, VISIT, SIDE, SEX, RACE, COHORT, SITE, AGE_BAND, BMI_BAND.
        variables: names of variables that are facets too; coded values are told by their labels, as in frames, missing ones by OAI's code. A token
                of role SUMMARY, which knows no dictionary, is told the code behind each label.
        numbers: numbers of knees that are facets too, as the API takes them: by bands, `{'variable': 'BMI', 'edges': [25, 30]}`, or by value,
            `{'variable': 'XRKL', 'change': {'from': 'V00', 'to': 'V06'}}`, in a column `XRKL V00-V06`.
        """
        asked = {'where': self.where, 'by': list(by) or None, 'variables': list(variables) or None, 'numbers': list(numbers) or None}
        buckets = self._connection.ask(_FACETS, asked)['kneeExamFacets']
        names = [*(name.lower() for name in by), *variables, *map(number_name, numbers)]
        known = _columns_of(self._connection, variables)
        labels = _labels_of(known)
        rows = [
            {
                **{name: told(value, labels) for name, value in zip(names, bucket['values'])},
                'exams': bucket['exams'],
                'participants': bucket['participants'],
            }
            for bucket in buckets
        ]
        counted = pandas.DataFrame(rows, columns=[*names, 'exams', 'participants'])
        # The API tells every value as text; grades are numbers, and barcodes are not.
        words = {name for name in variables if name in known and known[name]['type'] == 'text'}
        return counted.assign(**{name: counted[name].astype('string') if name in words else _numbers_or_words(counted[name]) for name in names})

    def survival(
        self,
        event: str,
        *,
        competing: Sequence[str] = (),
        by: Sequence[str] = (),
        variables: Sequence[str] = (),
        numbers: Sequence[dict[str, Any]] = (),
        origin: str = 'V00',
        at: Sequence[int] | None = None,
    ) -> Survival:
        """Time from the exam at `origin` to an event, estimated by the server: curves with 95 % intervals, numbers at risk, tests.

        event: KL_GE_2, KL_PROGRESSION, JSN_PROGRESSION, KNEE_REPLACEMENT or DEATH.
        competing: what ends the risk of it: KNEE_REPLACEMENT, DEATH.
        by: facets that tell groups apart, such as ['SEX'].
        variables: names of variables that tell groups apart too, told as `counts` tells them.
        numbers: numbers of knees that tell groups apart too, such as `{'variable': 'BMI', 'edges': [25, 30]}`, as `counts` takes them.
        at: days at which curves are told; default: at each step.
        """
        labels = _labels_of(_columns_of(self._connection, variables))
        return ask_survival(
            self._connection,
            self.where,
            event,
            competing=competing,
            by=by,
            variables=variables,
            numbers=numbers,
            told=lambda value: told(value, labels),
            origin=origin,
            at=at,
        )

    def split(self, *, visibility: str = 'PRIVATE', **how: Any) -> dict[str, 'Cohort']:
        """Makes cohorts of parts of the participants, by name; both knees and all visits of a participant are in one part.

        how: `parts`, such as `{'train': 0.8, 'test': 0.2}` (default: train .7, val .15, test .15), or `folds`, a number; `method`: KL or SITE (each
            part has its share of every grade or site), RANDOM, LEAVE_ONE_SITE_OUT (a part for each site); `seed`: the same one on the same exams
            gives the same parts.
        raises BadInputError for what is no cohort that the server keeps, or a part that would have nobody
        """
        if self.id is None or self._where:
            raise BadInputError('BAD_USER_INPUT', 'Only a cohort that is kept is split into cohorts; create_cohort() keeps one.')
        parts = how.pop('parts', None)
        named = [{'name': name, 'fraction': fraction} for name, fraction in parts.items()] if parts else None
        version = {} if self.version is None else {'version': self.version}
        asked = {'id': self.id, **version, 'visibility': visibility, **({'parts': named} if named else {}), **how}
        made = self._connection.ask(_SPLIT, {'input': asked})['splitCohort']['parts']
        return {part['name']: Cohort(self._connection, **part['cohort'], where=None, progress=self._progress) for part in made}

    def films(self, *, progress: bool | None = None) -> Iterator[Film]:
        """The films of the exams that have one with pixels, as NumPy arrays, one after the other."""
        return cohort_films(self._connection, self.where, self._progress if progress is None else progress)

    def volumes(self, sequence: str | None = None, *, synthetic: bool | None = False, progress: bool | None = None) -> Iterator[Volume]:
        """The MRI series of the exams as NumPy arrays with their affines, one after the other.

        sequence: words of the description, such as 'COR_T1_3D_FLASH'; default: all.
        synthetic: False for imported series, True for generated ones, None for both.
        """
        shown = self._progress if progress is None else progress
        return cohort_volumes(self._connection, self.where, sequence, synthetic, shown)

    def __repr__(self) -> str:
        of = f' {self.name!r}, version {self.version}' if self.name is not None else ''
        where = f' where {self._where}' if self._where else ''
        return f'<Cohort{of}{where}>'

    def _selection(self, shape: Shape, visits: Sequence[str] | None) -> dict[str, Any]:
        if shape == 'wide' or visits is None:
            return self.where
        knees = {'sameKnee': {'some': self.where}} if self.where else {}
        return {**knees, 'visit': {'in': list(visits)}}

    def _later(self, shape: Shape, unit: Unit, origin: str, visits: Sequence[str] | None) -> dict[str, Any] | None:
        if shape == 'long' or (unit == 'pair' and visits is None):
            return None
        later = [visit for visit in FILM_VISITS if visit > origin] if visits is None else list(visits)
        return {'origin': origin, 'visits': later}


def find_cohort(connection: Connection, name: str | None, *, where: dict[str, Any] | None, version: int | None, progress: bool | None) -> Cohort:
    """The cohort of a name or an id, or the exams of a filter alone."""
    if name is None:
        return Cohort(connection, id=None, name=None, version=None, where=where, progress=progress)
    found = connection.ask(_BY_NAME, {'name': name})['cohorts']['nodes']
    if len(found) > 1:
        raise ConflictError('CONFLICT', f'Several cohorts are called {name!r}; give the id of one, as cohorts() lists them.')
    row = found[0] if found else connection.ask(_BY_ID, {'id': name})['cohort']
    if row is None:
        raise NotFoundError('NOT_FOUND', f'There is no cohort {name!r} that this token may read; cohorts() lists those it may.')
    return Cohort(connection, id=row['id'], name=row['name'], version=version or row['version'], where=where, progress=progress)


def _numbers_or_words(values: pandas.Series) -> pandas.Series:
    numbers = pandas.to_numeric(values, errors='coerce')
    whole = numbers.notna().any() and numbers.notna().equals(values.notna())
    if not whole:
        return values.astype('string')
    return numbers.astype('Int64' if (numbers.dropna() % 1 == 0).all() else 'Float64')


def _numbers(kind: Literal['change', 'slope'], asked: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    return [{'variable': variable, kind: {'from': first, 'to': last}} for variable, first, last in asked]


def _columns_of(connection: Connection, variables: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the data dictionary says of variables, by their names, as frames have them: the same whichever codes a table holds.

    A token that may not export is told nothing.
    """
    if not variables:
        return {}
    try:
        told = connection.fetch('/exports/dictionary', body={'columns': [_KEY], 'variables': list(variables)})
    except ForbiddenError:
        return {}
    return {column['name']: column for column in json.loads(told)['columns']}


def _labels_of(known: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    return {name: told_apart(column['codes']) if is_coded(column) else {} for name, column in known.items()}


def told(value: dict[str, Any], labels: dict[str, dict[str, str]]) -> str | None:
    """A value as frames have it: by the label of its code, by itself where it has none or is a word.

    labels: by the names of the variables that a dictionary tells of. Of others a label stands with the code behind it, since another code may
        have the same one.
    """
    label, code = value['meaning'], value['value']
    if value['variable'] in labels:
        return labels[value['variable']].get(code, code) if code is not None else value['missing']
    return f'{label} ({code})' if label is not None and code is not None else label or code or value['missing']
