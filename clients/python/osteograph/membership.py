"""Cohorts that are made: by a filter, or of the exams that a table names."""

import re
import warnings
from os import PathLike
from typing import Any

import pandas

from .connection import Connection
from .errors import BadInputError

_CREATE = """
mutation CreateCohort($input: CreateCohortInput!) {
  createCohort(input: $input) { cohort { id } unknownExams { row reason } }
}"""

_NAMES = {
    'oaiId': ('oai_id', 'oaiid', 'id', 'participant', 'participant_id'),
    'side': ('side', 'knee'),
    'visit': ('visit', 'visit_code', 'timepoint'),
}

# As OAI's tables and people write them; labels of codes begin with the code, as in "1: Right".
_SIDES = {'1': 'RIGHT', '2': 'LEFT', '3': 'BOTH', 'r': 'RIGHT', 'l': 'LEFT', 'right': 'RIGHT', 'left': 'LEFT', 'both': 'BOTH'}

# Rows that a warning names; it counts them all.
_NAMED_ROWS = 10


def create_cohort(
    connection: Connection, name: str, *, where: dict[str, Any] | None, rows: Any, leave_out_unknown: bool, words: dict[str, Any]
) -> str:
    """Makes a cohort and gives its id; warns of rows that were left out. raises BadInputError with the server's sentence; nothing is kept then."""
    if (where is None) == (rows is None):
        raise BadInputError('BAD_USER_INPUT', 'A cohort is made of where or of rows; give one of the two.')
    if leave_out_unknown and rows is None:
        raise BadInputError('BAD_USER_INPUT', 'leave_out_unknown is for rows; a filter names no exam that may be unknown.')
    exams = [] if rows is None else named_rows(rows)
    contents = {'filter': where} if rows is None else {'exams': exams, 'unknownExams': 'LEAVE_OUT' if leave_out_unknown else 'REFUSE'}
    made = connection.ask(_CREATE, {'input': {'name': name, **words, **contents}})['createCohort']
    if left_out := made['unknownExams']:
        named = ' '.join(f'Row {row["row"]}: {row["reason"]}' for row in left_out[:_NAMED_ROWS])
        more = ' ...' if len(left_out) > _NAMED_ROWS else ''
        warnings.warn(f'{len(left_out)} of {len(exams)} rows left out that named no knee exam. {named}{more}', stacklevel=3)
    return str(made['cohort']['id'])


def named_rows(rows: Any) -> list[dict[str, str]]:
    """The rows of a table as the API takes them.

    rows: a DataFrame, or a path of a CSV file.
    raises BadInputError that says which column is missing, or which row has no such side or visit
    """
    # Excel begins a CSV file in UTF-8 with a byte order mark, and a row may end with a separator.
    table = (
        pandas.read_csv(rows, dtype='string', sep=None, engine='python', encoding='utf-8-sig', index_col=False)
        if isinstance(rows, str | PathLike)
        else pandas.DataFrame(rows)
    )
    found = {name: _column(table, name) for name in _NAMES}
    for name in ('oaiId', 'visit'):
        if found[name] is None:
            known = ', '.join(map(str, table.columns)) or 'none'
            raise BadInputError('BAD_USER_INPUT', f'The table has no column {" or ".join(_NAMES[name][:3])}; its columns are {known}.')
    named = []
    for number, values in enumerate(zip(*(table[column] for column in found.values() if column is not None)), 1):
        row = dict(zip((name for name, column in found.items() if column is not None), values))
        named.append({'oaiId': _word(row['oaiId']), 'visit': _visit(row['visit'], number), **_side(row, number)})
    return named


def _column(table: pandas.DataFrame, name: str) -> Any:
    return next((column for column in table.columns if str(column).strip().lower() in _NAMES[name]), None)


def _side(row: dict[str, Any], number: int) -> dict[str, str]:
    if 'side' not in row:
        return {}
    text = '' if pandas.isna(row['side']) else _word(row['side']).lower()
    side = _SIDES.get(text) or _SIDES.get(text.split(':')[0].strip())
    if side is None:
        given = repr(row['side']) if text else 'a blank'
        raise BadInputError('BAD_USER_INPUT', f'Row {number}: {given} is no side; RIGHT, R or 1, LEFT, L or 2, and BOTH or 3 are.')
    return {} if side == 'BOTH' else {'side': side}


def _visit(value: Any, number: int) -> str:
    match = re.fullmatch(r'[Vv]?(\d{1,2})', _word(value))
    if match is None or int(match[1]) > 12:
        raise BadInputError('BAD_USER_INPUT', f'Row {number}: {value!r} is no visit; V00 to V12 are.')
    return f'V{int(match[1]):02}'


def _word(value: Any) -> str:
    """A cell as text; pandas reads whole numbers as 9000099.0 where one is missing."""
    return re.sub(r'\.0$', '', str(value).strip())
