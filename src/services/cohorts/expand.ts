import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { COHORT_KINDS, COHORT_VISIBILITIES } from '../../domain/cohorts.js';
import { UserError } from '../../domain/errors.js';
import { decodeId } from '../../domain/global-ids.js';
import { ROLES } from '../../domain/roles.js';
import { type CohortReference, queryRows } from '../../entities/index.js';
import { compileFilter, KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';
import {
  conditionList,
  isFilterObject,
  namesVariables,
  resolveComparisons,
  resolveConditions,
} from '../variables/index.js';
import { COMMAND_LINE, mayReadCohort, type Principal } from '../../policy/index.js';

/** Most cohorts that one filter may speak of, cohorts within cohorts included. */
const MAX_COHORTS = 50;

/** A filter without `inCohort` and names of variables that are unknown, and what it was made from. */
export interface Expanded<T> {
  where: T;
  /** Cohorts that the filter itself names, with the version that was read. */
  cohorts: CohortReference[];
  /** Names of those cohorts, by the id the filter has. */
  names: Map<string, string>;
}

/**
 * A filter of any list with each `inCohort` replaced by what the cohort holds: the frozen ids of a static cohort, the filter of a
 * dynamic one, and with what the names of its variables mean. Everything that takes a filter from a caller calls this before it compiles it.
 *
 * A cohort within a cohort is read with the rights of the outer one's owner, as a database view is: sharing a cohort shares
 * what it holds.
 *
 * @param redefined key of a dynamic cohort whose filter this is about to become: it must not be made from itself.
 * @throws UserError BAD_USER_INPUT for what is no cohort id, NOT_FOUND for a cohort that the actor may not read, CONFLICT for a
 *   cohort whose stored filter is no longer valid, LIMIT_EXCEEDED for too many cohorts.
 */
export async function expandCohorts<T extends Where | null | undefined>(
  database: DataSource | EntityManager,
  actor: Principal,
  where: T,
  redefined?: string,
): Promise<Expanded<T>> {
  const expansion = new Expansion(database, redefined);
  if (!namesVariables(where, ['inCohort'])) return { where, cohorts: [], names: expansion.names };
  const expanded = (await expansion.value(where, { actor, path: 'where', within: [] })) as T;
  return { where: expanded, cohorts: expansion.outermost, names: expansion.names };
}

const COHORT = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(COHORT_KINDS),
  visibility: z.enum(COHORT_VISIBILITIES),
  ownerId: z.number().nullable(),
  ownerName: z.string().nullable(),
  ownerRole: z.enum(ROLES).nullable(),
  version: z.number(),
  filter: z.record(z.string(), z.unknown()).nullable(),
  membersOfId: z.number().nullable(),
});
type CohortRow = z.infer<typeof COHORT>;

interface Place {
  actor: Principal;
  path: string;
  /** The cohorts whose filters this one lies in, as "id version". */
  within: readonly string[];
}

class Expansion {
  readonly outermost: CohortReference[] = [];
  readonly names = new Map<string, string>();
  private read = 0;

  constructor(
    private readonly database: DataSource | EntityManager,
    private readonly redefined: string | undefined,
  ) {}

  async value(value: unknown, place: Place): Promise<unknown> {
    if (Array.isArray(value)) {
      const parts: unknown[] = [];
      for (const [index, part] of value.entries()) {
        parts.push(await this.value(part, { ...place, path: `${place.path}[${index}]` }));
      }
      return parts;
    }
    if (!isFilterObject(value)) return value;
    const { inCohort, and, variables, comparisons, ...rest } = value;
    const expanded: Record<string, unknown> = {};
    if (variables !== undefined) {
      const path = `${place.path}.variables`;
      expanded['variables'] = await resolveConditions(this.database, conditionList(variables), path);
    }
    if (comparisons !== undefined) {
      const path = `${place.path}.comparisons`;
      expanded['comparisons'] = await resolveComparisons(this.database, conditionList(comparisons), path);
    }
    for (const [name, part] of Object.entries(rest)) {
      expanded[name] = await this.value(part, { ...place, path: `${place.path}.${name}` });
    }
    const parts = and === undefined ? [] : await this.value(and, { ...place, path: `${place.path}.and` });
    if (inCohort === undefined) return and === undefined ? expanded : { ...expanded, and: parts };
    const member = await this.cohort(inCohort, { ...place, path: `${place.path}.inCohort` });
    return { ...expanded, and: Array.isArray(parts) ? [member, ...(parts as unknown[])] : parts };
  }

  private async cohort(condition: unknown, place: Place): Promise<object> {
    const { path, within } = place;
    const { id, version } = parse(condition, path);
    if (++this.read > MAX_COHORTS) {
      throw new UserError('LIMIT_EXCEEDED', `${path}: a filter speaks of at most ${MAX_COHORTS} cohorts.`);
    }
    const row = await this.load(id, version);
    if (!row || !mayReadCohort(row, place.actor)) {
      throw new UserError(
        'NOT_FOUND',
        `${path}: there is no such cohort${version === undefined ? '' : ' or version'}.`,
      );
    }
    if (within.length === 0) {
      this.outermost.push({ id: row.id, version: row.version });
      this.names.set(row.id, row.name);
    }
    if (row.kind === 'STATIC') return { membership: { some: { version: { eq: row.membersOfId } } } };
    const key = `${row.id} ${row.version}`;
    if (within.includes(key) || (row.id === this.redefined && version === undefined)) {
      throw new UserError(
        'CONFLICT',
        `The cohort "${row.name}" cannot be made from itself; name one of its versions, or another cohort.`,
      );
    }
    return this.stored(row, [...within, key]);
  }

  /** The filter of a dynamic cohort, checked against what can be filtered by today. */
  private async stored(row: CohortRow, within: readonly string[]): Promise<object> {
    const owner =
      row.ownerId === null
        ? COMMAND_LINE
        : { tokenId: row.ownerId, name: row.ownerName!, role: row.ownerRole!, project: null };
    try {
      const filter = (await this.value(row.filter, { actor: owner, path: 'where', within })) as object;
      compileFilter(filter, new Scope(KNEE_EXAMS, 't'), new Parameters());
      return filter;
    } catch (error) {
      if (!(error instanceof UserError) || error.code === 'CONFLICT') throw error;
      throw new UserError('CONFLICT', `The filter of the cohort "${row.name}" is no longer valid: ${error.message}`, {
        cause: error,
      });
    }
  }

  private async load(id: string, version: number | undefined): Promise<CohortRow | undefined> {
    const rows = await queryRows(
      this.database,
      COHORT,
      `SELECT c.id, c.name, c.kind, c.visibility, c.owner_id AS "ownerId", o.role AS "ownerRole", o.name AS "ownerName",
              v.version, v.filter, v.members_of_id AS "membersOfId"
       FROM cohort c
       JOIN cohort_version v ON v.cohort_id = c.id
       LEFT JOIN api_token o ON o.id = c.owner_id
       WHERE c.id = $1::uuid AND ($2::integer IS NULL OR v.version = $2::integer)
       -- The newest there is: while a change is being made, the cohort's own number is ahead of it.
       ORDER BY v.version DESC LIMIT 1`,
      [id, version ?? null],
    );
    return rows[0];
  }
}

function parse(condition: unknown, path: string): { id: string; version: number | undefined } {
  const { eq, version = undefined } = isFilterObject(condition) ? condition : {};
  const id = typeof eq === 'string' ? decodeId(eq) : undefined;
  if (id?.type !== 'Cohort') throw new UserError('BAD_USER_INPUT', `${path}.eq must be the id of a Cohort.`);
  if (version === undefined || version === null) return { id: String(id.key), version: undefined };
  if (typeof version === 'number' && Number.isInteger(version)) return { id: String(id.key), version };
  throw new UserError('BAD_USER_INPUT', `${path}.version must be a whole number.`);
}
