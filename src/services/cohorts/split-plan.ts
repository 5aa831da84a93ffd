import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import type { SplitMethod, SplitPart, SplitPlan, SplitRequest } from '../../domain/splits.js';
import { queryRows } from '../../entities/index.js';
import { compileFilter, KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';
import { checkName } from './words.js';

/** Who is in which part. */
export interface Dealt {
  parts: readonly SplitPart[];
  /** Keys, each once. */
  participants: number[];
  /** Of each of them, the index of the part. */
  places: number[];
}

const DEFAULT_PARTS: readonly SplitPart[] = [
  { name: 'train', fraction: 0.7 },
  { name: 'val', fraction: 0.15 },
  { name: 'test', fraction: 0.15 },
];

const MAX_PARTS = 20;
const MAX_SEED = 2 ** 31 - 1;

/** What participants are ordered by before they are dealt out, so that each part gets its share of every value. */
const STRATA: Readonly<Record<SplitMethod, string>> = {
  KL: 'people.kl NULLS LAST, ',
  SITE: 'p.site NULLS LAST, ',
  RANDOM: '',
  LEAVE_ONE_SITE_OUT: 'p.site NULLS LAST, ',
};

/** @throws UserError BAD_USER_INPUT for parts, folds or a seed that are impossible, or that do not go together. */
export function planSplit({ parts, folds, method, seed }: SplitRequest): SplitPlan {
  const number = seed ?? 0;
  if (!Number.isInteger(number) || number < 0 || number > MAX_SEED) {
    throw new UserError('BAD_USER_INPUT', `seed must be a whole number from 0 to ${MAX_SEED}, got ${number}.`);
  }
  if (parts != null && folds != null) throw new UserError('BAD_USER_INPUT', 'Give parts or folds, not both.');
  if (method === 'LEAVE_ONE_SITE_OUT') {
    if (parts || folds != null) {
      throw new UserError(
        'BAD_USER_INPUT',
        'LEAVE_ONE_SITE_OUT has a part for each site; give neither parts nor folds.',
      );
    }
    return { method, seed: number, parts: null };
  }
  const wanted = folds == null ? checkParts(parts ?? DEFAULT_PARTS) : foldsOf(folds);
  return { method: method ?? 'KL', seed: number, parts: wanted };
}

/**
 * Deals the participants of the exams that a filter selects into the parts of a plan: by KL grade (the highest of a person's exams), by
 * site or not at all, within that by a hash of seed and OAI id. Both knees and all visits of a participant go together.
 *
 * @param where without `inCohort`: expanded
 * @param what whose participants they are, as a refusal begins, e.g. `The cohort "x"`
 * @throws UserError BAD_USER_INPUT where a part would have nobody
 */
export async function dealParticipants(
  database: DataSource | EntityManager,
  where: Where | null | undefined,
  { method, seed, parts: wanted }: SplitPlan,
  what: string,
): Promise<Dealt> {
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const condition = compileFilter(where, scope, parameters);
  const people = await queryRows(
    database,
    z.object({ id: z.number(), site: z.string().nullable() }),
    `WITH people AS (SELECT t.participant_id AS id, max(t.xrkl) AS kl FROM ${scope.from()} WHERE ${condition} GROUP BY 1)
     SELECT p.id, p.site FROM people JOIN participant p USING (id)
     ORDER BY ${STRATA[method]}md5(${parameters.add(String(seed), 'text')} || ':' || p.oai_id), p.oai_id`,
    parameters.values,
  );
  const participants = people.map(({ id }) => id);
  const sites = [...new Set(people.map(({ site }) => nameOf(site)))];
  const parts =
    wanted ??
    sites.map((name) => ({
      name,
      fraction: people.filter(({ site }) => nameOf(site) === name).length / people.length,
    }));
  const places = wanted
    ? dealOut(
        wanted.map(({ fraction }) => fraction),
        people.length,
      )
    : people.map(({ site }) => sites.indexOf(nameOf(site)));
  if (!wanted && sites.length < 2) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${what} has participants of ${sites[0] ?? 'no site'} alone; there is none to leave out.`,
    );
  }
  if (parts.length > MAX_PARTS) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${what} has participants of ${parts.length} sites; at most ${MAX_PARTS} parts are made.`,
    );
  }
  const empty = parts.findIndex((_, index) => !places.includes(index));
  if (empty >= 0) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${what} has ${people.length} participant${people.length === 1 ? '' : 's'}, which leaves nobody ` +
        `for the part "${parts[empty]!.name}".`,
    );
  }
  return { parts, participants, places };
}

/**
 * Which part each of `count` places gets: always the one that is furthest behind its fraction. After any number of places no
 * part is more than one ahead of or behind its fraction.
 */
export function dealOut(fractions: readonly number[], count: number): number[] {
  const given = fractions.map(() => 0);
  return Array.from({ length: count }, (_, place) => {
    let most = 0;
    for (const [index, fraction] of fractions.entries()) {
      const behind = fraction * (place + 1) - given[index]!;
      if (behind > fractions[most]! * (place + 1) - given[most]! + 1e-9) most = index;
    }
    given[most]! += 1;
    return most;
  });
}

function nameOf(site: string | null): string {
  return site === null ? 'no site' : `site ${site}`;
}

function foldsOf(folds: number): SplitPart[] {
  if (!Number.isInteger(folds) || folds < 2 || folds > MAX_PARTS) {
    throw new UserError('BAD_USER_INPUT', `folds must be a whole number from 2 to ${MAX_PARTS}, got ${folds}.`);
  }
  return Array.from({ length: folds }, (_, index) => ({ name: `fold ${index + 1}`, fraction: 1 / folds }));
}

function checkParts(parts: readonly SplitPart[]): SplitPart[] {
  if (parts.length < 2 || parts.length > MAX_PARTS) {
    throw new UserError('BAD_USER_INPUT', `parts must be between 2 and ${MAX_PARTS}, got ${parts.length}.`);
  }
  const checked = parts.map(({ name, fraction }, index) => {
    if (!(fraction > 0))
      throw new UserError('BAD_USER_INPUT', `parts[${index}].fraction must be above 0, got ${fraction}.`);
    return { name: checkName(name, `parts[${index}].name`), fraction };
  });
  if (new Set(checked.map(({ name }) => name)).size < checked.length) {
    throw new UserError('BAD_USER_INPUT', 'parts must have different names.');
  }
  const sum = checked.reduce((total, { fraction }) => total + fraction, 0);
  if (Math.abs(sum - 1) > 1e-6) {
    throw new UserError('BAD_USER_INPUT', `The fractions of parts must add up to 1, got ${Number(sum.toFixed(6))}.`);
  }
  return checked;
}
