"""Time to an event, as the server estimates it, in frames."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas

from .connection import Connection

_SURVIVAL = """
query Survival(
  $where: KneeExamFilter, $origin: VisitCode!, $event: SurvivalEvent!
  $competing: [CompetingEvent!]!, $by: [KneeExamFacet!], $variables: [String!], $numbers: [BandedNumberInput!], $at: [Int!]
) {
  survival(
    where: $where, origin: $origin, event: $event, competing: $competing, by: $by, variables: $variables, numbers: $numbers, at: $at
  ) {
    examined
    leftOut { reason knees }
    groups {
      values { variable value meaning missing }
      knees participants events censored
      competing { event knees }
      kaplanMeier { ...point }
      cumulativeIncidence { event points { ...point } }
    }
    logRank { ...test }
    gray { ...test }
  }
}
fragment point on SurvivalPoint { day atRisk events estimate standardError lower upper }
fragment test on GroupTest {
  clustered { chiSquare degreesOfFreedom pValue }
  independent { chiSquare degreesOfFreedom pValue }
}"""

_POINT = {
    'day': 'day',
    'atRisk': 'at_risk',
    'events': 'events',
    'estimate': 'estimate',
    'standardError': 'standard_error',
    'lower': 'lower',
    'upper': 'upper',
}


@dataclass(frozen=True)
class Survival:
    """Time to an event. Intervals are 95 %; knees of a person count as depending on one another.

    examined: knees that were examined at the origin and fit.
    groups: a row per group: its facets, knees, participants, events, censored, and a count for each competing event.
    curves: Kaplan-Meier by group and day: at_risk, events, estimate, standard_error, lower, upper. Competing events count as censoring.
    incidence: cumulative incidence by group, event and day; empty unless something competes.
    left_out: knees by the reason why they have no time.
    tests: log-rank and Gray's test between groups: chi_square, degrees_of_freedom, p_value; `clustered` are those to quote.
    """

    examined: int
    groups: pandas.DataFrame
    curves: pandas.DataFrame
    incidence: pandas.DataFrame
    left_out: pandas.Series
    tests: pandas.DataFrame


def ask_survival(
    connection: Connection,
    where: dict[str, Any],
    event: str,
    *,
    competing: Sequence[str],
    by: Sequence[str],
    variables: Sequence[str],
    numbers: Sequence[dict[str, Any]],
    told: Callable[[dict[str, Any]], str | None],
    origin: str,
    at: Sequence[int] | None,
) -> Survival:
    """Asks the server for the curves of a filter's exams.

    told: the value of a variable, in words.
    """
    asked = {'where': where, 'origin': origin, 'event': event, 'competing': list(competing), 'at': at}
    groups_by = {'by': list(by), 'variables': list(variables) or None, 'numbers': list(numbers) or None}
    answer = connection.ask(_SURVIVAL, {**asked, **groups_by})['survival']
    facets = [*(name.lower() for name in by), *variables, *map(number_name, numbers)]
    groups, curves, incidence = [], [], []
    for group in answer['groups']:
        of = {name: told(value) if value['variable'] else value['value'] for name, value in zip(facets, group['values'])}
        ends = {row['event'].lower(): row['knees'] for row in group['competing']}
        groups.append({**of, **{name: group[name] for name in ('knees', 'participants', 'events', 'censored')}, **ends})
        curves += [{**of, **_point(point)} for point in group['kaplanMeier']]
        incidence += [{**of, 'event': one['event'], **_point(point)} for one in group['cumulativeIncidence'] for point in one['points']]
    counted = ['knees', 'participants', 'events', 'censored', *(name.lower() for name in competing)]
    return Survival(
        examined=answer['examined'],
        groups=pandas.DataFrame(groups, columns=[*facets, *counted]),
        curves=pandas.DataFrame(curves, columns=[*facets, *_POINT.values()]),
        incidence=pandas.DataFrame(incidence, columns=[*facets, 'event', *_POINT.values()]),
        left_out=pandas.Series({row['reason']: row['knees'] for row in answer['leftOut']}, name='knees', dtype='int64'),
        tests=_tests({'log_rank': answer['logRank'], 'gray': answer['gray']}),
    )


def number_name(number: dict[str, Any]) -> str:
    """What the API calls a number of knees: "BMI", "XRKL V00-V06", "MCMJSW per year V00-V10"."""
    over = number.get('change') or number.get('slope')
    if not over:
        return str(number['variable'])
    return f'{number["variable"]} {"per year " if number.get("slope") else ""}{over["from"]}-{over["to"]}'


def _point(point: dict[str, Any]) -> dict[str, Any]:
    return {name: point[key] for key, name in _POINT.items()}


def _tests(told: dict[str, Any]) -> pandas.DataFrame:
    rows = [
        {
            'test': test,
            'variance': variance,
            'chi_square': score['chiSquare'],
            'degrees_of_freedom': score['degreesOfFreedom'],
            'p_value': score['pValue'],
        }
        for test, variances in told.items()
        for variance, score in (variances or {}).items()
        if score
    ]
    columns = ['test', 'variance', 'chi_square', 'degrees_of_freedom', 'p_value']
    return pandas.DataFrame(rows, columns=columns).set_index(['test', 'variance'])
