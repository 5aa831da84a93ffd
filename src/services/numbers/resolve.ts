import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import type { KneeNumber, NumberRequest, Period } from '../../domain/knee-numbers.js';
import type { VariableRef } from '../../domain/variables/index.js';
import { resolveVariables } from '../variables/index.js';

/**
 * What numbers mean that were asked for by the names of variables.
 *
 * @param path the argument, as a refusal names it
 * @throws UserError BAD_USER_INPUT for a name of nothing, for words and days, and for a period that is none
 */
export async function resolveNumbers(
  database: DataSource | EntityManager,
  requests: readonly NumberRequest[],
  path: string,
): Promise<KneeNumber[]> {
  const names = requests.map(({ variable }) => variable);
  const refs = await resolveVariables(database, names, path);
  return requests.map(({ change, slope }, index) => {
    const variable = refs[index]!;
    assertNumber(variable);
    if (change && slope) {
      throw new UserError('BAD_USER_INPUT', `${path}: give ${variable.name} a change or a slope, and not both.`);
    }
    const period = change ?? slope;
    if (!period) return { variable, over: null };
    assertPeriod(variable, period, path);
    return { variable, over: { kind: change ? 'CHANGE' : 'SLOPE', from: period.from, to: period.to } };
  });
}

function assertNumber({ name, kind }: VariableRef): void {
  if (kind !== 'TEXT' && kind !== 'DATE') return;
  throw new UserError(
    'BAD_USER_INPUT',
    `${name} holds ${kind === 'DATE' ? 'dates' : 'words'}; statistics are of numbers.`,
  );
}

function assertPeriod({ name, owner, visit }: VariableRef, { from, to }: Period, path: string): void {
  if (owner === 'participant') {
    throw new UserError('BAD_USER_INPUT', `${path}: ${name} is of the person and has no value of its own at a visit.`);
  }
  if (visit !== null) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${path}: ${name} is the value at ${visit}; name the variable without visit.`,
    );
  }
  if (to <= from) {
    throw new UserError('BAD_USER_INPUT', `${path}: to must be a later visit than ${from}, got ${to}.`);
  }
}
