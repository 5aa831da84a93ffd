import { randomInt, randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { READER_CHOICES, type ReaderChoice, stageOf } from '../../domain/reader-studies.js';
import { ReaderSession, type ReaderStudy, ReaderStudyPair, ReaderTrial, queryRows } from '../../entities/index.js';
import { audit } from '../access/index.js';
import { mayAnswerSession, type TokenPrincipal } from '../../policy/index.js';
import { findReaderStudy } from './studies.js';

const SHOWN_TRIAL = z.object({
  index: z.number(),
  leftAssetId: z.number(),
  rightAssetId: z.number(),
  choice: z.enum(READER_CHOICES).nullable(),
});

/** What a reader is shown of a trial: two pictures, and what they have answered. */
export type ShownTrial = z.infer<typeof SHOWN_TRIAL>;

/**
 * The viewer's way through a study, begun if there is none. Order and sides are drawn anew for each reader, from the system's
 * randomness and not from the study's seed, which people may know; the imported image is on either side equally often.
 *
 * @throws UserError NOT_FOUND, CONFLICT while the study is not open
 */
export async function startReaderSession(
  dataSource: DataSource,
  viewer: TokenPrincipal,
  studyId: string,
): Promise<ReaderSession> {
  return dataSource.transaction(async (manager) => {
    const study = await findReaderStudy(manager, studyId);
    await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `reader ${studyId} ${viewer.tokenId}`,
    ]);
    const known = await sessionOf(manager, viewer, studyId);
    if (known) return known;
    refuseUnlessOpen(study);
    const id = randomUUID();
    await manager.insert(ReaderSession, { id, studyId, readerId: viewer.tokenId });
    // Pairs of participants who were erased leave gaps.
    const pairs = await manager.find(ReaderStudyPair, { select: { place: true }, where: { studyId } });
    const order = shuffled(pairs.map(({ place }) => place));
    const extra = randomInt(2);
    const sides = shuffled(order.map((_, index): ReaderChoice => ((index + extra) % 2 === 0 ? 'LEFT' : 'RIGHT')));
    await manager.insert(
      ReaderTrial,
      order.map((pair, index) => ({ sessionId: id, index, pair, realSide: sides[index]! })),
    );
    await audit(manager, { tokenId: viewer.tokenId, action: 'startReaderSession', target: studyId });
    return manager.findOneByOrFail(ReaderSession, { id });
  });
}

/**
 * Stores which of two images the reader takes for the imported one. Giving the same answer again changes nothing.
 *
 * @throws UserError NOT_FOUND, CONFLICT for another answer than the one that is stored, or when the study is not open
 */
export async function answerTrial(
  dataSource: DataSource,
  viewer: TokenPrincipal,
  { sessionId, trial: index, choice }: { sessionId: string; trial: number; choice: ReaderChoice },
): Promise<ReaderSession> {
  return dataSource.transaction(async (manager) => {
    const session = await ownSession(manager, viewer, sessionId, true);
    const trial = await manager.findOneBy(ReaderTrial, { sessionId, index });
    if (!trial) throw new UserError('NOT_FOUND', `The session has no trial ${index}.`);
    if (trial.choice === choice) return session;
    if (trial.choice !== null) {
      throw new UserError('CONFLICT', `Trial ${index} was answered ${trial.choice}; an answer is given once.`);
    }
    refuseUnlessOpen(await findReaderStudy(manager, session.studyId));
    await manager.update(ReaderTrial, { sessionId, index }, { choice, answeredAt: () => 'clock_timestamp()' });
    const open = await manager.query('SELECT 1 FROM reader_trial WHERE session_id = $1 AND choice IS NULL LIMIT 1', [
      sessionId,
    ]);
    if ((open as unknown[]).length === 0) {
      await manager.update(ReaderSession, { id: sessionId }, { finishedAt: () => 'clock_timestamp()' });
    }
    await audit(manager, { tokenId: viewer.tokenId, action: 'answerReaderTrial', target: `${sessionId} ${index}` });
    return manager.findOneByOrFail(ReaderSession, { id: sessionId });
  });
}

/** The viewer's way through a study, if it is begun. */
export function sessionOf(
  database: DataSource | EntityManager,
  { tokenId }: TokenPrincipal,
  studyId: string,
): Promise<ReaderSession | null> {
  return database.getRepository(ReaderSession).findOneBy({ studyId, readerId: tokenId });
}

/** A session of the viewer's own. @throws UserError NOT_FOUND also for somebody else's */
export async function ownSession(
  database: DataSource | EntityManager,
  principal: TokenPrincipal,
  id: string,
  lock = false,
): Promise<ReaderSession> {
  const session = await database.getRepository(ReaderSession).findOne({
    where: { id },
    ...(lock ? { lock: { mode: 'pessimistic_write' as const } } : {}),
  });
  if (!session || !mayAnswerSession(session, principal)) {
    throw new UserError('NOT_FOUND', 'You have no such session.');
  }
  return session;
}

/** Trials of a session as the reader sees them, in order. */
export async function shownTrials(
  dataSource: DataSource,
  sessionId: string,
  { first, from = 0, open = false }: { first: number; from?: number; open?: boolean },
): Promise<ShownTrial[]> {
  return await queryRows(
    dataSource,
    SHOWN_TRIAL,
    `SELECT t.index, t.choice,
       CASE t.real_side WHEN 'LEFT' THEN p.real_asset_id ELSE p.generated_asset_id END AS "leftAssetId",
       CASE t.real_side WHEN 'LEFT' THEN p.generated_asset_id ELSE p.real_asset_id END AS "rightAssetId"
     FROM reader_trial t JOIN reader_session s ON s.id = t.session_id
     JOIN reader_study_pair p ON p.study_id = s.study_id AND p.place = t.pair
     WHERE t.session_id = $1 AND t.index >= $2 AND (NOT $3 OR t.choice IS NULL) ORDER BY t.index LIMIT $4`,
    [sessionId, from, open, first],
  );
}

/** How many trials a session has, and how many are answered. */
export async function sessionCounts(
  dataSource: DataSource,
  sessionId: string,
): Promise<{ answered: number; total: number }> {
  const rows = await queryRows(
    dataSource,
    z.object({ answered: z.number(), total: z.number() }),
    `SELECT count(*)::integer AS total, count(choice)::integer AS answered FROM reader_trial WHERE session_id = $1`,
    [sessionId],
  );
  return rows[0]!;
}

function refuseUnlessOpen(study: ReaderStudy): void {
  const state = stageOf(study.state);
  if (state === 'OPEN') return;
  const why = { PREPARING: 'its pictures are still being drawn', CLOSED: 'it is closed', FAILED: 'it has failed' }[
    state
  ];
  throw new UserError('CONFLICT', `The study takes no answers: ${why}.`);
}

/** Fisher-Yates with the system's randomness. */
function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}
