import { UserError } from '../../domain/errors.js';
import { type KneeNumber, UNKNOWN_REASONS } from '../../domain/knee-numbers.js';
import { VISITS } from '../../domain/visits.js';
import { numberSql } from '../numbers/index.js';
import type { ExportColumn } from './columns.js';

/**
 * @throws UserError BAD_USER_INPUT for plain values, which are asked for as variables, and for a number that comes twice
 */
export function checkNumbers(numbers: readonly KneeNumber[]): void {
  const plain = numbers.find(({ over }) => !over);
  if (plain) {
    throw new UserError(
      'BAD_USER_INPUT',
      `numbers are changes and slopes; name ${plain.variable.name} in variables for its value.`,
    );
  }
  const names = numbers.map(columnName);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated) throw new UserError('BAD_USER_INPUT', `numbers names ${repeated} twice.`);
}

/** Columns of changes and slopes: each has the number, and beside it why it is not known. */
export function numberColumns(numbers: readonly KneeNumber[]): ExportColumn[] {
  return numbers.flatMap((number, index) => columnsOf(number, `y${index}`));
}

function columnsOf(number: KneeNumber, fresh: string): ExportColumn[] {
  const { label, name: variable, unit } = number.variable;
  const { kind, from, to } = number.over!;
  const name = columnName(number);
  const sql = numberSql(number, 'exam', fresh, { reasons: true });
  const [first, last] = [from, to].map((code) => `${code}, ${VISITS.find((visit) => visit.code === code)!.name}`);
  const of = label ?? `released column ${variable}`;
  // Plain letters, for the programs that read no others.
  const own = (unit ?? '').replace('²', '2');
  const { owner, side } = number.variable;
  const ofKnee = owner === 'knee_exam' && side === null;
  const shared = { group: 'numbers', nullable: true, owner: ofKnee ? owner : 'participant' } as const;
  return [
    {
      ...shared,
      name,
      kind: 'real',
      description:
        kind === 'CHANGE'
          ? `${of}: the value at ${last} minus that at ${first}`
          : `${of}: least-squares slope from ${first} to ${last}`,
      ...(kind === 'SLOPE' ? { unit: `${own || '1'}/year` } : own ? { unit: own } : {}),
      missing: `${name}_missing`,
      sql: sql.number,
      joins: sql.joins,
    },
    {
      ...shared,
      name: `${name}_missing`,
      kind: 'text',
      description: `Why ${name} is not known; missing itself where it is`,
      codes: Object.fromEntries(UNKNOWN_REASONS.map((reason) => [reason, reason.toLowerCase().replaceAll('_', ' ')])),
      sql: sql.unknown,
    },
  ];
}

/** "WOMKP_change_v00_v06". */
function columnName({ variable, over }: KneeNumber): string {
  const { kind, from, to } = over!;
  return [variable.name, ...[kind, from, to].map((part) => part.toLowerCase())].join('_');
}
