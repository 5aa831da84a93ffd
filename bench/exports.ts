import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { compiledModule } from '../src/domain/package.js';
import { MriSeries } from '../src/entities/index.js';
import { encodeNifti } from '../src/imaging/nifti.js';
import { centredAffine } from '../src/imaging/volume.js';
import { gaussianNoise } from '../src/inference/noise.js';
import { openDatabase } from '../src/server/database/index.js';
import { type BlobStore, openBlobStore, openOwnBlobStore, storeAsset } from '../src/storage/index.js';
import { seedExam } from './faults/platform.js';
import { type Figure, report } from './report.js';

/** Shape of a generated volume. */
const [SIDE, SLICES] = [256, 50] as const;

/** Volumes of the smaller archive; the larger one has ten times as many. */
const VOLUMES = 4;

/** Archives of N and of 10 N slices, each written by `osteograph export` in a process of its own: its time and its peak memory. */
export async function run({ json }: { json: boolean }): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'osteograph-exports-'));
  const database = await openDatabase({ dataDir, purpose: 'the exports benchmark' });
  try {
    const { dataSource, url } = database;
    const store = await openOwnBlobStore(dataSource, { dataDir });
    const examId = await seedExam(dataSource, openBlobStore(dataDir), dataDir);
    const figures: Figure[] = [];
    const peaks: Record<string, number[]> = { 'dicom-zip': [], 'nifti-zip': [] };
    for (const more of [VOLUMES, 9 * VOLUMES]) {
      await addSeries(dataSource, store, examId, more);
      const slices = (await dataSource.getRepository(MriSeries).count()) * SLICES;
      for (const [format, seen] of Object.entries(peaks)) {
        const { seconds, peak, bytes } = await exportInProcess(dataDir, url, format);
        seen.push(peak);
        figures.push(
          { name: `${format}, ${slices} slices`, value: seconds, unit: 's', better: 'lower' },
          { name: `${format}, ${slices} slices: file`, value: bytes / 2 ** 20, unit: 'MiB', better: 'lower' },
          { name: `${format}, ${slices} slices: peak memory`, value: peak, unit: 'MiB', better: 'lower' },
        );
      }
    }
    for (const [format, [small, large]] of Object.entries(peaks)) {
      const name = `${format}: peak memory for ten times the slices`;
      figures.push({ name, value: large! / small!, unit: 'x', limit: 1.5, better: 'lower' });
    }
    report(figures, { json });
  } finally {
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Series of noise, which hardly compresses, each with bytes of its own. */
async function addSeries(dataSource: DataSource, store: BlobStore, examId: number, count: number): Promise<void> {
  const { manager } = dataSource;
  const spacing = [0.625, 0.625, 1.5] as const;
  const shape = { columns: SIDE, rows: SIDE, slices: SLICES, spacing };
  const affine = centredAffine('CORONAL', [SIDE, SIDE, SLICES], spacing);
  for (let index = 0; index < count; index++) {
    const noise = gaussianNoise(await manager.count(MriSeries), 0, 0, SIDE * SIDE * SLICES);
    const data = Uint16Array.from(noise, (value) => Math.max(0, 2_000 + 500 * value));
    const nifti = await encodeNifti({ ...shape, affine, data, placement: 'ALIGNED' }, 'SYNTHETIC noise of a benchmark');
    const { id: assetId } = await storeAsset(manager, store, nifti, 'application/gzip');
    await manager.insert(MriSeries, {
      ...{ examId, assetId, sequence: 'COR_T1_3D_FLASH_RIGHT', plane: 'CORONAL', sliceCount: SLICES },
      ...{ rows: SIDE, columns: SIDE, pixelSpacing: spacing[0], sliceSpacing: spacing[2] },
    });
  }
}

async function exportInProcess(
  dataDir: string,
  databaseUrl: string,
  format: string,
): Promise<{ seconds: number; peak: number; bytes: number }> {
  const file = join(dataDir, 'archive.zip');
  const args = [compiledModule('cli/main'), 'export', file, '--format', format, '--data-dir', dataDir];
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  let peak = 0;
  while (child.exitCode === null) {
    peak = Math.max(peak, await peakOf(child.pid!));
    await Promise.race([ended, delay(50)]);
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`osteograph export ended with ${code}.`);
  const seconds = (performance.now() - began) / 1_000;
  const { size: bytes } = await stat(file);
  await rm(file);
  return { seconds, peak, bytes };
}

/** Most resident memory that a process has had, MiB; not known but on Linux. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}
