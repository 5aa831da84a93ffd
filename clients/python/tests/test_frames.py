"""Frames of a cohort, held against the release's own tables as pandas reads them."""

import json
from pathlib import Path

import numpy
import pandas
import pytest
from pandas.api.types import CategoricalDtype
from pandas.testing import assert_frame_equal

import osteograph
from line import Line

SIDES = {'1': 'RIGHT', '2': 'LEFT'}


def code(cells: pandas.Series) -> pandas.Series:
    """The code before the label of a cell: 1 of "1: Right", .P of ".P: Prosthesis"."""
    return cells.str.split(':').str[0].str.strip()


@pytest.fixture(scope='module')
def readings(tables: dict[str, pandas.DataFrame]) -> pandas.DataFrame:
    """KL grades of the preferred project at baseline, as the release has them."""
    table = tables['kxr_sq_bu00']
    told = table[code(table['READPRJ']) == '15']
    keys = {'oai_id': told['ID'], 'side': code(told['SIDE']).map(SIDES), 'cell': code(told['V00XRKL'])}
    return pandas.DataFrame(keys).set_index(['oai_id', 'side'])


def test_a_row_is_a_knee_exam_and_its_grades_are_those_of_the_release(baseline: osteograph.Cohort, readings: pandas.DataFrame) -> None:
    frame = baseline.frame(columns=['xrkl']).astype({'side': 'string'}).set_index(['oai_id', 'side'])
    told = readings.reindex(frame.index)['cell']
    graded = told.str.fullmatch(r'\d', na=False)

    assert len(frame) == 120
    assert frame['xrkl'].dtype == pandas.Int32Dtype()
    assert frame.loc[graded, 'xrkl'].astype(int).tolist() == told[graded].astype(int).tolist()
    assert frame.loc[~graded, 'xrkl'].isna().all()
    missing = told[told.str.startswith('.', na=False)]
    assert frame.loc[missing.index, 'xrkl_missing'].astype('string').tolist() == missing.tolist()


def test_types_are_those_of_the_data_dictionary(baseline: osteograph.Cohort) -> None:
    types = baseline.frame().dtypes

    assert types['oai_id'] == pandas.StringDtype()
    assert types['age'] == pandas.Int32Dtype()
    assert types['bmi'] == 'float64'
    assert types['phantom'] == pandas.BooleanDtype()
    assert types['death_date'] == 'datetime64[s]'
    assert list(types['sex'].categories) == ['MALE', 'FEMALE']
    assert list(types['visit'].categories)[:2] == ['V00', 'V01']
    assert types['visit'].ordered
    assert not types['sex'].ordered


def test_measures_and_dates_are_those_of_the_release(baseline: osteograph.Cohort, tables: dict[str, pandas.DataFrame]) -> None:
    people = baseline.frame(columns=['age', 'bmi', 'visit_date']).drop_duplicates('oai_id').set_index('oai_id')
    clinical = tables['allclinical00'].set_index('ID').reindex(people.index)

    assert people['age'].astype(float).tolist() == pandas.to_numeric(clinical['V00AGE'], errors='coerce').tolist()
    assert people['bmi'].round(1).tolist() == pandas.to_numeric(clinical['P01BMI'], errors='coerce').tolist()
    days = pandas.to_datetime(clinical['V00EVDATE'], format='%m/%d/%Y')
    assert people['visit_date'].tolist() == days.tolist()


def test_a_coded_variable_is_a_category_of_its_labels(baseline: osteograph.Cohort, tables: dict[str, pandas.DataFrame]) -> None:
    frame = baseline.frame(columns=['sex'], variables=['V00INCOME']).drop_duplicates('oai_id').set_index('oai_id')
    cells = tables['subjectchar00'].set_index('ID')['V00INCOME'].reindex(frame.index)
    answered = cells.str.match(r'\d', na=False)

    assert isinstance(frame['V00INCOME'].dtype, CategoricalDtype)
    assert frame.loc[answered, 'V00INCOME'].astype('string').tolist() == cells[answered].str.split(': ', n=1).str[1].tolist()
    assert frame.loc[~answered, 'V00INCOME'].isna().all()


def test_a_numeric_variable_is_of_floats_and_the_codes_of_missing_values_stand_beside_it(
    baseline: osteograph.Cohort, tables: dict[str, pandas.DataFrame]
) -> None:
    frame = baseline.frame(columns=['side'], variables=['KOOSYM']).set_index(['oai_id', 'side'])
    symptoms = tables['jointsx00'].set_index('ID')

    for side, letter in (('RIGHT', 'R'), ('LEFT', 'L')):
        own = frame.xs(side, level='side')
        cells = symptoms[f'V00KOOSYM{letter}'].reindex(own.index)
        coded = cells.str.startswith('.', na=False)
        assert own['KOOSYM'].dtype == 'float64'
        assert own.loc[~coded, 'KOOSYM'].tolist() == cells[~coded].astype(float).tolist()
        assert own.loc[coded, 'KOOSYM'].isna().all()
        assert own['KOOSYM_missing'].notna().tolist() == coded.tolist()
        assert own.loc[coded, 'KOOSYM_missing'].astype('string').tolist() == code(cells[coded]).tolist()


def test_a_derived_variable_is_a_category_and_counts_as_pandas_does(
    server: osteograph.Osteograph, baseline: osteograph.Cohort, tables: dict[str, pandas.DataFrame], readings: pandas.DataFrame
) -> None:
    where = {'kl': {'gte': 2}, 'koosPain': {'lte': 85}}
    mutation = 'mutation ($input: CreateDerivedVariableInput!) { createDerivedVariable(input: $input) { derivedVariable { name } } }'
    server.ask(mutation, input={'name': 'symptomatic_oa', 'label': 'Symptomatic OA', 'where': where})
    frame = baseline.frame(columns=['side'], variables=['symptomatic_oa']).astype({'side': 'string'}).set_index(['oai_id', 'side'])

    clinical = tables['allclinical00'].set_index('ID')
    pain = pandas.concat({side: clinical[f'V00KOOSKP{letter}'] for side, letter in (('RIGHT', 'R'), ('LEFT', 'L'))}).swaplevel()
    pain = pandas.to_numeric(code(pain), errors='coerce').reindex(frame.index)
    kl = pandas.to_numeric(readings['cell'], errors='coerce').reindex(frame.index)
    # pandas' boolean knows three values: False & missing is False, True & missing is missing.
    symptomatic = kl.ge(2).astype('boolean').mask(kl.isna()) & pain.le(85).astype('boolean').mask(pain.isna())
    assert list(frame['symptomatic_oa'].cat.categories) == ['No', 'Yes']
    assert 0 < symptomatic.sum() < 120
    assert frame['symptomatic_oa'].map({'Yes': True, 'No': False}).astype('boolean').tolist() == symptomatic.tolist()
    assert dict(server.variables('symptomatic').iloc[0])['label'] == 'Symptomatic OA'
    oldest = baseline.frame(columns=['side'], variables=['symptomatic_oa@1'])
    assert oldest['symptomatic_oa@1'].tolist() == frame['symptomatic_oa'].tolist()


def test_without_missing_codes_their_columns_are_left_out(baseline: osteograph.Cohort) -> None:
    assert [name for name in baseline.frame(missing=False) if name.endswith('_missing')] == []


def test_long_with_visits_has_the_same_knees_at_these_visits(server: osteograph.Osteograph) -> None:
    worn = server.cohort(where={'visit': {'eq': 'V00'}, 'kl': {'gte': 2}})
    at_once = worn.frame(columns=['xrkl'])
    long = worn.frame(columns=['xrkl'], visits=['V00', 'V06'])

    knees = set(zip(at_once['oai_id'], at_once['side']))
    assert set(zip(long['oai_id'], long['side'])) == knees
    assert long['visit'].value_counts()['V00'] == len(knees)
    assert 0 < long['visit'].value_counts()['V06'] <= len(knees)
    assert long.loc[long['visit'] == 'V00', 'xrkl'].ge(2).all()


def test_wide_has_one_row_per_knee_with_later_visits_beside_it(server: osteograph.Osteograph) -> None:
    everything = server.cohort(where={})
    long = everything.frame(columns=['xrkl', 'age'], visits=['V00', 'V06'])
    wide = everything.frame('wide', columns=['xrkl', 'age'], visits=['V06'])

    later = long[long['visit'] == 'V06'].set_index(['oai_id', 'side'])['xrkl']
    beside = wide.set_index(['oai_id', 'side'])['xrkl_v06']
    assert not wide.duplicated(['oai_id', 'side']).any()
    assert beside.dtype == pandas.Int32Dtype()
    pandas.testing.assert_series_equal(beside.reindex(later.index), later, check_names=False)


def test_wide_names_every_visit_with_films_unless_told(baseline: osteograph.Cohort) -> None:
    names = [name for name in baseline.frame('wide', columns=['xrkl'], missing=False) if name.startswith('xrkl')]

    assert names == ['xrkl', 'xrkl_v01', 'xrkl_v03', 'xrkl_v05', 'xrkl_v06', 'xrkl_v08', 'xrkl_v10']


def test_a_participant_has_one_row_with_both_knees(baseline: osteograph.Cohort) -> None:
    knees = baseline.frame(columns=['xrkl', 'sex', 'age'], variables=['V00INCOME', 'KOOSYM'])
    people = baseline.frame(unit='participant', columns=['xrkl', 'sex', 'age'], variables=['V00INCOME', 'KOOSYM'])

    assert len(people) == 60
    assert list(people)[:5] == ['oai_id', 'visit', 'phantom', 'sex', 'age']
    assert {'xrkl_right', 'xrkl_missing_left', 'KOOSYM_left', 'exam_id_right', 'V00INCOME'} <= set(people)
    assert 'side' not in people
    assert people['xrkl_left'].dtype == pandas.Int32Dtype()
    left = knees[knees['side'] == 'LEFT'].set_index('oai_id')['xrkl']
    pandas.testing.assert_series_equal(people.set_index('oai_id')['xrkl_left'], left, check_names=False)


def test_a_participant_of_whom_one_knee_fits_has_the_other_missing(server: osteograph.Osteograph) -> None:
    people = server.cohort(where={'visit': {'eq': 'V00'}, 'side': {'eq': 'RIGHT'}}).frame('wide', 'participant', columns=['xrkl'], visits=['V06'])

    assert len(people) == 60
    assert people['xrkl_left'].isna().all()
    assert people['xrkl_right'].notna().any()
    assert {'xrkl_v06_right', 'xrkl_v06_left'} <= set(people)


PAIRS = {'of': 'SAME_PERSON', 'cases': {'kl': {'gte': 2}}, 'controls': {'kl': {'lte': 1}}}


def test_pairs_are_two_rows_or_one(baseline: osteograph.Cohort) -> None:
    long = baseline.frame(unit='pair', columns=['xrkl'], pairs=PAIRS)
    wide = baseline.frame('wide', 'pair', columns=['xrkl'], pairs=PAIRS)

    assert len(long) == 2 * len(wide) > 0
    assert wide['xrkl_case'].ge(2).all()
    assert wide['xrkl_control'].le(1).all()
    assert (wide['oai_id_case'] == wide['oai_id_control']).all()
    assert long['pair_role'].tolist()[:2] == ['case', 'control']


def test_pairs_need_to_be_described(baseline: osteograph.Cohort) -> None:
    with pytest.raises(osteograph.BadInputError, match="unit='pair' needs pairs"):
        baseline.frame(unit='pair')


def test_changes_are_the_difference_of_two_visits(baseline: osteograph.Cohort) -> None:
    frame = baseline.frame('wide', columns=['womac_pain'], visits=['V06'], changes=[('WOMKP', 'V00', 'V06')])

    expected = (frame['womac_pain_v06'] - frame['womac_pain']).rename('WOMKP_change_v00_v06')
    assert expected.notna().sum() > 50
    pandas.testing.assert_series_equal(frame['WOMKP_change_v00_v06'], expected, check_exact=False, atol=1e-5)


def test_an_event_adds_time_and_status(baseline: osteograph.Cohort) -> None:
    frame = baseline.frame(columns=['xrkl'], event='KL_GE_2', competing=['KNEE_REPLACEMENT', 'DEATH'])
    had = frame['xrkl'].ge(2).fillna(False)

    assert (frame.loc[had, 'left_out'] == 'HAD_EVENT').all()
    assert frame['status'].dtype == pandas.Int32Dtype()
    assert set(frame['status'].dropna()) <= {0, 1, 2, 3}
    assert frame.loc[frame['status'].notna(), 'time'].gt(0).all()


def test_a_frame_says_what_its_columns_mean(baseline: osteograph.Cohort) -> None:
    frame = baseline.frame(columns=['bmi', 'xrkl'])
    told = osteograph.dictionary(frame)

    assert told.loc['bmi', 'unit'] == 'kg/m2'
    assert told.loc['xrkl', 'missing'] == 'xrkl_missing'
    assert told.loc['xrkl', 'description'].startswith('Kellgren-Lawrence grade')
    assert told.loc['exam_id', 'unit'] is None
    assert frame.attrs['osteograph']['filter'] == {'visit': {'eq': 'V00'}}
    assert list(told.index) == list(frame)


def test_a_described_frame_is_written_as_parquet_and_joined_as_any_other(baseline: osteograph.Cohort, tmp_path: Path) -> None:
    frame = baseline.frame(columns=['xrkl'])
    frame.to_parquet(tmp_path / 'knees.parquet')
    joined = pandas.concat([frame, frame])

    assert json.loads(json.dumps(frame.attrs))['osteograph']['rows'] == 120
    assert pandas.read_parquet(tmp_path / 'knees.parquet')['xrkl'].tolist() == frame['xrkl'].tolist()
    assert len(joined) == 240


def test_what_is_too_much_to_stream_is_the_same_by_a_job(address: tuple[str, str], baseline: osteograph.Cohort, line: Line) -> None:
    refusal = b'{"errors":[{"message":"At most 20000 are streamed at once.","extensions":{"code":"LIMIT_EXCEEDED"}}]}'
    head = b'HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n' % len(refusal)
    line.answer(b'POST /exports', head + refusal)
    with osteograph.connect(line.url, address[1]) as client:
        by_job = client.cohort(where={'visit': {'eq': 'V00'}}).frame(columns=['xrkl'])

    assert line.answered == 1
    assert_frame_equal(by_job, baseline.frame(columns=['xrkl']))


def test_what_is_empty_is_not_taken_for_what_is_not_given(baseline: osteograph.Cohort) -> None:
    assert list(baseline.frame(columns=[])) == ['exam_id', 'oai_id', 'visit', 'side', 'phantom']
    assert list(baseline.frame(columns=[], split={})) == ['exam_id', 'oai_id', 'visit', 'side', 'phantom', 'split']
    with pytest.raises(osteograph.BadInputError):
        baseline.frame(event='')


@pytest.mark.parametrize(
    ('asked', 'sentence'),
    [
        ({'columns': ['grade']}, '"grade" is neither a column nor a group of columns'),
        ({'variables': ['KOOSYMM']}, 'KOOSYM'),
        ({'shape': 'wide', 'visits': ['V00']}, 'asOf.visits names V00, which is not later than V00.'),
    ],
)
def test_what_is_wrong_is_said_in_the_server_s_sentence(baseline: osteograph.Cohort, asked: dict, sentence: str) -> None:
    with pytest.raises(osteograph.BadInputError, match=sentence) as refused:
        baseline.frame(**asked)

    assert refused.value.code == 'BAD_USER_INPUT'
    assert refused.value.status == 400


def test_a_misspelt_filter_is_refused_with_the_nearest_name(server: osteograph.Osteograph) -> None:
    with pytest.raises(osteograph.BadInputError, match='Field "kll" is not defined'):
        server.cohort(where={'kll': {'eq': 2}}).frame()


def test_a_filter_that_nothing_fits_gives_an_empty_frame_with_its_types(server: osteograph.Osteograph) -> None:
    frame = server.cohort(where={'participant': {'oaiId': {'eq': '9999999'}}}).frame(variables=['V00INCOME'])

    assert len(frame) == 0
    assert frame['xrkl'].dtype == pandas.Int32Dtype()
    assert isinstance(frame['V00INCOME'].dtype, CategoricalDtype)


def test_a_shape_or_a_unit_that_is_none_is_refused(baseline: osteograph.Cohort) -> None:
    with pytest.raises(osteograph.BadInputError, match=r"^'tall' is none of 'long', 'wide'\.$"):
        baseline.frame('tall')  # type: ignore[arg-type]
    with pytest.raises(osteograph.BadInputError, match=r"^'person' is none of 'knee', 'participant', 'pair'\.$"):
        baseline.frame(unit='person')  # type: ignore[arg-type]


def test_a_filter_takes_numbers_of_frames_arrays_and_days(server: osteograph.Osteograph, baseline: osteograph.Cohort) -> None:
    frame = baseline.frame(columns=['xrkl', 'visit_date'])
    highest = frame['xrkl'].max()
    worst = server.cohort(where={'visit': {'eq': 'V00'}, 'kl': {'gte': highest}})
    some = server.cohort(where={'visit': {'eq': 'V00'}, 'participant': {'oaiId': {'in': frame['oai_id'].unique()[:3]}}})
    early = server.cohort(where={'date': {'lte': frame['visit_date'].median().date()}, 'visit': {'eq': 'V00'}})

    middle = frame['visit_date'].median().normalize()
    for day in (middle, numpy.datetime64(middle, 'ns'), numpy.datetime64(middle, 's'), numpy.datetime64(middle, 'D')):
        assert len(server.cohort(where={'date': {'lte': day}, 'visit': {'eq': 'V00'}})) == len(early)

    assert len(worst) == (frame['xrkl'] == highest).sum()
    assert len(some) == 6
    assert len(early) == (frame['visit_date'] <= frame['visit_date'].median()).sum()


def test_what_is_no_value_of_a_filter_is_refused_before_it_is_sent(server: osteograph.Osteograph) -> None:
    with pytest.raises(osteograph.BadInputError, match=r'^A number that is not finite, such as NaN, cannot be asked for\.$'):
        len(server.cohort(where={'age': {'gte': float('nan')}}))
    with pytest.raises(osteograph.BadInputError, match=r'^2004-05-06T07:08:09 cannot be asked for: a time of day needs its time zone'):
        len(server.cohort(where={'date': {'gte': pandas.Timestamp('2004-05-06T07:08:09')}}))
    with pytest.raises(osteograph.BadInputError, match=r'^NaT cannot be asked for: it is neither'):
        len(server.cohort(where={'date': {'gte': pandas.NaT}}))
    with pytest.raises(osteograph.BadInputError, match=r'^<NA> cannot be asked for: it is neither'):
        len(server.cohort(where={'kl': {'gte': pandas.NA}}))
