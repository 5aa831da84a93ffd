import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { compiledModule, packageRoot } from '../src/domain/package.js';
import { Generation, GenerationSlice, KneeExam, Participant, Radiograph, Visit } from '../src/entities/index.js';
import { encodePng } from '../src/imaging/png.js';
import { gaussianNoise } from '../src/inference/noise.js';
import { type LoggedEvent, openEventHub, openQueue } from '../src/jobs/index.js';
import { type Database, openDatabase } from '../src/server/database/index.js';
import { registerBundles } from '../src/services/bundles.js';
import { requestGeneration } from '../src/services/generations.js';
import { openBlobStore, storeAsset } from '../src/storage/index.js';
import { report } from './report.js';

const GENERATIONS = 20;
const KILLS = 20;
const WORKERS = 2;
/** Small enough that twenty take a minute, long enough that most kills land in the middle of one. */
const REQUEST = { sliceCount: 30, steps: 60, seed: 1 } as const;

/** Generations with the networks of the tests while their workers are killed with -9 at random points. */
export async function run({ json }: { json: boolean }): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'osteograph-faults-'));
  const database = await openDatabase({ dataDir, purpose: 'the faults benchmark' });
  try {
    await measure(database, dataDir, json);
  } finally {
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measure({ dataSource, url }: Database, dataDir: string, json: boolean): Promise<void> {
  const logger = pino({ level: 'silent' });
  const examId = await seed({ dataSource, url }, dataDir);
  const hub = await openEventHub({ dataSource, databaseUrl: url, logger });
  const queue = await openQueue({ databaseUrl: url, logger });
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => startWorker(dataDir, url)));
  const orphans: Orphan[] = [];
  try {
    const logs: Promise<LoggedEvent[]>[] = [];
    for (let index = 0; index < GENERATIONS; index++) {
      const { id } = await requestGeneration({ dataSource, queue }, { tokenId: null }, { examId, ...REQUEST });
      logs.push(collect(hub.subscribe(id, 0)));
    }
    const finished = Promise.all(logs);
    for (let kill = 0; kill < KILLS; kill++) {
      await delay(200 + 2_000 * Math.random());
      const victim = kill % WORKERS;
      const worker = `${hostname()}:${workers[victim]!.pid}`;
      workers[victim]!.kill('SIGKILL');
      const at = Date.now();
      const held = await dataSource.manager.findBy(Generation, { worker, state: 'RUNNING' });
      orphans.push(...held.map(({ id }) => ({ id, at })));
      workers[victim] = await startWorker(dataDir, url);
    }
    const events = await finished;
    const kept = await dataSource.manager.count(GenerationSlice);
    const generations = await dataSource.manager.find(Generation);
    const waits = recoveries(events.flat(), orphans).sort((a, b) => a - b);
    const started = generations.reduce((sum, { attempt }) => sum + attempt, 0);
    const succeeded = generations.filter(({ state }) => state === 'SUCCEEDED').length;
    report(
      [
        { name: 'kills with -9', value: KILLS, unit: '', better: 'higher' },
        { name: 'attempts that were cut short', value: started - GENERATIONS, unit: '', better: 'higher' },
        {
          name: 'generations SUCCEEDED',
          value: succeeded,
          unit: `of ${GENERATIONS}`,
          limit: GENERATIONS,
          better: 'higher',
        },
        { name: 'slices lost', value: GENERATIONS * REQUEST.sliceCount - kept, unit: '', limit: 0, better: 'lower' },
        { name: 'slices announced twice', value: announcedTwice(events), unit: '', limit: 0, better: 'lower' },
        { name: 'gaps in event numbers', value: gaps(events), unit: '', limit: 0, better: 'lower' },
        { name: 'kill to requeue, median', value: waits[waits.length >> 1] ?? 0, unit: 's', better: 'lower' },
        { name: 'kill to requeue, longest', value: waits.at(-1) ?? 0, unit: 's', better: 'lower' },
      ],
      { json },
    );
  } finally {
    for (const worker of workers) worker.kill('SIGKILL');
    await hub.close();
    await queue.close();
  }
}

/** One exam with a film of noise, and the tests' bundle. */
async function seed({ dataSource }: Pick<Database, 'dataSource' | 'url'>, dataDir: string): Promise<number> {
  const { manager } = dataSource;
  const models = join(dataDir, 'models');
  await cp(join(packageRoot, 'test/golden/tiny-bundle'), join(models, 'tiny-bundle', '1.0.0'), { recursive: true });
  await registerBundles(dataSource, models);
  const pixels = Uint16Array.from(gaussianNoise(1, 0, 0, 65_536), (value) =>
    Math.min(Math.max(32_768 + 8_000 * value, 0), 65_535),
  );
  const png = encodePng({ rows: 256, columns: 256, data: pixels });
  const film = await storeAsset(manager, openBlobStore(dataDir), png, 'image/png');
  const participant = await manager.save(manager.create(Participant, { oaiId: '1000001', phantom: true }));
  const participantId = participant.id;
  const visit = await manager.save(manager.create(Visit, { participantId, code: 'V00', month: 0 }));
  const exam = await manager.save(
    manager.create(KneeExam, { visitId: visit.id, participantId, side: 'RIGHT', grades: {} }),
  );
  await manager.save(manager.create(Radiograph, { examId: exam.id, view: 'PA', assetId: film.id }));
  return exam.id;
}

async function startWorker(dataDir: string, url: string): Promise<ChildProcess> {
  const args = [compiledModule('cli/main'), 'worker', '--data-dir', dataDir, '--device', 'cpu', '--threads', '1'];
  const worker = spawn(process.execPath, args, {
    env: { ...process.env, DATABASE_URL: url, LOG_LEVEL: 'error' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(worker, 'message');
  return worker;
}

async function collect(events: AsyncIterable<LoggedEvent>): Promise<LoggedEvent[]> {
  const log: LoggedEvent[] = [];
  for await (const event of events) log.push(event);
  return log;
}

function announcedTwice(logs: readonly LoggedEvent[][]): number {
  let twice = 0;
  for (const log of logs) {
    const slices = log.flatMap((event) => (event.type === 'SLICE_COMPLETED' ? [event.payload.slice.index] : []));
    twice += slices.length - new Set(slices).size;
  }
  return twice;
}

function gaps(logs: readonly LoggedEvent[][]): number {
  return logs.flatMap((log) => log.filter(({ seq }, index) => seq !== index + 1)).length;
}

/** A generation whose worker was killed, and when. */
interface Orphan {
  id: string;
  at: number;
}

/** Seconds from each such kill until the generation was queued again. */
function recoveries(events: readonly LoggedEvent[], orphans: readonly Orphan[]): number[] {
  return orphans.flatMap((orphan) => {
    const requeued = events.find(
      ({ generationId, at, type, payload }) =>
        generationId === orphan.id &&
        at.getTime() > orphan.at &&
        type === 'STATE_CHANGED' &&
        payload.state === 'QUEUED',
    );
    return requeued ? (requeued.at.getTime() - orphan.at) / 1_000 : [];
  });
}
