import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import {
  READER_STUDY_LIMITS,
  READER_STUDY_STAGES,
  READER_UNITS,
  type ReaderUnit,
} from '../../domain/reader-studies.js';
import { Evaluation, ReaderStudy, ReaderStudyPair, queryRows } from '../../entities/index.js';
import { philox4x32 } from '../../domain/philox.js';
import { advance, enterLog } from '../../work/index.js';
import { audit } from '../access/index.js';
import { expandCohorts } from '../cohorts/index.js';
import { column, compileFilter, KNEE_EXAMS, Parameters, Scope, type Table, type Where } from '../filters/index.js';
import { MAX_SEED } from '../generations/index.js';
import type { Listing } from '../paging/index.js';
import { mayManageStudy, type TokenPrincipal } from '../../policy/index.js';
import { READER_STUDY } from './kind.js';

/** What a new study shows. */
export interface StudyRequest {
  name: string;
  /** Key of the evaluation whose volumes are shown. */
  evaluationId: string;
  unit: ReaderUnit;
  /** 2 to 200. */
  pairs: number;
  /** Arms whose volumes are shown; default: all. */
  arms?: readonly number[] | null | undefined;
  /** Only knees that this selects, e.g. those of a cohort. */
  where?: Where | null | undefined;
  /** Decides which knees and slices; default 0. */
  seed?: number | null | undefined;
}

/** Depths between which slices are shown: further out there is little but muscle. */
const SHOWN_DEPTHS = { first: 0.28, last: 0.96 } as const;

/**
 * Enters a study; its pictures are drawn in the background. Knees are dealt out evenly over arms and KL grades.
 *
 * @throws UserError NOT_FOUND, BAD_USER_INPUT, CONFLICT when the evaluation is not finished
 */
export async function createReaderStudy(
  dataSource: DataSource,
  viewer: TokenPrincipal,
  request: StudyRequest,
): Promise<ReaderStudy> {
  const { evaluationId, unit, arms } = request;
  const name = request.name.trim();
  const seed = request.seed ?? 0;
  if (name === '' || name.length > 200) throw new UserError('BAD_USER_INPUT', 'name must have 1 to 200 characters.');
  checkWhole('pairs', request.pairs, 2, READER_STUDY_LIMITS.pairs);
  checkWhole('seed', seed, 0, MAX_SEED);
  return dataSource.transaction(async (manager) => {
    const evaluation = await manager.findOneBy(Evaluation, { id: evaluationId });
    if (!evaluation) throw new UserError('NOT_FOUND', 'There is no such evaluation.');
    if (evaluation.state !== 'SUCCEEDED') {
      throw new UserError('CONFLICT', `The evaluation is ${evaluation.state}; a study needs one that has SUCCEEDED.`);
    }
    const wrong = arms?.find((arm) => !evaluation.arms[arm]);
    if (wrong !== undefined) {
      throw new UserError(
        'BAD_USER_INPUT',
        `There is no arm ${wrong}; the evaluation has 0 to ${evaluation.arms.length - 1}.`,
      );
    }
    const { where } = await expandCohorts(manager, viewer, request.where ?? null);
    const volumes = await shownVolumes(manager, evaluation, arms ?? evaluation.arms.map((_, arm) => arm), where);
    const pairs = choosePairs(volumes, request.pairs, unit, seed);
    const id = randomUUID();
    await manager.insert(ReaderStudy, {
      id,
      name,
      state: 'QUEUED',
      unit,
      evaluationId,
      seed,
      pairCount: pairs.length,
      createdById: viewer.tokenId,
    } as object);
    await manager.insert(ReaderStudyPair, pairs.map((pair, place) => ({ ...pair, studyId: id, place })) as object[]);
    await enterLog(manager, READER_STUDY, id);
    const detail = { evaluation: evaluationId, unit, pairs: pairs.length };
    await audit(manager, { tokenId: viewer.tokenId, action: 'createReaderStudy', target: id, detail });
    return manager.findOneByOrFail(ReaderStudy, { id });
  });
}

/**
 * Ends a study: nobody starts or goes on.
 *
 * @throws UserError NOT_FOUND; FORBIDDEN for anybody but its maker and administrators
 */
export async function closeReaderStudy(
  dataSource: DataSource,
  viewer: TokenPrincipal,
  id: string,
): Promise<ReaderStudy> {
  return dataSource.transaction(async (manager) => {
    const study = await manager.findOne(ReaderStudy, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!study) throw new UserError('NOT_FOUND', 'There is no such reader study.');
    if (!mayManageStudy(study, viewer)) {
      throw new UserError('FORBIDDEN', 'Only whoever made a reader study, or an administrator, can close it.');
    }
    if (study.state !== 'CLOSED') await advance(manager, READER_STUDY, study, { to: 'CLOSED' });
    await audit(manager, { tokenId: viewer.tokenId, action: 'closeReaderStudy', target: id });
    return manager.findOneByOrFail(ReaderStudy, { id });
  });
}

/** @throws UserError NOT_FOUND */
export async function findReaderStudy(database: DataSource | EntityManager, id: string): Promise<ReaderStudy> {
  const study = await database.getRepository(ReaderStudy).findOneBy({ id });
  if (!study) throw new UserError('NOT_FOUND', 'There is no such reader study.');
  return study;
}

export const READER_STUDIES: Table = {
  name: 'reader_study',
  joins: {},
  fields: {
    id: column({ kind: 'id', of: 'ReaderStudy' }, 'id'),
    name: column('text', 'name'),
    state: {
      ...column({ kind: 'choice', of: READER_STUDY_STAGES }, 'state'),
      sql: (study) => `CASE WHEN ${study}.state IN ('QUEUED', 'RUNNING') THEN 'PREPARING' ELSE ${study}.state END`,
    },
    unit: column({ kind: 'choice', of: READER_UNITS }, 'unit'),
    evaluation: column({ kind: 'id', of: 'Evaluation' }, 'evaluation_id'),
    createdAt: column('timestamp', 'created_at'),
  },
};

/** The newest first. */
export const READER_STUDY_LISTING: Listing<ReaderStudy> = {
  table: READER_STUDIES,
  entity: ReaderStudy,
  key: column({ kind: 'id', of: 'ReaderStudy' }, 'id'),
  orders: { CREATED_AT: column('timestamp', 'created_at') },
  defaultOrder: [{ field: 'CREATED_AT', direction: 'DESC' }],
};

const SHOWN_VOLUME = z.object({
  arm: z.number(),
  examId: z.number(),
  generationId: z.string(),
  seriesId: z.number(),
  kl: z.number().nullable(),
  side: z.enum(['RIGHT', 'LEFT']),
});

type ShownVolume = z.infer<typeof SHOWN_VOLUME> & { sliceCount: number };

async function shownVolumes(
  manager: EntityManager,
  evaluation: Evaluation,
  arms: readonly number[],
  where: Where | null,
): Promise<ShownVolume[]> {
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const condition = compileFilter(where, scope, parameters);
  const rows = await queryRows(
    manager,
    SHOWN_VOLUME,
    `SELECT s.arm, s.exam_id AS "examId", s.generation_id AS "generationId", e.series_id AS "seriesId", e.kl, e.side
     FROM evaluation_score s JOIN evaluation_exam e ON e.evaluation_id = s.evaluation_id AND e.exam_id = s.exam_id
     WHERE s.evaluation_id = ${parameters.add(evaluation.id, 'uuid')} AND s.state = 'SUCCEEDED'
       AND s.arm = ANY(${parameters.add(arms, 'integer[]')}) AND s.generation_id IS NOT NULL
       AND s.exam_id IN (SELECT t.id FROM ${scope.from()} WHERE ${condition})
     ORDER BY s.arm, s.exam_id`,
    parameters.values,
  );
  return rows.map((row) => ({ ...row, sliceCount: evaluation.arms[row.arm]!.sliceCount }));
}

type ChosenPair = Omit<ShownVolume, 'sliceCount'> & { slice: number | null };

/**
 * Deals pairs out evenly over arms and KL grades: the groups take turns, each gives its volumes in an order that the seed decides,
 * and starts anew, with other slices, when it has none left. A volume, or one slice of it, is shown at most once.
 *
 * @throws UserError BAD_USER_INPUT when there are fewer than two pairs to show
 */
function choosePairs(volumes: readonly ShownVolume[], wanted: number, unit: ReaderUnit, seed: number): ChosenPair[] {
  const groups = [...Map.groupBy(volumes, ({ arm, kl }) => `${arm} ${kl}`).values()].map((group, index) =>
    shuffled(
      group.flatMap((volume): { volume: ShownVolume; slice: number | null }[] =>
        unit === 'VOLUME' ? [{ volume, slice: null }] : slicesOf(volume).map((slice) => ({ volume, slice })),
      ),
      seed,
      index,
    ),
  );
  const chosen: ChosenPair[] = [];
  const taken = new Map<string, number>();
  // Round after round, so that no knee is shown twice before every knee of its group was shown once.
  for (let round = 1; chosen.length < wanted && groups.some((group) => group.length > 0);) {
    let any = false;
    for (const group of groups) {
      if (chosen.length === wanted) break;
      const at = group.findIndex(({ volume }) => (taken.get(volume.generationId) ?? 0) < round);
      const [next] = at < 0 ? [] : group.splice(at, 1);
      if (!next) continue;
      const { sliceCount: _, ...pair } = next.volume;
      taken.set(pair.generationId, (taken.get(pair.generationId) ?? 0) + 1);
      chosen.push({ ...pair, slice: next.slice });
      any = true;
    }
    if (!any) round++;
  }
  if (chosen.length < 2) {
    throw new UserError('BAD_USER_INPUT', `There are ${chosen.length} pairs to show; a study needs at least two.`);
  }
  return chosen;
}

/** Slices of a volume that show a joint. */
function slicesOf({ sliceCount }: ShownVolume): number[] {
  return Array.from({ length: sliceCount }, (_, index) => index).filter((index) => {
    const depth = index / (sliceCount - 1);
    return depth >= SHOWN_DEPTHS.first && depth <= SHOWN_DEPTHS.last;
  });
}

/** A permutation that the seed decides: sorted by Philox words under counter (place, stream, 0, 2). */
function shuffled<T>(items: readonly T[], seed: number, stream: number): T[] {
  return items
    .map((item, place) => ({ item, word: philox4x32([place, stream, 0, 2], [seed, 0])[0] }))
    .sort((a, b) => a.word - b.word)
    .map(({ item }) => item);
}

function checkWhole(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new UserError('BAD_USER_INPUT', `${name} is ${value}; it must be a whole number from ${min} to ${max}.`);
}
