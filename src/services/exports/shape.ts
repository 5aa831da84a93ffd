import { UserError } from '../../domain/errors.js';
import type { TableShape } from '../../domain/exports.js';
import { type EventRequest, LEFT_OUT } from '../../domain/survival.js';
import { VISITS, type VisitCode } from '../../domain/visits.js';
import { checkEvent } from '../timeline/index.js';
import type { ExportColumn } from './columns.js';
import { checkNumbers, numberColumns } from './number-columns.js';
import { PAIR_COLUMNS } from './pair-columns.js';
import { splitColumn } from './split-column.js';

/** Groups whose columns a later visit has values of its own of. */
const BY_VISIT: readonly ExportColumn['group'][] = ['visit', 'scores', 'grades', 'readings', 'availability'];

/**
 * What was asked for, without what is null.
 *
 * @throws UserError BAD_USER_INPUT for events that cannot be told apart, for visits that are not later ones, and as {@link checkNumbers}
 */
export function checkShape({ event, asOf, numbers, pairs, split }: TableShape): TableShape {
  if (numbers) checkNumbers(numbers);
  if (event) checkEvent(event);
  if (asOf) {
    const { origin, visits } = asOf;
    if (visits.length === 0) throw new UserError('BAD_USER_INPUT', 'asOf.visits must name a visit.');
    const early = visits.find((visit) => visit <= origin);
    if (early) throw new UserError('BAD_USER_INPUT', `asOf.visits names ${early}, which is not later than ${origin}.`);
    const twice = visits.find((visit, index) => visits.indexOf(visit) !== index);
    if (twice) throw new UserError('BAD_USER_INPUT', `asOf.visits names ${twice} twice.`);
  }
  return {
    ...(event ? { event } : {}),
    ...(asOf ? { asOf } : {}),
    ...(numbers?.length ? { numbers } : {}),
    ...(pairs ? { pairs } : {}),
    ...(split ? { split } : {}),
  };
}

/**
 * The columns of a table: those chosen, for each later visit those of them that a visit has values of its own of, the event's,
 * those of changes and slopes, those of pairs, and that of a split.
 */
export function shapedColumns(
  chosen: readonly ExportColumn[],
  { event, asOf, numbers, pairs, split }: TableShape,
): ExportColumn[] {
  const repeated = chosen.filter(({ group, name }) => BY_VISIT.includes(group) && name !== 'month');
  return [
    ...chosen,
    ...(asOf?.visits ?? []).flatMap((visit) => repeated.map((column) => ofVisit(column, visit))),
    ...(event ? eventColumns(event) : []),
    ...numberColumns(numbers ?? []),
    ...(pairs ? PAIR_COLUMNS : []),
    ...(split ? [splitColumn(split)] : []),
  ];
}

function ofVisit(column: ExportColumn, at: VisitCode): ExportColumn {
  const named = (name: string): string => `${name}_${at.toLowerCase()}`;
  const visit = VISITS.find(({ code }) => code === at)!;
  return {
    ...column,
    name: named(column.name),
    description: `At ${at}, ${visit.name}: ${column.description}`,
    ...(column.missing === undefined ? {} : { missing: named(column.missing) }),
    nullable: true,
    at,
  };
}

function eventColumns({ origin, event, competing }: EventRequest): ExportColumn[] {
  const of = { group: 'event', nullable: true } as const;
  const ends = competing.length > 0 ? `, ${competing.join(' or ')},` : '';
  const statuses = [event, ...competing].map((name, index): [string, string] => [String(index + 1), name]);
  return [
    {
      ...of,
      name: 'time',
      kind: 'integer',
      description: `Time from the exam of the knee at ${origin} to ${event}${ends} or to the end of what is known; missing where it is left out`,
      unit: 'days',
      sql: 'times.time',
    },
    {
      ...of,
      name: 'status',
      kind: 'integer',
      description: 'How that time ended',
      codes: { 0: 'censored', ...Object.fromEntries(statuses) },
      sql: 'times.status',
    },
    {
      ...of,
      name: 'competing',
      kind: 'text',
      description: 'The competing event that ended it; missing where none did',
      codes: Object.fromEntries(competing.map((name) => [name, `${name} ended the risk of ${event}`])),
      sql: 'times.competing',
    },
    {
      ...of,
      name: 'left_out',
      kind: 'text',
      description: `Why the knee has no time: it had the event at ${origin}, could not have it, was not assessed or not followed`,
      codes: Object.fromEntries(LEFT_OUT.map((reason) => [reason, reason.toLowerCase().replaceAll('_', ' ')])),
      sql: 'times.left_out',
    },
  ];
}
