import type { Logger } from 'pino';
import { type DataSource, IsNull } from 'typeorm';
import { Generation, ReaderStudy, ReaderStudyPair } from '../../entities/index.js';
import { type BlobStore, storeAsset } from '../../storage/index.js';
import { type BackgroundWork, startBackground } from '../../work/background.js';
import { readSeries, readSlices } from '../evaluations/index.js';
import { type Figures, openFigures } from '../reports/figures.js';

export interface StudyPreparationOptions {
  dataSource: DataSource;
  store: BlobStore;
  logger: Logger;
}

const POLL_MS = 5_000;

/** A server that has drawn no picture for so long has lost its study, s. */
const STALE_S = 60;

/** How often a study is taken up before it is given up. */
const MAX_ATTEMPTS = 5;

/** Draws the pictures of new studies, one study at a time. What a process that dies has drawn stays. */
export function startStudyPreparation(options: StudyPreparationOptions): BackgroundWork {
  const { dataSource, logger } = options;
  return startBackground({
    name: 'reader studies',
    logger,
    pollMs: POLL_MS,
    async next(stopping) {
      const [rows] = (await dataSource.query(
        `UPDATE reader_study SET attempt = attempt + 1, heartbeat_at = clock_timestamp(),
           state = CASE WHEN attempt < $2 THEN state ELSE 'FAILED' END,
           error = CASE WHEN attempt >= $2 THEN 'Its pictures could not be drawn; the server log says why.' END
         WHERE id = (SELECT id FROM reader_study WHERE state = 'PREPARING'
           AND (heartbeat_at IS NULL OR heartbeat_at < clock_timestamp() - make_interval(secs => $1))
           ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING id, attempt, state`,
        [STALE_S, MAX_ATTEMPTS],
      )) as [{ id: string; attempt: number; state: string }[], number];
      const claimed = rows[0];
      if (claimed?.state !== 'PREPARING') return undefined;
      return () => prepare(claimed, options, stopping);
    },
  });
}

async function prepare(
  study: { id: string; attempt: number },
  { dataSource, store, logger }: StudyPreparationOptions,
  stopping: AbortSignal,
): Promise<void> {
  const figures = openFigures();
  try {
    const missing = await dataSource.manager.find(ReaderStudyPair, {
      where: { studyId: study.id, realAssetId: IsNull() },
      order: { place: 'ASC' },
    });
    for (const pair of missing) {
      if (stopping.aborted || !(await beat(dataSource, study))) return await release(dataSource, study);
      await draw(pair, dataSource, store, figures);
    }
    const { id, attempt } = study;
    await dataSource.manager.update(ReaderStudy, { id, attempt, state: 'PREPARING' }, { state: 'OPEN' });
    logger.info({ study: id }, 'a reader study is open');
  } catch (err) {
    await release(dataSource, study);
    if (!stopping.aborted) logger.error({ err, study: study.id }, 'the pictures of a reader study could not be drawn');
  } finally {
    await figures.close();
  }
}

async function draw(pair: ReaderStudyPair, dataSource: DataSource, store: BlobStore, figures: Figures): Promise<void> {
  const { studyId, place, generationId, seriesId, slice } = pair;
  const { manager } = dataSource;
  const { sliceCount } = await manager.findOneByOrFail(Generation, { id: generationId });
  const series = await readSeries(dataSource, store, seriesId);
  if (!series) throw new Error(`MRI series ${seriesId} has no pixels any more.`);
  const slices = await readSlices(dataSource, store, generationId, slice === null ? undefined : [slice]);
  const { real, generated } = await figures.run('blindedPair', { series, slices, sliceCount, slice });
  const realAsset = await storeAsset(manager, store, Buffer.from(real), 'image/png');
  const generatedAsset = await storeAsset(manager, store, Buffer.from(generated), 'image/png');
  const drawn = { realAssetId: realAsset.id, generatedAssetId: generatedAsset.id };
  await manager.update(ReaderStudyPair, { studyId, place }, drawn);
}

/** @returns false when the study is not this attempt's any more */
async function beat(dataSource: DataSource, { id, attempt }: { id: string; attempt: number }): Promise<boolean> {
  const [, held] = (await dataSource.query(
    `UPDATE reader_study SET heartbeat_at = clock_timestamp() WHERE id = $1 AND attempt = $2 AND state = 'PREPARING'`,
    [id, attempt],
  )) as [unknown, number];
  return held > 0;
}

/** Leaves the study to whoever looks next. */
async function release(dataSource: DataSource, { id, attempt }: { id: string; attempt: number }): Promise<void> {
  await dataSource
    .query(`UPDATE reader_study SET heartbeat_at = NULL WHERE id = $1 AND attempt = $2 AND state = 'PREPARING'`, [
      id,
      attempt,
    ])
    .catch(() => undefined);
}
