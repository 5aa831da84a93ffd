import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type KillableApi, startApi } from './api.js';
import { compiledFile } from './paths.js';
import { postmasterOf, systemPostgres } from './external-postgres.js';
import { type CuttableProxy, startProxy } from './proxy.js';
import { type RedisServer, redisInstalled, startRedis } from './redis.js';
import { canUnshare, startElsewhere } from './second-start.js';
import { pythonWithMoto, type S3Server, startS3 } from './s3.js';
import type { Asked, Stage, StageOptions } from './stage.js';

/** A kind of fault: what it needs, and how it is done to a stage in the middle of its work. */
export interface FaultKind {
  what: string;
  /** Processes that are killed with -9 each time; default none. */
  kills?: number;
  /** Why it cannot be done here; undefined when it can. */
  missing?(): string | undefined;
  options?(): Promise<StageOptions>;
  /** Once, before the first trial. */
  prepare?(stage: Stage): Promise<void>;
  /** How a generation is asked for and followed, and then while it is struck; default: by this process, before. */
  ask?(seed: number): Promise<Asked>;
  /** Breaks something and, where nobody else would, mends it again. */
  strike(stage: Stage, random: () => number): Promise<void>;
  /** When nobody works on the stage any more, and its folder is still there. */
  unmount?(): Promise<void>;
  /** When the stage is gone. */
  close?(): Promise<void>;
}

/** Longer than a lease lasts: whoever is away for so long has lost its generation. */
const PAST_LEASE_MS = 20_000;

let proxy: CuttableProxy | undefined;
let api: KillableApi | undefined;
let s3: S3Server | undefined;
let redis: RedisServer | undefined;
let disk: string | undefined;

export const KINDS: Readonly<Record<string, FaultKind>> = {
  worker: {
    what: 'kill -9 of one worker, and a moment later of the other, each followed by another',
    kills: 2,
    async strike(stage, random) {
      const first = Math.floor(random() * stage.workers.length);
      const replaced = stage.replaceWorker(first);
      await delay(random() * stage.duration);
      await stage.replaceWorker(1 - first);
      await replaced;
    },
  },
  api: {
    what: 'kill -9 of the API while it is asked for generations and streams their events',
    kills: 1,
    async prepare(stage) {
      api = await startApi(stage);
    },
    ask: (seed) => api!.ask(seed),
    strike: () => api!.kill(),
    close: async () => api?.close(),
  },
  'postgres-embedded': {
    what: 'kill -9 of the embedded PostgreSQL, which its owner starts again',
    kills: 1,
    async strike({ dataDir }) {
      process.kill(await postmasterOf(join(dataDir, 'postgres')), 'SIGKILL');
    },
  },
  'second-start': {
    what: 'osteograph serve on the same data directory from another PID namespace, as in a second container, which is to be refused',
    missing: () => (canUnshare() ? undefined : 'unshare may make no PID namespace here'),
    strike: ({ dataDir }) => startElsewhere(dataDir),
  },
  'postgres-external': {
    what: 'kill -9 of an external PostgreSQL, started again at once',
    kills: 1,
    missing: () => (systemPostgres() ? undefined : 'no PostgreSQL programs in /usr/lib/postgresql'),
    options: () => Promise.resolve({ external: systemPostgres() }),
    strike: ({ external }) => external!.crash(),
  },
  'slow-worker': {
    what: 'a worker stands still (SIGSTOP) past its lease and comes back',
    async strike({ workers }, random) {
      const worker = workers[Math.floor(random() * workers.length)]!;
      worker.kill('SIGSTOP');
      await delay(PAST_LEASE_MS);
      worker.kill('SIGCONT');
    },
  },
  network: {
    what: 'both workers are cut off from PostgreSQL without a word, past their leases, and come back',
    options: () =>
      Promise.resolve({
        async workerUrl(databaseUrl: string) {
          const url = new URL(databaseUrl);
          proxy = await startProxy(Number(url.port));
          url.port = String(proxy.port);
          return url.href;
        },
      }),
    async strike() {
      proxy!.cut();
      await delay(PAST_LEASE_MS);
      proxy!.heal();
    },
    close: async () => proxy?.close(),
  },
  clock: {
    what: "a worker's clock jumps an hour ahead, then back by two, and so on",
    options: () => Promise.resolve({ nodeArgs: ['--import', compiledFile('clock')] }),
    async strike({ workers }, random) {
      workers[Math.floor(random() * workers.length)]!.kill('SIGUSR2');
    },
  },
  'disk-full': {
    what: 'the disk of the blobs (a tmpfs of 64 MB) is full, and has room again past the lease',
    missing: () => (process.getuid?.() === 0 ? undefined : 'only root may mount a small disk'),
    options: () =>
      Promise.resolve({
        async prepareFolder(dataDir: string) {
          disk = join(dataDir, 'blobs');
          await mkdir(disk);
          execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk]);
        },
      }),
    async strike() {
      const ballast = join(disk!, 'ballast');
      // Fails when the last byte is taken.
      await writeFile(ballast, Buffer.alloc(64 * 1024 * 1024)).catch(() => undefined);
      await delay(PAST_LEASE_MS);
      await rm(ballast);
    },
    unmount: async () => void execFileSync('umount', ['-l', disk!]),
  },
  'blob-store': awayS3('the S3 server is down, and back past the lease', () => proxy!.refuse()),
  'blob-store-silent': awayS3('the S3 server says nothing any more, and answers again past the lease', () =>
    proxy!.cut(),
  ),
  redis: {
    what: 'kill -9 of the Redis that holds the queue, and an empty one in its place',
    kills: 1,
    missing: () => (redisInstalled ? undefined : 'no redis-server'),
    async options() {
      redis = await startRedis();
      return { queueUrl: redis.url };
    },
    strike: () => redis!.crash(),
    close: async () => redis?.stop(),
  },
  duplicate: {
    what: 'the queue hands out each id six times',
    async strike({ queue, dataSource }) {
      const open = (await dataSource.query(`SELECT id FROM generation WHERE state IN ('QUEUED', 'RUNNING')`)) as {
        id: string;
      }[];
      // Each attempt is another job to the queue, and all of them are this one generation.
      for (let attempt = 0; attempt < 6; attempt++) await queue.enqueue(open.map(({ id }) => ({ id, attempt })));
    },
  },
};

/** An S3 server behind a proxy that takes it away. */
function awayS3(what: string, takeAway: () => void): FaultKind {
  return {
    what,
    missing: () => (pythonWithMoto() ? undefined : 'no Python with moto[server] in OSTEOGRAPH_PYTHON'),
    async options() {
      s3 = await startS3();
      proxy = await startProxy(s3.port);
      return { blobUrl: `s3://faults/blobs?endpoint=http://127.0.0.1:${proxy.port}` };
    },
    async strike() {
      takeAway();
      await delay(PAST_LEASE_MS);
      proxy!.heal();
    },
    async close() {
      await proxy?.close();
      s3?.stop();
    },
  };
}
