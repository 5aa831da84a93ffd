import { type DataSource, IsNull } from 'typeorm';
import type { ReaderStudyState } from '../../domain/reader-studies.js';
import { Generation, ReaderStudy, ReaderStudyPair } from '../../entities/index.js';
import { type BlobStore, storeAsset } from '../../storage/index.js';
import { type Completion, DamagedData, type RunContext, type StateChange, type WorkKind } from '../../work/index.js';
import { type Figures, openFigures, readSeries, readSlices } from '../reports/index.js';
import { settingsOf } from '../generations/index.js';

/** What a reader study's log says. */
export type ReaderStudyEventBody = { type: 'STATE_CHANGED'; payload: StateChange<ReaderStudyState> };

export interface ReaderStudyResources {
  store: BlobStore;
}

/** The pictures of a reader study. A study is OPEN when all are drawn; what an attempt that is interrupted has drawn stays. */
export const READER_STUDY: WorkKind<ReaderStudy, ReaderStudyEventBody, ReaderStudyResources> = {
  name: 'reader study',
  table: 'reader_study',
  entity: ReaderStudy,
  holder: 'server',
  transitions: {
    QUEUED: ['RUNNING', 'CLOSED'],
    RUNNING: ['QUEUED', 'OPEN', 'FAILED', 'CLOSED'],
    OPEN: ['CLOSED'],
    FAILED: ['CLOSED'],
    CLOSED: [],
  },
  final: ['CLOSED'],
  succeeded: 'OPEN',
  canceled: 'CLOSED',
  cancels: 'AT_ONCE',
  ready: (_row, { store }) => store.requireRoom(0),
  run: drawPictures,
};

type Context = RunContext<ReaderStudy, ReaderStudyEventBody, ReaderStudyResources>;

async function drawPictures({
  row,
  lease,
  dataSource,
  resources: { store },
}: Context): Promise<Completion<ReaderStudy, ReaderStudyEventBody>> {
  const figures = openFigures();
  try {
    const missing = await dataSource.manager.find(ReaderStudyPair, {
      where: { studyId: row.id, realAssetId: IsNull() },
      order: { place: 'ASC' },
    });
    for (const pair of missing) {
      lease.signal.throwIfAborted();
      const drawn = await draw(pair, dataSource, store, figures);
      const { studyId, place } = pair;
      await lease.transaction(async (manager) => {
        await manager.update(ReaderStudyPair, { studyId, place }, drawn);
      });
    }
  } finally {
    await figures.close();
  }
  return { finish: () => Promise.resolve({}) };
}

async function draw(
  { generationId, seriesId, slice }: ReaderStudyPair,
  dataSource: DataSource,
  store: BlobStore,
  figures: Figures,
): Promise<Pick<ReaderStudyPair, 'realAssetId' | 'generatedAssetId'>> {
  const { manager } = dataSource;
  const { sliceCount } = settingsOf(await manager.findOneByOrFail(Generation, { id: generationId }));
  const series = await readSeries(dataSource, store, seriesId);
  if (!series) throw new DamagedData(`MRI series ${seriesId} has no pixels any more.`);
  const slices = await readSlices(dataSource, store, generationId, slice === null ? undefined : [slice]);
  const { real, generated } = await figures.run('blindedPair', { series, slices, sliceCount, slice });
  const realAsset = await storeAsset(manager, store, Buffer.from(real), 'image/png');
  const generatedAsset = await storeAsset(manager, store, Buffer.from(generated), 'image/png');
  return { realAssetId: realAsset.id, generatedAssetId: generatedAsset.id };
}
