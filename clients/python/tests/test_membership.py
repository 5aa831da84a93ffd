"""Cohorts of the exams that a table names."""

from pathlib import Path

import pandas
import pytest

import osteograph
from osteograph.membership import named_rows


def test_a_frame_names_the_exams_of_a_cohort(server: osteograph.Osteograph, baseline: osteograph.Cohort) -> None:
    worn = baseline.frame(columns=['xrkl'])
    chosen = worn[worn['xrkl'] >= 2]
    kept = server.create_cohort('By a frame', rows=chosen)

    assert sorted(kept.frame(columns=['xrkl'])['exam_id']) == sorted(chosen['exam_id'])


@pytest.mark.parametrize(
    'text',
    [
        'ID,SIDE,VISIT\n1000001,1: Right,V00\n1000002,2,V00\n',
        'oai_id;visit;side\n1000001;V00;RIGHT\n1000002;0;L\n',
        '\ufeffID;SIDE;VISIT\n1000001;1;V00\n1000002;2;V00\n',
        'ID,SIDE,VISIT\n1000001,1,V00,\n1000002,2,V00,\n',
    ],
)
def test_a_file_names_the_exams_of_a_cohort(server: osteograph.Osteograph, tmp_path: Path, text: str) -> None:
    (tmp_path / 'knees.csv').write_text(text, encoding='utf-8')
    kept = server.create_cohort('By a file', rows=tmp_path / 'knees.csv', visibility='LINK')

    knees = kept.frame(columns=['xrkl'])
    assert list(zip(knees['oai_id'], knees['visit'], knees['side'])) == [('1000001', 'V00', 'RIGHT'), ('1000002', 'V00', 'LEFT')]


def test_without_sides_both_knees_are_meant(server: osteograph.Osteograph) -> None:
    assert len(server.create_cohort('Both', rows=pandas.DataFrame({'ID': [1000001.0, 1000002.0], 'visit': 'V00'}))) == 4


def test_rows_that_name_no_exam_are_told_and_nothing_is_kept(server: osteograph.Osteograph) -> None:
    rows = pandas.DataFrame({'oai_id': ['1000001', '9999999'], 'visit': ['V00', 'V00']})

    with pytest.raises(osteograph.NotFoundError, match='1 of 2 rows names no knee exam, and nothing was made'):
        server.create_cohort('Unknown', rows=rows)
    with pytest.raises(osteograph.NotFoundError):
        server.cohort('Unknown')
    with pytest.warns(UserWarning, match=r'^1 of 2 rows left out that named no knee exam\. Row 2: There is no participant 9999999\.$') as warned:
        assert len(server.create_cohort('Known', rows=rows, leave_out_unknown=True)) == 2
    assert warned[0].filename == __file__


def test_only_rows_can_be_left_out(server: osteograph.Osteograph) -> None:
    with pytest.raises(osteograph.BadInputError, match='leave_out_unknown is for rows'):
        server.create_cohort('Filter', where={'visit': {'eq': 'V00'}}, leave_out_unknown=True)


def test_both_knees_are_meant_where_a_row_says_so() -> None:
    rows = named_rows(pandas.DataFrame({'ID': ['1000001', '1000001', '1000001'], 'visit': ['V00', 'v6', '8'], 'side': ['BOTH', '3', '3: Both']}))

    assert rows == [{'oaiId': '1000001', 'visit': 'V00'}, {'oaiId': '1000001', 'visit': 'V06'}, {'oaiId': '1000001', 'visit': 'V08'}]


@pytest.mark.parametrize(
    ('table', 'sentence'),
    [
        ({'oai_id': ['1000001']}, 'The table has no column visit or visit_code or timepoint; its columns are oai_id.'),
        ({'visit': ['V00']}, 'The table has no column oai_id or oaiid or id'),
        ({'ID': ['1000001'], 'visit': ['V00'], 'side': ['up']}, "Row 1: 'up' is no side; RIGHT, R or 1, LEFT, L or 2, and BOTH or 3 are."),
        ({'ID': ['1000001'], 'visit': ['V00'], 'side': [' ']}, 'Row 1: a blank is no side; RIGHT, R or 1, LEFT, L or 2, and BOTH or 3 are.'),
        ({'ID': ['1000001'] * 2, 'visit': ['V00'] * 2, 'side': [1.0, None]}, 'Row 2: a blank is no side'),
        ({'ID': ['1000001'], 'visit': ['later']}, "Row 1: 'later' is no visit; V00 to V12 are."),
        ({'ID': ['1000001'], 'visit': ['6-month']}, "Row 1: '6-month' is no visit; V00 to V12 are."),
        ({'ID': ['1000001'], 'visit': ['12 months']}, "Row 1: '12 months' is no visit; V00 to V12 are."),
        ({'ID': ['1000001'], 'visit': ['13']}, "Row 1: '13' is no visit; V00 to V12 are."),
    ],
)
def test_what_names_no_exam_at_all_is_said(table: dict[str, list[str | None]], sentence: str) -> None:
    with pytest.raises(osteograph.BadInputError, match=sentence.replace('.', r'\.')):
        named_rows(pandas.DataFrame(table))


def test_a_cohort_is_made_of_one_thing(server: osteograph.Osteograph) -> None:
    with pytest.raises(osteograph.BadInputError, match='made of where or of rows'):
        server.create_cohort('Nothing')
