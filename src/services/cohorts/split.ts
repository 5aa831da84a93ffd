import type { DataSource, EntityManager } from 'typeorm';
import type { CohortVisibility } from '../../domain/cohorts.js';
import { fractionInWords, type SplitPart, type SplitRequest, splitInWords } from '../../domain/splits.js';
import type { Cohort, CohortVersion } from '../../entities/index.js';
import { compileFilter, KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';
import { findCohort } from './access.js';
import type { Principal } from '../../policy/index.js';
import { insertCohort, record } from './change.js';
import { expandCohorts } from './expand.js';
import { countMembers } from './members.js';
import { inCohort } from './read.js';
import { type Dealt, dealParticipants, planSplit } from './split-plan.js';
import { complete, insertVersion, inSnapshot } from './versions.js';
import { checkName } from './words.js';

export interface CohortSplitRequest extends SplitRequest {
  /** Of the cohort that is split; default: the newest. */
  version?: number | null | undefined;
  /** Of the new cohorts; default: PRIVATE. */
  visibility?: CohortVisibility | null | undefined;
}

export interface SplitResult extends SplitPart {
  cohort: Cohort;
  exams: number;
  participants: number;
}

/**
 * Splits a cohort by participant into new static cohorts "<name> / <part>". Participants are ordered as the method says, within that
 * by a hash of seed and OAI id, and dealt out in that order, so that each part gets its fraction of every KL grade or site to within two
 * participants. Both knees and all visits of a participant go together.
 *
 * @throws UserError BAD_USER_INPUT as {@link planSplit} and {@link dealParticipants}; NOT_FOUND for a cohort or a version that is not there, CONFLICT.
 */
export async function splitCohort(
  dataSource: DataSource,
  actor: Principal,
  id: string,
  request: CohortSplitRequest,
): Promise<SplitResult[]> {
  const plan = planSplit(request);
  const { method, seed } = plan;
  return inSnapshot(dataSource, async (manager) => {
    const source = await findCohort(manager, actor, id);
    const of = { id: source.id, version: request.version ?? source.version };
    const { where } = await expandCohorts(manager, actor, inCohort(of.id, of.version));
    const dealt = await dealParticipants(manager, where, plan, `The cohort "${source.name}"`);
    const made: { part: SplitPart; cohort: Cohort; version: CohortVersion }[] = [];
    for (const part of dealt.parts) {
      const words = {
        name: checkName(`${source.name} / ${part.name}`),
        description: `Part "${part.name}" (${fractionInWords(part.fraction)}) of "${source.name}", version ${of.version}; ${splitInWords(plan)}.`,
      };
      const visibility = request.visibility ?? 'PRIVATE';
      const cohort = await insertCohort(manager, actor, { ...words, kind: 'STATIC', visibility });
      const origin = { kind: 'SPLIT', of, part: part.name, fraction: part.fraction, seed, method } as const;
      const version = await insertVersion(manager, actor, cohort, { ...words, note: null }, { filter: null, origin });
      made.push({ part, cohort, version });
    }
    await freezeParts(
      manager,
      where,
      dealt,
      made.map(({ version }) => version.id),
    );
    const results: SplitResult[] = [];
    for (const { part, cohort, version } of made) {
      const counts = await countMembers(manager, version.id);
      await complete(manager, version, counts, null);
      results.push({ ...part, cohort, exams: counts.examCount, participants: counts.participantCount });
    }
    const detail = {
      seed,
      method,
      parts: results.map(({ name, fraction, cohort }) => ({ name, fraction, id: cohort.id })),
    };
    await record(manager, actor, 'splitCohort', source, { version: of.version, ...detail });
    return results;
  });
}

/** Freezes each participant's exams into the version of their part. */
async function freezeParts(
  manager: EntityManager,
  where: Where,
  { participants, places }: Dealt,
  versions: readonly number[],
): Promise<void> {
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const condition = compileFilter(where, scope, parameters);
  const people = parameters.add(participants, 'integer[]');
  const theirs = parameters.add(
    places.map((place) => versions[place]!),
    'integer[]',
  );
  await manager.query(
    `INSERT INTO cohort_member (version_id, exam_id)
     SELECT dealt.version_id, t.id FROM ${scope.from()}
     JOIN unnest(${people}, ${theirs}) dealt(participant_id, version_id) ON dealt.participant_id = t.participant_id
     WHERE ${condition}`,
    parameters.values,
  );
}
