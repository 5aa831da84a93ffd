import type { KneeNumber, Period } from '../../domain/knee-numbers.js';
import type { VisitCode } from '../../domain/visits.js';
import { difference, valueSql } from '../filters/index.js';
import { dayOfVisit, laterKnee } from '../timeline/index.js';

/** SQL of a number on knee exams, and what has to be joined for it. */
export interface NumberSql {
  /** ` LEFT JOIN ...`, each of which finds one row or none. */
  readonly joins: string;
  /** In double precision; null where it is not known. */
  readonly number: string;
  /** Why it is not known, as one of UNKNOWN_REASONS; null of one that is known, and of values, which have codes of their own. */
  readonly unknown: string;
}

/** Days of a year, by which slopes are told. */
const YEAR = 365.25;

/**
 * A number of the knees of the exams `alias`. A change or a slope is of the knee: all exams of one knee have the same.
 *
 * @param fresh begins aliases that nothing else uses
 * @param reasons whether `unknown` is wanted, which costs look-ups
 */
export function numberSql(
  { variable, over }: KneeNumber,
  alias: string,
  fresh: string,
  { reasons = false }: { reasons?: boolean } = {},
): NumberSql {
  if (!over) {
    const { joins, exact } = valueSql(variable, 'knee_exam', alias, fresh);
    return { joins, number: inDoubles(exact), unknown: NO_REASON };
  }
  const at = (visit: VisitCode, end: string) => valueSql({ ...variable, visit }, 'knee_exam', alias, `${fresh}${end}`);
  const [earlier, later] = [at(over.from, 'a'), at(over.to, 'b')];
  const isSlope = over.kind === 'SLOPE';
  const own = isSlope
    ? slopeSql(variable, over, alias, fresh)
    : { joins: '', number: `${difference(earlier.exact, later.exact)}::double precision` };
  const ends = earlier.joins + later.joins;
  const joins = isSlope ? own.joins : ends;
  if (!reasons) return { joins, number: own.number, unknown: NO_REASON };
  const knee = laterKnee(alias, `'${over.to}'`, `${fresh}k`);
  const reason =
    `CASE WHEN ${earlier.exact} IS NULL THEN 'MISSING_AT_FROM' ` +
    `WHEN ${later.exact} IS NULL THEN ${knee.ungraded} ELSE 'TOO_FEW_VALUES' END`;
  // Looked up for those alone that have no number: most knees have theirs.
  const lookUps = (isSlope ? ends : '') + knee.joins;
  const unknown = `CASE WHEN ${own.number} IS NULL THEN (SELECT ${reason} FROM (SELECT) one${lookUps}) END`;
  return { joins, number: own.number, unknown };
}

const NO_REASON = 'NULL::text';

/** The line of least squares through the values of all visits of a period, by the days of the visits. */
function slopeSql(
  variable: KneeNumber['variable'],
  { from, to }: Period,
  alias: string,
  fresh: string,
): Pick<NumberSql, 'joins' | 'number'> {
  const [exam, visit, baseline] = [`${fresh}e`, `${fresh}v`, `${fresh}z`];
  const { joins, exact } = valueSql(variable, 'knee_exam', exam, `${fresh}x`);
  return {
    joins:
      ` LEFT JOIN LATERAL (SELECT regr_slope(${inDoubles(exact)}, ${dayOfVisit(visit, `${baseline}.date`)} / ${YEAR}) AS slope` +
      ` FROM knee_exam ${exam} JOIN visit ${visit} ON ${visit}.id = ${exam}.visit_id` +
      ` LEFT JOIN visit ${baseline} ON ${baseline}.participant_id = ${exam}.participant_id AND ${baseline}.code = 'V00'${joins}` +
      ` WHERE ${exam}.participant_id = ${alias}.participant_id AND ${exam}.side = ${alias}.side` +
      ` AND ${exam}.visit_code BETWEEN '${from}' AND '${to}') ${fresh} ON TRUE`,
    number: `${fresh}.slope`,
  };
}

/** The nearest double of what the release says: a column of single precision has its decimals by way of text. */
function inDoubles(exact: string): string {
  return `${exact}::numeric::double precision`;
}
