import { execFileSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OAI_SPONSOR } from '../../src/domain/provenance.js';
import { Asset, type Export, KneeExam, MriSeries, Participant, Visit } from '../../src/entities/index.js';
import { encodeNifti } from '../../src/imaging/nifti.js';
import { centredAffine, type Volume } from '../../src/imaging/volume.js';
import { openEventHub } from '../../src/services/batches/event-hub.js';
import { startWorker } from '../../src/server/worker.js';
import { type GenerationRequest, requestGeneration } from '../../src/services/generations/index.js';
import { readAsset, storeAsset } from '../../src/storage/index.js';
import { collect } from './events.js';
import { silent, type TestPlatform } from './platform.js';

/** Generates with the tiny bundle, by a real worker, and gives the ids in the requests' order. */
export async function generated(platform: TestPlatform, requests: readonly GenerationRequest[]): Promise<string[]> {
  const { dataSource, url: databaseUrl, store } = platform;
  const hub = await openEventHub({ dataSource, databaseUrl, logger: silent });
  const worker = await startWorker({ dataSource, databaseUrl, store, devices: ['cpu'], threads: 1, logger: silent });
  try {
    const ids: string[] = [];
    for (const request of requests) ids.push((await requestGeneration(platform, { tokenId: null }, request)).id);
    for (const id of ids) await collect(hub.subscribe(id, 0));
    return ids;
  } finally {
    await worker.close();
    await hub.close();
  }
}

/** A series as if it were a person's: sagittal, tilted a little, with values below zero. */
export async function realSeries(platform: TestPlatform, values: Partial<MriSeries> = {}): Promise<KneeExam> {
  const { manager } = platform.dataSource;
  const person = await manager.save(manager.create(Participant, { oaiId: '9000001', sex: 'MALE', phantom: false }));
  const visit = await manager.save(
    manager.create(Visit, { participantId: person.id, code: 'V03', month: 24, age: 63, date: '2006-11-02' }),
  );
  const exam = await manager.save(
    manager.create(KneeExam, { visitId: visit.id, participantId: person.id, side: 'LEFT', grades: { XRKL: 3 } }),
  );
  const nifti = await encodeNifti(tiltedVolume(), 'test series');
  const asset = await storeAsset(manager, platform.store, nifti, 'application/gzip');
  await manager.save(
    manager.create(MriSeries, {
      examId: exam.id,
      barcode: '016610000001',
      sequence: '../SAG_3D_DESS LEFT',
      plane: 'SAGITTAL',
      date: '2006-11-02',
      sliceCount: 4,
      rows: 10,
      columns: 12,
      pixelSpacing: 0.365,
      sliceSpacing: 0.7,
      provenance: 'REAL',
      sponsor: OAI_SPONSOR,
      deidentification: 1,
      assetId: asset.id,
      ...values,
    }),
  );
  return exam;
}

function tiltedVolume(): Volume {
  const [columns, rows, slices] = [12, 10, 4];
  const spacing = [0.365, 0.365, 0.7] as const;
  const upright = centredAffine('SAGITTAL', [columns, rows, slices], spacing);
  const [cos, sin] = [Math.cos(0.1), Math.sin(0.1)];
  // Turned about the axis from left to right.
  const [x, y, z] = [upright.slice(0, 4), upright.slice(4, 8), upright.slice(8, 12)];
  const affine = [
    ...x,
    ...y.map((value, at) => cos * value - sin * z[at]!),
    ...z.map((value, at) => sin * y[at]! + cos * value),
  ] as unknown as Volume['affine'];
  const data = Int16Array.from({ length: columns * rows * slices }, (_, index) => index * 7 - 900);
  return { columns, rows, slices, data, spacing, affine, placement: 'SCANNER' };
}

/** The file of a finished export, unpacked by the system's unzip. */
export async function unpacked(platform: TestPlatform, { assetId }: Export): Promise<{ folder: string; zip: string }> {
  const asset = await platform.dataSource.manager.findOneByOrFail(Asset, { id: assetId! });
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-archive-'));
  const zip = `${folder}.zip`;
  await writeFile(zip, await readAsset(platform.store, asset));
  execFileSync('unzip', ['-q', zip, '-d', folder]);
  return { folder, zip };
}
