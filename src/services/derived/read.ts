import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { atVersion } from '../../domain/variables/index.js';
import { DerivedVariable } from '../../entities/index.js';
import { mayChangeDerivedVariable, type Principal } from '../../policy/index.js';
import { resolveVariables } from '../variables/index.js';

/** @throws UserError NOT_FOUND */
export async function findDerivedVariable(database: DataSource | EntityManager, id: string): Promise<DerivedVariable> {
  const variable = await database.getRepository(DerivedVariable).findOneBy({ id });
  if (!variable) throw new UserError('NOT_FOUND', 'There is no such derived variable.');
  return variable;
}

/** By its name, letter case ignored. @throws UserError NOT_FOUND */
export async function findDerivedVariableNamed(
  database: DataSource | EntityManager,
  name: string,
): Promise<DerivedVariable> {
  const variable = await database
    .getRepository(DerivedVariable)
    .createQueryBuilder('d')
    .where('upper(d.name) = upper(:name)', { name: name.replaceAll('\0', ' ') })
    .getOne();
  if (!variable) throw new UserError('NOT_FOUND', `There is no derived variable ${JSON.stringify(name.slice(0, 60))}.`);
  return variable;
}

/** @throws UserError NOT_FOUND; FORBIDDEN where the actor may use it but not change it */
export async function findOwnVariable(
  database: DataSource | EntityManager,
  actor: Principal,
  id: string,
): Promise<DerivedVariable> {
  const variable = await findDerivedVariable(database, id);
  if (mayChangeDerivedVariable(variable, actor)) return variable;
  throw new UserError(
    'FORBIDDEN',
    `${variable.name} is changed by its owner and by administrators; define one of your own from it instead.`,
  );
}

/** What in a version's definition is no longer valid, in one sentence; null while all of it is. */
export async function derivedProblem(
  dataSource: DataSource,
  { name }: Pick<DerivedVariable, 'name'>,
  version: number,
): Promise<string | null> {
  try {
    await resolveVariables(dataSource, [atVersion(name, version)]);
    return null;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}
