import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import type { CohortVisibility } from '../../domain/cohorts.js';
import { UserError } from '../../domain/errors.js';
import { type Cohort, type CohortVersion, queryRow } from '../../entities/index.js';
import { compileFilter, KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';
import { findCohort } from './access.js';
import type { Principal } from '../../policy/index.js';
import { insertCohort, record } from './change.js';
import { expandCohorts } from './expand.js';
import { countMembers } from './members.js';
import { inCohort } from './read.js';
import { complete, insertVersion, inSnapshot } from './versions.js';
import { checkName } from './words.js';

export interface SplitRequest {
  /** Default: 70 % train, 15 % val, 15 % test. */
  parts?: readonly SplitPart[] | null | undefined;
  /** 0 to 2^31 - 1; default 0. The same seed on the same participants gives the same parts. */
  seed?: number | null | undefined;
  /** Of the new cohorts; default: PRIVATE. */
  visibility?: CohortVisibility | null | undefined;
}

export interface SplitPart {
  name: string;
  /** Of the participants, above 0; all together 1. */
  fraction: number;
}

export interface SplitResult extends SplitPart {
  cohort: Cohort;
  exams: number;
  participants: number;
}

const DEFAULT_PARTS: readonly SplitPart[] = [
  { name: 'train', fraction: 0.7 },
  { name: 'val', fraction: 0.15 },
  { name: 'test', fraction: 0.15 },
];

const MAX_PARTS = 20;
const MAX_SEED = 2 ** 31 - 1;

/**
 * Splits a cohort by participant into new static cohorts "<name> / <part>". Participants are ordered by the highest KL grade among
 * their exams of the cohort, within a grade by a hash of seed and OAI id, and dealt out in that order, so that each part gets
 * its fraction of every grade to within two participants. Both knees and all visits of a participant go together.
 *
 * @throws UserError BAD_USER_INPUT for impossible parts or a cohort with too few participants; NOT_FOUND, CONFLICT.
 */
export async function splitCohort(
  dataSource: DataSource,
  actor: Principal,
  id: string,
  request: SplitRequest,
): Promise<SplitResult[]> {
  const parts = checkParts(request.parts ?? DEFAULT_PARTS);
  const seed = request.seed ?? 0;
  if (!Number.isInteger(seed) || seed < 0 || seed > MAX_SEED) {
    throw new UserError('BAD_USER_INPUT', `seed must be a whole number from 0 to ${MAX_SEED}, got ${seed}.`);
  }
  return inSnapshot(dataSource, async (manager) => {
    const source = await findCohort(manager, actor, id);
    const { where } = await expandCohorts(manager, actor, inCohort(source.id, source.version));
    const pattern = dealOut(
      parts.map(({ fraction }) => fraction),
      await countParticipants(manager, where),
    );
    const empty = parts.findIndex((_, index) => !pattern.includes(index));
    if (empty >= 0) {
      throw new UserError(
        'BAD_USER_INPUT',
        `The cohort "${source.name}" has ${pattern.length} participant${pattern.length === 1 ? '' : 's'}, which leaves nobody ` +
          `for the part "${parts[empty]!.name}".`,
      );
    }
    const made: { part: SplitPart; cohort: Cohort; version: CohortVersion }[] = [];
    for (const part of parts) {
      const words = {
        name: checkName(`${source.name} / ${part.name}`),
        description: `Part "${part.name}" (${part.fraction}) of "${source.name}", version ${source.version}, seed ${seed}.`,
      };
      const visibility = request.visibility ?? 'PRIVATE';
      const cohort = await insertCohort(manager, actor, { ...words, kind: 'STATIC', visibility });
      const of = { id: source.id, version: source.version };
      const origin = { kind: 'SPLIT', of, part: part.name, fraction: part.fraction, seed } as const;
      const version = await insertVersion(manager, actor, cohort, { ...words, note: null }, { filter: null, origin });
      made.push({ part, cohort, version });
    }
    await freezeParts(
      manager,
      where,
      seed,
      pattern.map((index) => made[index]!.version.id),
    );
    const results: SplitResult[] = [];
    for (const { part, cohort, version } of made) {
      const counts = await countMembers(manager, version.id);
      await complete(manager, version, counts, null);
      results.push({ ...part, cohort, exams: counts.examCount, participants: counts.participantCount });
    }
    const detail = { seed, parts: results.map(({ name, fraction, cohort }) => ({ name, fraction, id: cohort.id })) };
    await record(manager, actor, 'splitCohort', source, { version: source.version, ...detail });
    return results;
  });
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

async function countParticipants(manager: EntityManager, where: Where): Promise<number> {
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const condition = compileFilter(where, scope, parameters);
  const { count } = await queryRow(
    manager,
    z.object({ count: z.number() }),
    `SELECT count(DISTINCT t.participant_id)::integer AS count FROM ${scope.from()} WHERE ${condition}`,
    parameters.values,
  );
  return count;
}

/** Freezes each participant's exams into the version at their place. */
async function freezeParts(manager: EntityManager, where: Where, seed: number, versions: number[]): Promise<void> {
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const condition = compileFilter(where, scope, parameters);
  await manager.query(
    `WITH exams AS MATERIALIZED (SELECT t.id, t.participant_id, t.xrkl FROM ${scope.from()} WHERE ${condition}),
          people AS (SELECT e.participant_id, row_number() OVER (
              ORDER BY max(e.xrkl) NULLS LAST, md5(${parameters.add(String(seed), 'text')} || ':' || p.oai_id), p.oai_id
            ) AS place FROM exams e JOIN participant p ON p.id = e.participant_id GROUP BY e.participant_id, p.oai_id),
          places AS (SELECT * FROM unnest(${parameters.add(versions, 'integer[]')}) WITH ORDINALITY AS dealt(version_id, place))
     INSERT INTO cohort_member (version_id, exam_id)
     SELECT version_id, exams.id FROM exams JOIN people USING (participant_id) JOIN places USING (place)`,
    parameters.values,
  );
}
