import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import type { Generation } from '../../src/entities/index.js';
import { type EventHub, openEventHub } from '../../src/services/batches/event-hub.js';
import { type GenerationQueue, openQueue } from '../../src/scheduling/index.js';
import { type LoggedEvent } from '../../src/services/generations/index.js';
import { openDatabase } from '../../src/server/database/index.js';
import { requestGeneration } from '../../src/services/generations/index.js';
import { openBlobStore } from '../../src/storage/index.js';
import { startExternalPostgres, type ExternalPostgres } from './external-postgres.js';
import { freePort } from './free-port.js';
import { seedExam, startWorker } from './platform.js';

/** Two batches of ten slices: a fault lands before, in and between them, and in the assembly. */
export const REQUEST = { sliceCount: 20, steps: 20 } as const;

/** Volumes that are asked for; each has its undisturbed digest. */
const SEEDS = [1, 2] as const;

const WORKERS = 2;

export interface StageOptions {
  /** Folder of a system's PostgreSQL programs; absent for the embedded one. */
  external?: string | undefined;
  /** What workers connect to instead of the database itself, e.g. a proxy. */
  workerUrl?(databaseUrl: string): Promise<string>;
  /** Makes ready the data directory, before anything is in it. */
  prepareFolder?(dataDir: string): Promise<void>;
  /** BLOB_URL for everybody. */
  blobUrl?: string;
  /** QUEUE_URL for everybody. */
  queueUrl?: string | undefined;
  /** Flags of Node for the workers. */
  nodeArgs?: string[];
}

/** A platform to break: a database, workers in processes of their own, and what its generations should give. */
export interface Stage {
  dataDir: string;
  dataSource: DataSource;
  url: string;
  queueUrl: string | undefined;
  examId: number;
  external: ExternalPostgres | undefined;
  queue: GenerationQueue;
  hub: EventHub;
  workers: ChildProcess[];
  /** Digest of the undisturbed volume by seed. */
  volumes: ReadonlyMap<number, string>;
  /** How long an undisturbed generation takes here, ms. */
  duration: number;
  /** Kills a worker and starts the next one in its place. */
  replaceWorker(index: number): Promise<void>;
  close(unmount?: () => Promise<void>): Promise<void>;
}

export async function openStage(options: StageOptions): Promise<Stage> {
  const { external: binaries, workerUrl, prepareFolder, blobUrl, queueUrl, nodeArgs = [] } = options;
  const dataDir = await mkdtemp(join(tmpdir(), 'osteograph-faults-'));
  await prepareFolder?.(dataDir);
  const external = binaries ? await startExternalPostgres(binaries, dataDir, await freePort()) : undefined;
  const database = await openDatabase({ dataDir, databaseUrl: external?.url, purpose: 'the faults benchmark' });
  const { dataSource, url } = database;
  const logger = pino({ level: 'silent' });
  const examId = await seedExam(dataSource, openBlobStore(dataDir, blobUrl), dataDir);
  const queue = await openQueue({ databaseUrl: url, queueUrl, logger });
  const hub = await openEventHub({ dataSource, databaseUrl: url, logger });
  const reached = workerUrl ? await workerUrl(url) : url;
  const env = { ...(blobUrl ? { BLOB_URL: blobUrl } : {}), ...(queueUrl ? { QUEUE_URL: queueUrl } : {}) };
  const start = () => startWorker(dataDir, reached, { nodeArgs, env });
  const workers = await Promise.all(Array.from({ length: WORKERS }, start));
  const stage: Stage = {
    dataDir,
    dataSource,
    url,
    queueUrl,
    examId,
    external,
    queue,
    hub,
    workers,
    volumes: new Map(),
    duration: 0,
    async replaceWorker(index) {
      const worker = workers[index]!;
      worker.kill('SIGKILL');
      workers[index] = await start();
    },
    async close(unmount) {
      for (const worker of workers) {
        worker.kill('SIGCONT');
        worker.kill('SIGKILL');
      }
      await hub.close();
      await queue.close();
      await database.close();
      external?.stop();
      await unmount?.();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  const volumes = new Map<number, string>();
  for (const seed of SEEDS) {
    const began = performance.now();
    const { id, received } = await ask(stage, seed);
    await received;
    stage.duration = performance.now() - began;
    const [row] = (await dataSource.query(
      'SELECT a.sha256 FROM mri_series m JOIN asset a ON a.id = m.asset_id WHERE m.generation_id = $1',
      [id],
    )) as { sha256: string }[];
    if (!row) throw new Error('The undisturbed generation did not succeed.');
    volumes.set(seed, row.sha256);
  }
  return { ...stage, volumes };
}

/** A generation on its way, and what its subscriber is sent until it ends. */
export interface Asked {
  id: string;
  seed: number;
  received: Promise<{ seq: number }[]>;
}

/** Asks for a generation and follows it, coming back to where it was after every interruption. */
export async function ask(stage: Stage, seed: number): Promise<Asked> {
  const { dataSource, queue, hub, examId } = stage;
  const generation: Generation = await requestGeneration(
    { dataSource, queue },
    { tokenId: null },
    { examId, ...REQUEST, seed },
  );
  return { id: generation.id, seed, received: follow(hub, generation.id) };
}

export function anySeed(random: () => number): number {
  return SEEDS[Math.floor(random() * SEEDS.length)]!;
}

async function follow(hub: EventHub, id: string): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = [];
  for (;;) {
    try {
      for await (const event of hub.subscribe(id, events.at(-1)?.seq ?? 0)) events.push(event);
      return events;
    } catch {
      // The database is away; so would a client's server be.
      await delay(100);
    }
  }
}
