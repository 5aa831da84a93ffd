import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { compiledModule, packageRoot } from '../../src/domain/package.js';
import { KneeExam, Participant, Radiograph, Visit } from '../../src/entities/index.js';
import { encodePng } from '../../src/imaging/png.js';
import { gaussianNoise } from '../../src/inference/noise.js';
import { registerBundles } from '../../src/services/bundles/registry.js';
import { type BlobStore, storeAsset } from '../../src/storage/index.js';

/** One exam with a film of noise, and the tests' bundle. */
export async function seedExam(dataSource: DataSource, store: BlobStore, dataDir: string): Promise<number> {
  const { manager } = dataSource;
  const models = join(dataDir, 'models');
  await cp(join(packageRoot, 'test/golden/tiny-bundle'), join(models, 'tiny-bundle', '1.0.0'), { recursive: true });
  await registerBundles(dataSource, models);
  const pixels = Uint16Array.from(gaussianNoise(1, 0, 0, 65_536), (value) =>
    Math.min(Math.max(32_768 + 8_000 * value, 0), 65_535),
  );
  const png = encodePng({ rows: 256, columns: 256, data: pixels });
  const film = await storeAsset(manager, store, png, 'image/png');
  const participant = await manager.save(manager.create(Participant, { oaiId: '1000001', phantom: true }));
  const participantId = participant.id;
  const visit = await manager.save(manager.create(Visit, { participantId, code: 'V00', month: 0 }));
  const exam = await manager.save(
    manager.create(KneeExam, { visitId: visit.id, participantId, side: 'RIGHT', grades: {} }),
  );
  await manager.save(manager.create(Radiograph, { examId: exam.id, view: 'PA', assetId: film.id }));
  return exam.id;
}

/** `osteograph worker` in a process of its own, ready. */
export async function startWorker(
  dataDir: string,
  url: string,
  { nodeArgs = [], env = {} }: { nodeArgs?: string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<ChildProcess> {
  const args = [compiledModule('cli/main'), 'worker', '--data-dir', dataDir, '--device', 'cpu', '--threads', '1'];
  const worker = spawn(process.execPath, [...nodeArgs, ...args], {
    // A volume names the code that made it: an edit in the middle of a run is not to make another volume.
    env: { ...process.env, DATABASE_URL: url, LOG_LEVEL: 'silent', OSTEOGRAPH_COMMIT: 'bench', ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(worker, 'message');
  return worker;
}
