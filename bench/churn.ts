import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { type ApiClient, createApiClient } from '../src/cli/api-client.js';
import { encodeId } from '../src/domain/global-ids.js';
import { openQueue } from '../src/scheduling/index.js';
import { openDatabase } from '../src/server/database/index.js';
import { GENERATION, requestGeneration } from '../src/services/generations/index.js';
import { createToken } from '../src/services/access/tokens.js';
import { openBlobStore } from '../src/storage/index.js';
import { advance } from '../src/work/index.js';
import type { ChurnOrder, ChurnReport } from './churn/clients.js';
import { type BoundServer, MEMORY_LIMIT, startBoundServer } from './churn/server.js';
import { seedExam } from './faults/platform.js';
import { report } from './report.js';

const OPENS = 100_000;
/** Before the memory of the start is taken: what is made once and kept is there by then. */
const WARM_UP_OPENS = 9_600;
const GENERATIONS = 30;
/** Lines in the log of each generation, which every subscription replays. */
const LINES = 40;
const EVERY_MS = 50;
const IDLE_QUERIES = 400;

/** What the others ask: a page of knees with their participants. */
const QUERY = '{ kneeExams(first: 10) { nodes { id kl participant { oaiId } } } }';

/**
 * One READER token opens and leaves 100,000 subscriptions (or as many as the first argument says), forty sockets of thirty at a
 * time, at a server within 1 GiB, while another token asks a small query every 50 ms.
 */
export async function run({ json, args }: { json: boolean; args: string[] }): Promise<void> {
  const opens = Number(args[0] ?? OPENS);
  const dataDir = await mkdtemp(join(tmpdir(), 'osteograph-churn-'));
  const database = await openDatabase({ dataDir, purpose: 'the churn benchmark' });
  let server: BoundServer | undefined;
  let clients: ChildProcess | undefined;
  try {
    const { dataSource, url } = database;
    const generations = await startGenerations(dataSource, url, dataDir);
    server = await startBoundServer(dataDir, url);
    const [churning, other] = [await reader(dataSource, 'churn'), await reader(dataSource, 'other')];
    const api = createApiClient(`http://127.0.0.1:${server.port}`, other);
    clients = fork(fileURLToPath(new URL('churn/clients.js', import.meta.url)));
    const order = { url: `ws://127.0.0.1:${server.port}/graphql`, token: churning, generations };

    await churn(clients, { ...order, opens: Math.min(opens, WARM_UP_OPENS) });
    await sample(api, () => false, IDLE_QUERIES / 4);
    const start = await server.memory();
    const idle = await sample(api, () => false, IDLE_QUERIES);
    let done = false;
    const began = performance.now();
    const churned = churn(clients, { ...order, opens }).finally(() => (done = true));
    const busy = await sample(api, () => done || !server!.isAlive(), Infinity);
    const { opened, events, codes } = await churned;
    const seconds = (performance.now() - began) / 1_000;
    const peak = await server.peak();
    const end = await server.memory();
    await api.close();

    const closed = Object.entries(codes).map(([code, count]) => `${count} x ${code}`);
    report(
      [
        { name: `subscriptions opened and left (${server.bound})`, value: opened, unit: '', better: 'higher' },
        { name: 'opened in a second', value: opened / seconds, unit: '/s', better: 'higher' },
        { name: 'events delivered to them', value: events, unit: '', better: 'higher' },
        {
          name: 'sockets closed by the server',
          value: Object.values(codes).reduce((sum, count) => sum + count, 0),
          unit: closed.join(', '),
          better: 'lower',
        },
        { name: 'another token, idle, median', value: quantile(idle, 0.5), unit: 'ms', better: 'lower' },
        { name: 'another token, idle, p99', value: quantile(idle, 0.99), unit: 'ms', better: 'lower' },
        { name: 'another token, churning, median', value: quantile(busy, 0.5), unit: 'ms', better: 'lower' },
        { name: 'another token, churning, p99', value: quantile(busy, 0.99), unit: 'ms', better: 'lower' },
        {
          name: 'p99 churning / idle',
          value: quantile(busy, 0.99) / quantile(idle, 0.99),
          unit: 'x',
          limit: 2,
          better: 'lower',
        },
        {
          name: 'resident memory, largest',
          value: peak,
          unit: 'MiB',
          limit: MEMORY_LIMIT / 1024 ** 2,
          better: 'lower',
        },
        { name: 'resident memory, start', value: start.rss, unit: 'MiB', better: 'lower' },
        { name: 'resident memory, end', value: end.rss, unit: 'MiB', limit: 1.2 * start.rss, better: 'lower' },
        { name: 'heap, start', value: start.heap, unit: 'MiB', better: 'lower' },
        { name: 'heap, end', value: end.heap, unit: 'MiB', limit: 1.2 * start.heap, better: 'lower' },
      ],
      { json },
    );
  } finally {
    clients?.kill();
    await server?.stop();
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function reader(dataSource: DataSource, name: string): Promise<string> {
  return (await createToken(dataSource, { name, role: 'READER' })).text;
}

async function churn(clients: ChildProcess, order: ChurnOrder): Promise<ChurnReport> {
  clients.send(order);
  const [seen] = (await once(clients, 'message')) as [ChurnReport];
  return seen;
}

/** Generations that run, each with some lines in its log. @returns their global ids */
async function startGenerations(dataSource: DataSource, databaseUrl: string, dataDir: string): Promise<string[]> {
  const examId = await seedExam(dataSource, openBlobStore(dataDir), dataDir);
  const queue = await openQueue({ databaseUrl, logger: pino({ level: 'silent' }) });
  const ids: string[] = [];
  for (let seed = 0; seed < GENERATIONS; seed++) {
    const request = { examId, sliceCount: 30, steps: LINES, seed };
    const { id } = await requestGeneration({ dataSource, queue }, { tokenId: null }, request);
    await advance(
      dataSource.manager,
      GENERATION,
      { id, state: 'QUEUED', attempt: 0 },
      { to: 'RUNNING', set: { worker: 'bench' } },
    );
    const events = Array.from({ length: LINES }, (_, index) => ({
      type: 'STEP_PROGRESS' as const,
      payload: { firstSlice: 0, lastSlice: 29, step: index + 1, steps: LINES, fraction: (index + 1) / LINES },
    }));
    await advance(dataSource.manager, GENERATION, { id, state: 'RUNNING', attempt: 1 }, { events });
    ids.push(encodeId('Generation', id));
  }
  await queue.close();
  return ids;
}

/** Latencies of the query, sent every 50 ms whether or not the one before has been answered, until `done` or `most` of them. */
async function sample(api: ApiClient, done: () => boolean, most: number): Promise<number[]> {
  const latencies: Promise<number>[] = [];
  while (latencies.length < most && !done()) {
    latencies.push(timed(api));
    await delay(EVERY_MS);
  }
  return Promise.all(latencies);
}

async function timed(api: ApiClient): Promise<number> {
  const started = performance.now();
  await api.request(QUERY);
  return performance.now() - started;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}
