import { standingSql } from '../../entities/index.js';
import { UserError } from '../../domain/errors.js';
import { PREFERRED, READING_CHOICES } from '../../domain/readings.js';
import { VISIT_CODES } from '../../domain/visits.js';
import { comparison, entries, lookUp } from './comparison.js';
import type { Parameters } from './scope.js';
import type { ChangeField, Measure } from './table.js';
import { parameterValue } from './values.js';
import { orUnknown } from './variable-comparison.js';

/**
 * SQL of a condition on what one knee had at an earlier and at a later visit: `{ from, to, project?, ...operators }`.
 *
 * It is a property of the knee, so it holds of all exams of that knee or of none. A change is unknown, and no comparison
 * holds of it, where the knee has no such value at one of the visits.
 *
 * @param place.exam alias of the knee exam; `nested` tells that it belongs to a related row and not to the outermost one,
 *   `fresh` begins aliases that nothing else uses, `path` is the field as a refusal names it, `unknowns` whether a comparison is to be null, and
 *   not false, where either value is missing.
 */
export function changeCondition(
  field: ChangeField,
  value: unknown,
  place: { exam: string; nested: boolean; fresh: string; path: string; unknowns: boolean },
  parameters: Parameters,
): string {
  const { path, unknowns } = place;
  const { from, to, project = PREFERRED, ...rest } = Object.fromEntries(entries(value, path));
  const { measure, operators } = measureOf(field, rest, path);
  const pair = { ...place, ...visitsOf(from, to, path), measure, project: projectOf(measure, project, path) };
  const comparing = (rule: Rule): string => {
    const holds = pairExists(pair, rule, parameters);
    return unknowns ? orUnknown(holds, pairExists(pair, isKnown, parameters)) : holds;
  };

  if (field.rule) {
    const [other] = Object.keys(operators);
    if (other) throw new UserError('BAD_USER_INPUT', `${path}.${other} is not accepted; from, to and project are.`);
    return comparing(field.rule);
  }
  const { isNull, ...comparisons } = operators;
  const parts: string[] = [];
  if (Object.keys(comparisons).length > 0) {
    const rule = (earlier: string, later: string): string =>
      Object.entries(comparisons)
        .map(([operator, operand]) => {
          const where = `${path}.${operator}`;
          return comparison(difference(earlier, later), { kind: 'numeric' }, operator, operand, where, parameters);
        })
        .join(' AND ');
    parts.push(comparing(rule));
  }
  if (isNull !== undefined) {
    const unknown = parameterValue({ kind: 'boolean' }, isNull, `${path}.isNull`) as boolean;
    const known = pairExists(pair, isKnown, parameters);
    parts.push(unknown ? `NOT ${known}` : known);
  }
  if (parts.length === 0) {
    throw new UserError('BAD_USER_INPUT', `${path} needs a condition on the change, such as gte: 1.`);
  }
  return parts.join(' AND ');
}

/** That both values are there. */
function isKnown(earlier: string, later: string): string {
  return `${difference(earlier, later)} IS NOT NULL`;
}

/** SQL of a condition on an earlier and a later value. */
type Rule = (earlier: string, later: string) => string;

interface Pair {
  exam: string;
  nested: boolean;
  fresh: string;
  from: string;
  to: string;
  measure: Measure;
  /** The reading project whose grades count; absent: the exam's own columns. */
  project: string | undefined;
}

/**
 * That the knee of an exam has values at both visits of which `rule` holds.
 *
 * `IS TRUE` keeps PostgreSQL from making a join of it: nothing tells it how rare a change is, and a page of a rare one then
 * walks the whole table with two look-ups per row. As it stands it makes a hash table of the knees once, or looks up the two
 * exams where the rest of the filter leaves few rows. Below a relation it cannot tell few from many, so there it is told to
 * hash (docs/decisions/0010-change-filters.md).
 */
function pairExists(
  { exam, nested, fresh, from, to, measure, project }: Pair,
  rule: Rule,
  parameters: Parameters,
): string {
  const [earlier, later] = [`${fresh}a`, `${fresh}b`];
  const readings = project
    ? [earlier, later].map(
        (alias) =>
          ` JOIN reading ${alias}r ON ${alias}r.exam_id = ${alias}.id AND ${alias}r.project = ${parameters.add(project, 'text')} AND ${standingSql(`${alias}r`)}`,
      )
    : [];
  const column = (alias: string): string => `${alias}${project ? 'r' : ''}.${measure.column}`;
  const pairs =
    `FROM knee_exam ${earlier} JOIN knee_exam ${later} ON ${sameKnee(later, earlier)}${readings.join('')} ` +
    `WHERE ${earlier}.visit_code = ${parameters.add(from, 'text')} ` +
    `AND ${later}.visit_code = ${parameters.add(to, 'text')} AND ${rule(column(earlier), column(later))}`;
  const holds = nested
    ? `(${exam}.participant_id, ${exam}.side) IN (SELECT ${earlier}.participant_id, ${earlier}.side ${pairs})`
    : `EXISTS (SELECT 1 ${pairs} AND ${sameKnee(earlier, exam)})`;
  return `(${holds} IS TRUE)`;
}

/** Two exams are of one knee. */
export function sameKnee(one: string, other: string): string {
  return `${one}.participant_id = ${other}.participant_id AND ${one}.side = ${other}.side`;
}

/** SQL of later less earlier, in decimal arithmetic: in floating point 1.4 - 1.0 is not 0.4. */
export function difference(earlier: string, later: string): string {
  return `(${later}::numeric - ${earlier}::numeric)`;
}

function measureOf(
  { measure }: ChangeField,
  entriesLeft: Record<string, unknown>,
  path: string,
): { measure: Measure; operators: Record<string, unknown> } {
  if (!('by' in measure)) return { measure, operators: entriesLeft };
  const { [measure.by]: name, ...operators } = entriesLeft;
  const choice = { kind: 'choice', of: Object.keys(measure.measures) } as const;
  const chosen = parameterValue(choice, name, `${path}.${measure.by}`) as string;
  return { measure: lookUp(measure.measures, chosen, path), operators };
}

function visitsOf(from: unknown, to: unknown, path: string): { from: string; to: string } {
  const visit = { kind: 'choice', of: VISIT_CODES } as const;
  const earlier = parameterValue(visit, from, `${path}.from`) as string;
  const later = parameterValue(visit, to, `${path}.to`) as string;
  if (later <= earlier) {
    throw new UserError('BAD_USER_INPUT', `${path}.to must be a later visit than ${earlier}, got ${later}.`);
  }
  return { from: earlier, to: later };
}

function projectOf(measure: Measure, project: unknown, path: string): string | undefined {
  const chosen = parameterValue({ kind: 'choice', of: READING_CHOICES }, project, `${path}.project`) as string;
  if (chosen === PREFERRED) return undefined;
  if (measure.inReadings) return chosen;
  throw new UserError('BAD_USER_INPUT', `${path}.project is not accepted: only grades come from a reading project.`);
}
