import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { kindOfDefinition } from '../../domain/variables/index.js';
import { DerivedVariable, DerivedVariableVersion, sqlState } from '../../entities/index.js';
import type { Principal } from '../../policy/index.js';
import { audit } from '../access/index.js';
import { checkedDefinition, checkLabel, definitionOf, type DefinitionRequest } from './definition.js';
import { checkFreeName } from './names.js';
import { findOwnVariable } from './read.js';
import { refuseInUse } from './uses.js';

export interface NewDerivedVariable extends DefinitionRequest {
  name: string;
  label: string;
  description?: string | null | undefined;
}

export interface DerivedVariableChange extends DefinitionRequest {
  /** The version that the change was made from. */
  version: number;
  label?: string | null | undefined;
  description?: string | null | undefined;
  /** What changes and why. */
  note?: string | null | undefined;
}

const MAX_TEXT = 10_000;
const UNIQUE_VIOLATION = '23505';

/**
 * Defines a variable, at version 1.
 *
 * @throws UserError BAD_USER_INPUT, LIMIT_EXCEEDED for a definition that cannot be asked for; CONFLICT for a name that is taken
 */
export async function createDerivedVariable(
  dataSource: DataSource,
  actor: Principal,
  request: NewDerivedVariable,
): Promise<DerivedVariable> {
  const name = request.name.trim();
  const label = checkLabel(request.label, 'label');
  const description = checkText(request.description ?? '', 'description');
  const definition = definitionOf(request);
  if (!definition)
    throw new UserError('BAD_USER_INPUT', 'A derived variable is defined by where or by bands; give one.');
  return dataSource
    .transaction(async (manager) => {
      await checkFreeName(manager, name);
      const kept = await checkedDefinition(manager, definition);
      const id = randomUUID();
      await manager.insert(DerivedVariable, { id, ownerId: actor.tokenId, name, version: 1, label });
      await insertVersion(manager, actor, {
        variableId: id,
        version: 1,
        label,
        description,
        note: null,
        definition: kept,
      });
      const variable = await manager.findOneByOrFail(DerivedVariable, { id });
      await record(manager, actor, 'createDerivedVariable', variable, { kind: kindOfDefinition(kept) });
      return variable;
    })
    .catch((error: unknown) => {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      throw new UserError(
        'CONFLICT',
        `"${name}" was taken by another variable at the same time; choose another name.`,
        {
          cause: error,
        },
      );
    });
}

/**
 * Changes what a derived variable is: a new version, the old ones stay. Whatever named it before goes on with the version that it meant.
 *
 * @throws UserError as {@link createDerivedVariable}; NOT_FOUND, FORBIDDEN; CONFLICT when it is no longer at the version the change was made from
 */
export async function updateDerivedVariable(
  dataSource: DataSource,
  actor: Principal,
  id: string,
  change: DerivedVariableChange,
): Promise<DerivedVariable> {
  const label = change.label == null ? undefined : checkLabel(change.label, 'label');
  const description = change.description == null ? undefined : checkText(change.description, 'description');
  const note = change.note == null ? null : checkText(change.note, 'note');
  const definition = definitionOf(change);
  if (label === undefined && description === undefined && !definition) {
    throw new UserError('BAD_USER_INPUT', 'There is nothing to change; give a label, a description, where or bands.');
  }
  return dataSource.transaction(async (manager) => {
    const found = await findOwnVariable(manager, actor, id);
    const { version: expected } = change;
    // The version is a condition of the update too: two changes from the same version cannot both happen.
    const { affected } = await manager
      .createQueryBuilder()
      .update(DerivedVariable)
      .set({ version: () => 'version + 1', label: label ?? found.label, updatedAt: () => 'now()' })
      .where('id = :id AND version = :expected', { id, expected })
      .execute();
    if (affected !== 1) {
      throw new UserError(
        'CONFLICT',
        `${found.name} is at version ${found.version}, not ${expected}; read it again and repeat the change.`,
      );
    }
    const before = await manager.findOneByOrFail(DerivedVariableVersion, { variableId: id, version: expected });
    await insertVersion(manager, actor, {
      ...{ variableId: id, version: expected + 1, note },
      label: label ?? before.label,
      description: description ?? before.description,
      definition: definition ? await checkedDefinition(manager, definition) : before.definition,
    });
    const variable = await manager.findOneByOrFail(DerivedVariable, { id });
    await record(manager, actor, 'updateDerivedVariable', variable, { version: variable.version });
    return variable;
  });
}

/**
 * Deletes a derived variable with all its versions.
 *
 * @throws UserError NOT_FOUND, FORBIDDEN; CONFLICT while anything uses it, which the sentence names
 */
export async function deleteDerivedVariable(dataSource: DataSource, actor: Principal, id: string): Promise<void> {
  await dataSource.transaction(async (manager) => {
    const variable = await findOwnVariable(manager, actor, id);
    // Whatever is about to use it comes to its end first, and is seen.
    await manager.query('SELECT 1 FROM derived_variable WHERE id = $1::uuid FOR UPDATE', [id]);
    await refuseInUse(manager, actor, variable);
    await manager.delete(DerivedVariable, { id });
    await record(manager, actor, 'deleteDerivedVariable', variable, { version: variable.version });
  });
}

async function insertVersion(
  manager: EntityManager,
  actor: Principal,
  values: Omit<DerivedVariableVersion, 'id' | 'variable' | 'createdById' | 'createdBy' | 'createdAt'>,
): Promise<void> {
  const repository = manager.getRepository(DerivedVariableVersion);
  await repository.save(repository.create({ ...values, createdById: actor.tokenId }));
}

function record(
  manager: EntityManager,
  { tokenId }: Principal,
  action: string,
  { id, name }: DerivedVariable,
  detail: Record<string, unknown>,
): Promise<void> {
  return audit(manager, { tokenId, action, target: id, detail: { name, ...detail } });
}

/** @throws UserError BAD_USER_INPUT for a text that is too long */
function checkText(value: string, field: string): string {
  const text = value.trim().toWellFormed();
  if (text.length <= MAX_TEXT && !text.includes('\0')) return text;
  throw new UserError('BAD_USER_INPUT', `${field} must have at most ${MAX_TEXT} characters.`);
}
