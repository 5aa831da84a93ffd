import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { atVersion, type VariableRef } from '../../domain/variables/index.js';
import { RESOLVED } from '../filters/index.js';
import { resolveVariables } from './catalogue.js';

type Database = DataSource | EntityManager;

/**
 * A filter in which each condition on a variable says what its name means, as the compiler of filters needs it.
 *
 * @throws UserError BAD_USER_INPUT for a name of nothing
 */
export async function resolveFilter(database: Database, filter: object): Promise<object> {
  return (await walk(filter, 'where', {
    conditions: (list, path) => resolveConditions(database, list, path),
    comparisons: (list, path) => resolveComparisons(database, list, path),
  })) as object;
}

/**
 * A filter as it is kept: names of derived variables get the version that they mean now, so that whatever keeps the filter goes on saying it.
 * Until the end of the transaction none of those variables can be deleted.
 *
 * @throws UserError as {@link resolveFilter}
 */
export async function pinVersions<T extends object | null>(database: Database, filter: T): Promise<T> {
  if (filter === null || !namesVariables(filter)) return filter;
  const used = new Set<string>();
  const pinned = (name: unknown, { source }: VariableRef): unknown => {
    if (!('derived' in source)) return name;
    used.add(source.derived);
    return atVersion(String(name), source.version);
  };
  const kept = await walk(filter, 'where', {
    conditions: async (list, path) => {
      const refs = await resolveVariables(database, namesOf(list, ['name'], path), path);
      return list.map((part, index) => ({ ...part, name: pinned(part['name'], refs[index]!) }));
    },
    comparisons: async (list, path) => {
      const refs = await resolveVariables(database, namesOf(list, ['left', 'right'], path), path);
      return list.map((part, index) => ({
        ...part,
        left: pinned(part['left'], refs[2 * index]!),
        right: pinned(part['right'], refs[2 * index + 1]!),
      }));
    },
  });
  if (used.size > 0) {
    await database.query('SELECT 1 FROM derived_variable WHERE name = ANY($1) FOR KEY SHARE', [[...used]]);
  }
  return kept as T;
}

/** Conditions on variables, each with what its name means. */
export async function resolveConditions(
  database: Database,
  list: readonly FilterObject[],
  path: string,
): Promise<unknown[]> {
  const refs = await resolveVariables(database, namesOf(list, ['name'], path), path);
  return list.map((part, index) => ({ ...part, [RESOLVED]: refs[index]! }));
}

/** Comparisons of two variables, with what the names mean in place of the names. */
export async function resolveComparisons(
  database: Database,
  list: readonly FilterObject[],
  path: string,
): Promise<unknown[]> {
  const refs = await resolveVariables(database, namesOf(list, ['left', 'right'], path), path);
  return list.map((part, index) => ({ ...part, left: refs[2 * index]!, right: refs[2 * index + 1]! }));
}

/** The opposite of {@link resolveFilter}: a filter in the words that it was kept in. */
export function namedFilter(filter: unknown): unknown {
  if (Array.isArray(filter)) return filter.map(namedFilter);
  if (!isFilterObject(filter)) return filter;
  if (isRef(filter)) return filter.name;
  return Object.fromEntries(
    Object.entries(filter)
      .filter(([member]) => member !== RESOLVED)
      .map(([member, part]) => [member, namedFilter(part)]),
  );
}

function isRef(value: FilterObject): value is FilterObject & Pick<VariableRef, 'name'> {
  return typeof value['name'] === 'string' && 'owner' in value && 'source' in value;
}

export type FilterObject = Record<string, unknown>;

export function isFilterObject(value: unknown): value is FilterObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Whether a filter names variables anywhere, or speaks of one of the `others`. */
export function namesVariables(value: unknown, others: readonly string[] = []): boolean {
  if (Array.isArray(value)) return value.some((part) => namesVariables(part, others));
  if (!isFilterObject(value)) return false;
  const named = ['variables', 'comparisons', ...others].some((name) => value[name] !== undefined);
  return named || Object.values(value).some((part) => namesVariables(part, others));
}

type Replace = (list: readonly FilterObject[], path: string) => Promise<unknown>;

/** A filter with other conditions and comparisons in place of those on variables. */
async function walk(
  value: unknown,
  path: string,
  replace: { conditions: Replace; comparisons: Replace },
): Promise<unknown> {
  if (Array.isArray(value)) {
    const parts: unknown[] = [];
    for (const [index, part] of value.entries()) parts.push(await walk(part, `${path}[${index}]`, replace));
    return parts;
  }
  if (!isFilterObject(value)) return value;
  const walked: FilterObject = {};
  for (const [name, part] of Object.entries(value)) {
    const inner = `${path}.${name}`;
    if (name === 'variables' && part !== undefined) walked[name] = await replace.conditions(conditionList(part), inner);
    else if (name === 'comparisons' && part !== undefined)
      walked[name] = await replace.comparisons(conditionList(part), inner);
    else walked[name] = await walk(part, inner, replace);
  }
  return walked;
}

/** The entries of a list of conditions; what is no condition has no name, which is refused where names are looked up. */
export function conditionList(list: unknown): FilterObject[] {
  return (Array.isArray(list) ? (list as unknown[]) : [list]).map((part) => (isFilterObject(part) ? part : {}));
}

function namesOf(list: readonly FilterObject[], members: readonly string[], path: string): string[] {
  return list.flatMap((part) =>
    members.map((member) => {
      const name = part[member];
      if (typeof name === 'string') return name;
      const wanted =
        members.length === 1
          ? 'conditions, each with the name of a variable'
          : 'comparisons, each of the variables left and right';
      throw new UserError('BAD_USER_INPUT', `${path} must be a list of ${wanted}.`);
    }),
  );
}
