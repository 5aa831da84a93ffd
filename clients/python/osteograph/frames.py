"""Rows of an export as a DataFrame: types, categories, codes of what is missing, and one row per knee, participant or pair."""

from typing import Any, Literal, get_args

import numpy
import pandas
import pyarrow

Shape = Literal['long', 'wide']
Unit = Literal['knee', 'participant', 'pair']
SHAPES = get_args(Shape)
UNITS = get_args(Unit)
Columns = list[dict[str, Any]]

_TYPES = {
    pyarrow.int32(): pandas.Int32Dtype(),
    pyarrow.bool_(): pandas.BooleanDtype(),
    pyarrow.string(): pandas.StringDtype(),
}

_SIDES = {'RIGHT': '_right', 'LEFT': '_left'}
_ROLES = {'case': '_case', 'control': '_control'}


class Manifest(dict[str, Any]):
    """What the server says of the rows of a frame; in `frame.attrs['osteograph']`. It does not change, so that copies of frames share it."""

    def __copy__(self) -> 'Manifest':
        return self

    def __deepcopy__(self, memo: Any) -> 'Manifest':
        return self


def typed_frame(table: pyarrow.Table, manifest: dict[str, Any], *, missing: bool) -> pandas.DataFrame:
    """The table with the types of its data dictionary.

    Whole numbers are Int32, measures float64, truth boolean, words string, dates datetime64[s]. Text that is one of a few words (side,
    sex, visit) is a category of these, in their order. A coded variable of the release is a category of its labels. A companion
    `<name>_missing` holds OAI's code of why a value is missing.

    missing: whether the companions are kept.
    """
    frame = table.to_pandas(types_mapper=_TYPES.get, date_as_object=False, ignore_metadata=True)
    companions = {column['missing'] for column in manifest['columns'] if column['missing']}
    columns = [column for column in manifest['columns'] if missing or column['name'] not in companions]
    typed = {column['name']: _typed(frame[column['name']], column, manifest, companions) for column in columns}
    return _described(pandas.DataFrame(typed), manifest, columns)


def _typed(values: pandas.Series, column: dict[str, Any], manifest: dict[str, Any], companions: set[str]) -> pandas.Series:
    codes = column['codes']
    if column['type'] == 'date':
        return values.astype('datetime64[s]')
    if column['type'] == 'text' and (codes or column['name'] in companions):
        return values.astype(_words(values, list(codes or manifest['missingCodes'])))
    if is_coded(column):
        return _labelled(values, codes)
    return values


def _words(values: pandas.Series, known: list[str]) -> pandas.CategoricalDtype:
    """Visits are ordered by time. A word that no dictionary has is kept, after the others."""
    seen = sorted(set(values.dropna()) - set(known))
    return pandas.CategoricalDtype([*known, *seen], ordered='V00' in known)


def is_coded(column: dict[str, Any]) -> bool:
    """Whether a column of the data dictionary has codes that are told by their labels; words are told as they are."""
    return column['type'] == 'real' and bool(column['codes'])


def told_apart(codes: dict[str, str]) -> dict[str, str]:
    """The label of each code, with the code behind it where another code has the same one."""
    labels = list(codes.values())
    return {code: label if labels.count(label) == 1 else f'{label} ({code})' for code, label in codes.items()}


def _labelled(values: pandas.Series, codes: dict[str, str]) -> pandas.Series:
    """Codes as their labels, in the order of the codes; two codes of one label are told apart by the code."""
    names = {float(code): label for code, label in told_apart(codes).items()}
    ordered = [names[code] for code in sorted(names)]
    # A code that no dictionary has is kept as its number.
    others = {code: f'{code:g}' for code in sorted(set(values.dropna()) - set(names))}
    named = values.map({**names, **others})
    return named.astype(pandas.CategoricalDtype([*ordered, *others.values()]))


def sort_rows(frame: pandas.DataFrame) -> pandas.DataFrame:
    """By pair, then by participant, visit, and right knee before left: the same order whenever the same is asked."""
    keys = [name for name in ('pair', 'pair_role', 'oai_id', 'visit', 'side') if name in frame]
    return frame.sort_values(keys, ignore_index=True, kind='stable')


def by_participant(frame: pandas.DataFrame, shape: Shape) -> pandas.DataFrame:
    """One row per participant (wide) or participant at a visit (long): what is the knee's own stands twice, as `_right` and `_left`."""
    keys = ['oai_id'] if shape == 'wide' else ['oai_id', 'visit']
    shared = {column['name'] for column in frame.attrs['osteograph']['columns'] if column['owner'] in ('PARTICIPANT', 'VISIT')}
    return _beside(frame, keys, 'side', _SIDES, shared)


def by_pair(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row per pair: `pair` and `pair_distance` once, everything else twice, as `_case` and `_control`."""
    return _beside(frame, ['pair'], 'pair_role', _ROLES, {'pair', 'pair_distance'})


def _beside(frame: pandas.DataFrame, keys: list[str], by: str, suffixes: dict[str, str], shared: set[str]) -> pandas.DataFrame:
    """Rows that have `keys` in common beside one another; those that are `shared` once, `by` not at all."""
    manifest: Manifest = frame.attrs['osteograph']
    columns = [column for column in manifest['columns'] if column['name'] in frame and column['name'] != by]
    once = [column for column in columns if column['name'] in shared]
    twice = [column for column in columns if column not in once]
    joined = frame[[column['name'] for column in once]].drop_duplicates(keys)
    for value, suffix in suffixes.items():
        own = frame.loc[frame[by] == value, [*keys, *(column['name'] for column in twice)]]
        joined = joined.merge(own.rename(columns={column['name']: column['name'] + suffix for column in twice}), how='left', on=keys)
    told = [*once, *(_renamed(column, suffix) for suffix in suffixes.values() for column in twice)]
    return _described(joined.reset_index(drop=True), manifest, told)


def _renamed(column: dict[str, Any], suffix: str) -> dict[str, Any]:
    companion = column['missing'] and column['missing'] + suffix
    return {**column, 'name': column['name'] + suffix, 'missing': companion, 'nullable': True}


def dictionary(frame: pandas.DataFrame) -> pandas.DataFrame:
    """What the columns of a frame mean: type, unit, range, codes and description, by name.

    raises KeyError for a frame that no cohort gave, or that lost its `attrs` on the way
    """
    told = pandas.DataFrame(frame.attrs['osteograph']['columns']).set_index('name')
    return told[['type', 'unit', 'range', 'codes', 'nullable', 'missing', 'group', 'owner', 'description']].replace({numpy.nan: None})


def _described(frame: pandas.DataFrame, manifest: dict[str, Any], columns: Columns) -> pandas.DataFrame:
    frame.attrs['osteograph'] = Manifest({**manifest, 'columns': columns})
    return frame
