"""What one server has: variables, cohorts, counts, time to events."""

import pandas
import pytest

import osteograph
from osteograph.cohorts import told
from osteograph.frames import told_apart


def test_variables_are_found_by_a_word_with_label_unit_and_coverage(server: osteograph.Osteograph, tables: dict[str, pandas.DataFrame]) -> None:
    found = server.variables('symptoms koos')
    filled = sum(pandas.to_numeric(tables['jointsx00'][f'V00KOOSYM{letter}'], errors='coerce').notna().sum() for letter in 'RL')

    assert found.loc['koosSymptoms', 'owner'] == 'KNEE_EXAM'
    assert found.loc['koosSymptoms', 'kind'] == 'NUMBER'
    assert found.loc['koosSymptoms', 'V00'] == filled


def test_all_variables_come_whatever_the_size_of_a_page(server: osteograph.Osteograph) -> None:
    everything = server.variables()
    count = server.ask('{ variables { totalCount } }')['variables']['totalCount']

    assert len(everything) == count > 60
    assert everything.index.is_unique


def test_a_word_that_no_variable_has_gives_an_empty_frame(server: osteograph.Osteograph) -> None:
    assert len(server.variables('nosuchword')) == 0


def test_counts_are_those_of_pandas(server: osteograph.Osteograph, baseline: osteograph.Cohort) -> None:
    told = baseline.counts('KL', 'SEX').set_index(['kl', 'sex'])['exams']
    frame = baseline.frame(columns=['xrkl', 'sex'])

    assert told.sum() == len(baseline) == 120
    for kl in (0, 1, 2, 3):
        assert told.get((kl, 'FEMALE'), 0) == ((frame['xrkl'] == kl) & (frame['sex'] == 'FEMALE')).sum()


def test_counts_by_a_coded_variable_are_told_by_its_labels(baseline: osteograph.Cohort) -> None:
    told = baseline.counts(variables=['V00INCOME']).set_index('V00INCOME')['exams']
    frame = baseline.frame(columns=['side'], variables=['V00INCOME'])

    assert told.to_dict() == frame['V00INCOME'].value_counts()[lambda counts: counts > 0].to_dict()


@pytest.mark.parametrize('name', ['ACCEPT', 'BARCDJD', 'sex', 'XRKL'])
def test_counts_by_words_and_numbers_are_those_of_frames(baseline: osteograph.Cohort, name: str) -> None:
    told = baseline.counts(variables=[name]).dropna().set_index(name)['exams']
    frame = baseline.frame(columns=['side'], variables=[name])

    assert len(told) > 0
    assert told.to_dict() == frame[name].value_counts()[lambda counts: counts > 0].to_dict()


def test_a_variable_that_is_a_column_of_exports_stands_once(baseline: osteograph.Cohort) -> None:
    frame = baseline.frame(variables=['age', 'sex'])

    assert frame.columns.is_unique
    assert (str(frame['age'].dtype), frame['age_missing'].notna().sum()) == ('Int32', frame['age'].isna().sum())


def test_participants_are_a_table_of_their_own(server: osteograph.Osteograph, tables: dict[str, pandas.DataFrame]) -> None:
    people = server.participants(variables=['V00INCOME', 'V00AGE'])

    assert people['oai_id'].tolist() == sorted(tables['enrollees']['ID'].astype(str))
    assert str(people['sex'].dtype) == str(people['V00INCOME'].dtype) == 'category'
    assert (
        people['V00AGE'].notna().sum()
        == server.ask('{ participants(where: { visits: { some: { code: { eq: V00 }, age: { gte: 0 } } } }) { totalCount } }')['participants'][
            'totalCount'
        ]
    )
    assert server.participants(columns=[], where={'exams': {'exists': False}}).columns.tolist() == ['oai_id', 'phantom']
    with pytest.raises(osteograph.BadInputError, match='"xrkl" is told of a knee exam'):
        server.participants(columns=['xrkl'])


def test_two_codes_of_one_label_are_told_apart_whichever_of_them_a_table_holds() -> None:
    def value(code: str | None, meaning: str | None, missing: str | None = None) -> dict[str, str | None]:
        return {'facet': None, 'variable': 'V00X', 'value': code, 'meaning': meaning, 'missing': missing}

    labels = {'V00X': told_apart({'1': 'Yes', '2': 'Other', '3': 'Other'})}

    assert told(value('Y', 'Accepted (Y)'), {'V00X': {}}) == 'Y'
    assert [told(value(code, meaning), labels) for code, meaning in (('1', 'Yes'), ('2', 'Other'), ('7', None))] == ['Yes', 'Other (2)', '7']
    assert told(value(None, None, '.A'), labels) == '.A'
    assert told({**value('2', None), 'variable': None}, labels) == '2'
    assert told(value('1', 'Yes'), {}) == 'Yes (1)'


def test_a_label_is_the_same_in_counts_of_few_and_of_all(server: osteograph.Osteograph, baseline: osteograph.Cohort) -> None:
    everybody = set(baseline.counts(variables=['V00INCOME'])['V00INCOME'].dropna())
    few = server.cohort(where={'visit': {'eq': 'V00'}, 'kl': {'eq': 3}}).counts(variables=['V00INCOME'])

    assert set(few['V00INCOME'].dropna()) <= everybody


def test_a_token_that_may_not_export_counts_by_variables_all_the_same(address: tuple[str, str], server: osteograph.Osteograph) -> None:
    made = server.ask('mutation { createToken(input: { name: "labels", role: SUMMARY }) { secret } }')
    with osteograph.connect(address[0], made['createToken']['secret']) as counting:
        assert counting.cohort().counts(variables=['V00INCOME'])['exams'].sum() > 0


def test_a_cohort_is_kept_and_found_by_its_name(server: osteograph.Osteograph) -> None:
    kept = server.create_cohort('Worn at baseline', where={'visit': {'eq': 'V00'}, 'kl': {'gte': 2}}, description='For the test.')
    found = server.cohort('Worn at baseline')

    assert (found.id, found.version, len(found)) == (kept.id, 1, len(kept))
    assert found.frame(columns=['xrkl'])['xrkl'].ge(2).all()
    assert len(server.cohort('Worn at baseline', where={'side': {'eq': 'LEFT'}})) < len(found)
    assert server.cohorts().set_index('id').loc[kept.id, 'description'] == 'For the test.'
    assert 'Worn at baseline' in repr(found)


def test_a_name_that_two_cohorts_have_is_no_name(server: osteograph.Osteograph) -> None:
    for _ in range(2):
        last = server.create_cohort('Twins', where={'visit': {'eq': 'V00'}})

    with pytest.raises(osteograph.ConflictError, match=r"Several cohorts are called 'Twins'; give the id of one"):
        server.cohort('Twins')
    assert server.cohort(last.id).name == 'Twins'


def test_a_cohort_that_is_not_there_is_said(server: osteograph.Osteograph) -> None:
    with pytest.raises(osteograph.NotFoundError, match="There is no cohort 'Nobody' that this token may read"):
        server.cohort('Nobody')


def test_time_to_an_event_agrees_with_its_columns(baseline: osteograph.Cohort) -> None:
    competing = ['KNEE_REPLACEMENT', 'DEATH']
    told = baseline.survival('KL_GE_2', competing=competing, by=['SEX'])
    knees = baseline.frame(columns=['sex'], event='KL_GE_2', competing=competing)
    timed = knees[knees['time'].notna()]

    groups = told.groups.set_index('sex')
    assert told.examined == 120
    assert groups['knees'].sum() + told.left_out.sum() == 120
    for sex in groups.index:
        own = timed[timed['sex'] == sex]
        assert groups.loc[sex, 'knees'] == len(own)
        assert groups.loc[sex, 'events'] == (own['status'] == 1).sum()
        assert groups.loc[sex, 'death'] == (own['status'] == 3).sum()
    assert {'KL_GE_2'} < set(told.incidence['event']) <= {'KL_GE_2', *competing}
    assert told.curves.groupby('sex')['estimate'].apply(lambda curve: curve.is_monotonic_decreasing).all()
    assert told.tests.loc[('gray', 'clustered'), 'degrees_of_freedom'] == 1
    assert told.left_out['HAD_EVENT'] > 0


def test_time_to_an_event_is_told_by_variables_too(baseline: osteograph.Cohort) -> None:
    told = baseline.survival('KL_GE_2', by=['SIDE'], variables=['V00EDCV'])
    timed = baseline.frame(columns=['side'], variables=['V00EDCV'], event='KL_GE_2').dropna(subset=['time'])

    assert list(told.groups.columns[:2]) == ['side', 'V00EDCV']
    assert told.groups['knees'].sum() == len(timed)
    for group in told.groups.itertuples():
        same = timed['V00EDCV'] == group.V00EDCV if isinstance(group.V00EDCV, str) else timed['V00EDCV'].isna()
        own = timed[(timed['side'] == group.side) & same]
        assert [group.knees, group.events] == [len(own), (own['status'] == 1).sum()]
    assert list(told.curves.columns[:3]) == ['side', 'V00EDCV', 'day']


def test_numbers_of_knees_tell_groups_apart_by_value_and_by_bands(baseline: osteograph.Cohort) -> None:
    numbers = [{'variable': 'BMI', 'edges': [25, 30]}, {'variable': 'XRKL', 'change': {'from': 'V00', 'to': 'V06'}}]
    knees = baseline.frame(columns=['bmi'], changes=[('XRKL', 'V00', 'V06')], event='KNEE_REPLACEMENT')
    change = next(name for name in knees.columns if name.startswith('XRKL_change') and not name.endswith('_missing'))

    counted = baseline.counts(numbers=numbers)
    told = baseline.survival('KNEE_REPLACEMENT', numbers=numbers).groups

    assert list(counted.columns) == ['BMI', 'XRKL V00-V06', 'exams', 'participants']
    assert list(told.columns[:3]) == ['BMI', 'XRKL V00-V06', 'knees']
    obese = (knees['bmi'] >= 30) & (knees[change] == 1)
    assert counted.set_index(['BMI', 'XRKL V00-V06']).loc[('30 and above', 1), 'exams'] == obese.sum()
    group = told[(told['BMI'] == '30 and above') & (told['XRKL V00-V06'] == '1')]
    assert group['knees'].sum() == (obese & knees['time'].notna()).sum()


def test_an_event_that_the_filter_leaves_out_is_refused(server: osteograph.Osteograph) -> None:
    with pytest.raises(osteograph.BadInputError):
        server.cohort(where={'visit': {'eq': 'V06'}}).survival('KL_GE_2')


def test_a_cohort_is_split_by_participant_as_its_frame_tells(server: osteograph.Osteograph) -> None:
    kept = server.create_cohort('To be split', where={'visit': {'eq': 'V00'}})
    parts = kept.split(folds=4, method='SITE', seed=6)
    told = kept.frame(columns=['site'], split={'folds': 4, 'method': 'SITE', 'seed': 6})

    assert list(parts) == ['fold 1', 'fold 2', 'fold 3', 'fold 4']
    assert list(told['split'].cat.categories) == list(parts)
    assert told.groupby('oai_id')['split'].nunique().eq(1).all()
    for name, part in parts.items():
        assert sorted(part.frame(columns=['site'])['exam_id']) == sorted(told.loc[told['split'] == name, 'exam_id'])
    assert list(kept.split(parts={'train': 0.8, 'test': 0.2})) == ['train', 'test']


def test_the_version_that_a_cohort_is_pinned_to_is_split(server: osteograph.Osteograph) -> None:
    kept = server.create_cohort('Pinned', where={'visit': {'eq': 'V00'}})
    change = 'mutation ($input: UpdateCohortInput!) { updateCohort(input: $input) { cohort { version } } }'
    server.ask(change, input={'id': kept.id, 'version': 1, 'filter': {'visit': {'eq': 'V00'}, 'side': {'eq': 'LEFT'}}})

    pinned = server.cohort('Pinned', version=1)
    assert sum(len(part) for part in pinned.split(folds=2).values()) == len(pinned)


def test_a_filter_alone_is_not_split_into_cohorts(baseline: osteograph.Cohort) -> None:
    with pytest.raises(osteograph.BadInputError, match='Only a cohort that is kept is split'):
        baseline.split(folds=2)
