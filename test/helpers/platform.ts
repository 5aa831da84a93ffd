import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import type { Sex, Side } from '../../src/domain/participants.js';
import { PHANTOM_SPONSOR } from '../../src/domain/provenance.js';
import { type Bundle, KneeExam, MriSeries, Participant, Radiograph, Visit } from '../../src/entities/index.js';
import { encodeNifti } from '../../src/imaging/nifti.js';
import { encodePng } from '../../src/imaging/png.js';
import { centredAffine } from '../../src/imaging/volume.js';
import { gaussianNoise } from '../../src/inference/noise.js';
import { type GenerationQueue, openQueue } from '../../src/scheduling/index.js';
import { registerBundles } from '../../src/services/bundles/registry.js';
import { type BlobStore, openBlobStore, storeAsset } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { TINY_BUNDLE } from './tiny-bundle.js';

/** A database, a blob store, a queue and the tiny bundle: all that generations need. */
export interface TestPlatform extends TestDatabase {
  /** Has the blobs; pass it to `osteograph worker --data-dir`. */
  dataDir: string;
  modelsDir: string;
  queueUrl: string | undefined;
  store: BlobStore;
  queue: GenerationQueue;
  bundle: Bundle;
  close(): Promise<void>;
}

export const silent = pino({ level: 'silent' });

interface PlatformChoices {
  /** redis://... for a queue in Redis. */
  queueUrl?: string | undefined;
  blobUrl?: string | undefined;
  database?: TestDatabase | undefined;
}

export async function createTestPlatform({
  queueUrl,
  blobUrl,
  database: given,
}: PlatformChoices = {}): Promise<TestPlatform> {
  const database = given ?? (await createTestDatabase());
  const dataDir = await mkdtemp(join(tmpdir(), 'osteograph-platform-'));
  const modelsDir = join(dataDir, 'models');
  await cp(TINY_BUNDLE, join(modelsDir, 'tiny-bundle', '1.0.0'), { recursive: true });
  const [bundle] = await registerBundles(database.dataSource, modelsDir);
  const queue = await openQueue({ databaseUrl: database.url, queueUrl, logger: silent });
  return {
    ...database,
    dataDir,
    modelsDir,
    queueUrl,
    store: openBlobStore(dataDir, blobUrl),
    queue,
    bundle: bundle!,
    async close() {
      await queue.close();
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

interface ExamChoices {
  side?: Side;
  mri?: boolean;
  kl?: number;
  sex?: Sex | null;
}

const participants = new WeakMap<DataSource, number>();

/** An exam with a film of its knee, and a real coronal series if asked for; every call makes a new participant. */
export async function createExam(
  { dataSource, store }: { dataSource: DataSource; store: BlobStore },
  { side = 'RIGHT', mri = false, kl = 2, sex = null }: ExamChoices = {},
): Promise<{ exam: KneeExam; radiograph: Radiograph }> {
  const { manager } = dataSource;
  const before = participants.get(dataSource) ?? 0;
  participants.set(dataSource, before + 1);
  const oaiId = String(1_000_000 + before);
  const participant = await manager.save(manager.create(Participant, { oaiId, phantom: true, sex }));
  const visit = await manager.save(manager.create(Visit, { participantId: participant.id, code: 'V00', month: 0 }));
  const exam = await manager.save(
    manager.create(KneeExam, { visitId: visit.id, participantId: participant.id, side, grades: { XRKL: kl } }),
  );
  const film = await storeAsset(manager, store, filmPng(), 'image/png');
  const radiograph = await manager.save(
    manager.create(Radiograph, {
      examId: exam.id,
      view: 'PA',
      rows: 256,
      columns: 256,
      provenance: 'PHANTOM',
      sponsor: PHANTOM_SPONSOR,
      assetId: film.id,
    }),
  );
  if (mri) {
    const nifti = await storeAsset(manager, store, await seriesNifti(), 'application/gzip');
    const sequence = `COR_T1_3D_FLASH_${side}`;
    await manager.save(
      manager.create(MriSeries, {
        examId: exam.id,
        sequence,
        plane: 'CORONAL',
        provenance: 'PHANTOM',
        sponsor: PHANTOM_SPONSOR,
        assetId: nifti.id,
      }),
    );
  }
  return { exam, radiograph };
}

function filmPng(): Buffer {
  const noise = gaussianNoise(11, 0, 0, 256 * 256);
  const data = Uint16Array.from(noise, (value) => Math.min(Math.max(32_768 + 8_000 * value, 0), 65_535));
  return encodePng({ rows: 256, columns: 256, data });
}

/** 80 slices of 1.5 mm with a bright band on a noisy ground. */
function seriesNifti(): Promise<Buffer> {
  const [columns, rows, slices] = [64, 64, 80];
  const noise = gaussianNoise(12, 0, 0, columns * rows * slices);
  const data = Uint16Array.from(noise, (value, index) => {
    const row = Math.floor(index / columns) % rows;
    return Math.max(0, 200 + 40 * value + (Math.abs(row - 32) < 3 ? 500 : 0));
  });
  const spacing = [2.5, 2.5, 1.5] as const;
  const affine = centredAffine('CORONAL', [columns, rows, slices], spacing);
  return encodeNifti({ columns, rows, slices, data, spacing, affine, placement: 'SCANNER' }, 'test series');
}
