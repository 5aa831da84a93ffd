import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { compiledModule } from '../src/domain/package.js';
import { openQueue } from '../src/scheduling/index.js';
import { openDatabase } from '../src/server/database/index.js';
import { createMetrics } from '../src/server/metrics.js';
import { requestGeneration } from '../src/services/generations/index.js';
import { openBlobStore } from '../src/storage/index.js';
import { median } from '../src/metrics/statistics/quantile.js';
import { seedExam, startWorker } from './faults/platform.js';
import { type Figure, report } from './report.js';

/** The shipped bundle's shape: 50 slices, 50 steps, in 5 batches of 10. */
const REQUEST = { sliceCount: 50, steps: 50, seed: 1 } as const;
const GENERATIONS = 4;
const ROUNDS = 6;
const REQUESTS_PER_ROUND = 300;

/**
 * What sizing is calculated from (docs/operations.md): rows, bytes, notifications and connections of a generation and of a
 * process, with the networks of the tests; the price of a scrape and of tracing.
 */
export async function run({ json }: { json: boolean }): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'osteograph-operations-'));
  const database = await openDatabase({ dataDir, purpose: 'the operations benchmark' });
  try {
    const { dataSource, url } = database;
    const figures = [
      ...(await generationFigures(dataSource, url, dataDir)),
      ...(await scrapeFigures(dataSource)),
      ...(await tracingFigures(dataDir, url)),
    ];
    report(figures, { json });
  } finally {
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** One worker makes a few generations; everything that grows meanwhile is counted. */
async function generationFigures(dataSource: DataSource, url: string, dataDir: string): Promise<Figure[]> {
  const logger = pino({ level: 'silent' });
  const examId = await seedExam(dataSource, openBlobStore(dataDir), dataDir);
  const queue = await openQueue({ databaseUrl: url, logger });
  const listener = new Client({ connectionString: url });
  await listener.connect();
  await listener.query('LISTEN generation_event');
  let notifications = 0;
  listener.on('notification', () => notifications++);
  const before = { rows: await rowCounts(dataSource), blobs: await folderBytes(join(dataDir, 'blobs')) };
  const connectionsBefore = await connections(dataSource);
  const worker = await startWorker(dataDir, url);
  try {
    const walBefore = await walPosition(dataSource);
    for (let index = 0; index < GENERATIONS; index++) {
      // Other seeds: equal slices would be one blob.
      await requestGeneration({ dataSource, queue }, { tokenId: null }, { examId, ...REQUEST, seed: index });
    }
    await untilDone(dataSource);
    const wal = (await walPosition(dataSource)) - walBefore;
    const rows = await rowCounts(dataSource);
    const blobs = (await folderBytes(join(dataDir, 'blobs'))) - before.blobs;
    const connectionsAfter = await connections(dataSource);
    const [size] = (await dataSource.query(
      `SELECT sum(pg_column_size(e.*))::integer AS events, (SELECT sum(pg_column_size(s.*))::integer FROM generation_slice s) AS slices
       FROM generation_event e`,
    )) as { events: number; slices: number }[];
    const per = (value: number) => value / GENERATIONS;
    return [
      figure(
        'events per generation',
        per((rows['generation_event'] ?? 0) - (before.rows['generation_event'] ?? 0)),
        '',
      ),
      figure('rows per generation, all tables', per(sum(rows) - sum(before.rows)), ''),
      figure('row bytes per generation, events and slices', per(size!.events + size!.slices) / 1024, 'KiB'),
      figure('write-ahead log per generation', per(wal) / 1024, 'KiB'),
      figure('notifications per generation', per(notifications), ''),
      figure('blob bytes per generation (networks of the tests: noise)', per(blobs) / 1024 / 1024, 'MiB'),
      figure('connections of one worker, concurrency 1', connectionsAfter - connectionsBefore, ''),
    ];
  } finally {
    worker.kill('SIGKILL');
    await listener.end();
    await queue.close();
  }
}

/** The statement behind a scrape, while 10,000 and then 100,000 generations wait. */
async function scrapeFigures(dataSource: DataSource): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [waiting, more] of [
    [10_000, 10_000],
    [100_000, 90_000],
  ] as const) {
    await dataSource.query(
      `INSERT INTO generation (id, exam_id, radiograph_id, bundle_id, state, slice_count, steps, sampler, seed, noise, features)
       SELECT gen_random_uuid(), exam_id, radiograph_id, bundle_id, 'QUEUED', 50, 50, sampler, n, noise, features
       FROM (SELECT * FROM generation LIMIT 1) one, generate_series(1, $1) n`,
      [more],
    );
    await dataSource.query('VACUUM ANALYZE generation');
    const metrics = createMetrics(dataSource);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const began = performance.now();
      await metrics.text();
      times.push(performance.now() - began);
      // The answer is shared for two seconds.
      await new Promise((resolve) => setTimeout(resolve, 2_100));
    }
    metrics.close();
    figures.push(figure(`a scrape while ${waiting} wait`, median(times), 'ms'));
  }
  return figures;
}

/** A small query against two servers in turns, one of which traces to a collector that takes everything. */
async function tracingFigures(dataDir: string, url: string): Promise<Figure[]> {
  let spans = 0;
  const collector = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      spans += body.split('"spanId"').length - 1;
      response.end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const off = await startServe(dataDir, url, {});
  const on = await startServe(dataDir, url, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, off.token);
  try {
    const times = { off: [] as number[], on: [] as number[] };
    await Promise.all([timeRequests(off), timeRequests(on)]);
    for (let round = 0; round < ROUNDS; round++) {
      times.off.push(await timeRequests(off));
      times.on.push(await timeRequests(on));
    }
    const memory = (await residentMiB(on.url)) - (await residentMiB(off.url));
    on.process.kill('SIGTERM');
    await once(on.process, 'close');
    return [
      figure('a small query without tracing', median(times.off), 'ms'),
      figure('a small query with tracing', median(times.on), 'ms'),
      figure('with tracing against without', median(times.on) / median(times.off), 'x'),
      figure('memory of a server that traces, more', memory, 'MiB'),
      figure('spans that reached the collector', spans, `of ${REQUESTS_PER_ROUND * (ROUNDS + 1)} requests`),
    ];
  } finally {
    off.process.kill('SIGKILL');
    on.process.kill('SIGKILL');
    collector.close();
    collector.closeAllConnections();
  }
}

interface Serve {
  url: string;
  token: string;
  process: ChildProcess;
}

async function startServe(dataDir: string, url: string, env: NodeJS.ProcessEnv, token?: string): Promise<Serve> {
  const args = ['serve', '--no-worker', '--port', '0', '--rate-limit', '0', '--data-dir', dataDir];
  const child = spawn(process.execPath, [compiledModule('cli/main'), ...args, '--models', join(dataDir, 'models')], {
    env: { ...process.env, DATABASE_URL: url, LOG_LEVEL: 'error', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout! })) {
    const address = /http:\/\/\S+/.exec(line)?.[0];
    if (!address) continue;
    const { origin, searchParams } = new URL(address);
    child.stdout!.resume();
    return { url: origin, token: searchParams.get('token') ?? token!, process: child };
  }
  throw new Error('The server ended before it had an address.');
}

/** Mean milliseconds of a small query, one after the other. */
async function timeRequests({ url, token }: Serve): Promise<number> {
  const began = performance.now();
  for (let index = 0; index < REQUESTS_PER_ROUND; index++) {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"query":"query Me { viewer { name } }"}',
    });
    await response.text();
  }
  return (performance.now() - began) / REQUESTS_PER_ROUND;
}

async function residentMiB(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)![1]) / 1024 / 1024;
}

async function untilDone(dataSource: DataSource): Promise<void> {
  for (;;) {
    const [row] = (await dataSource.query(
      `SELECT count(*) FILTER (WHERE state = 'SUCCEEDED')::integer AS done FROM generation`,
    )) as { done: number }[];
    if (row!.done === GENERATIONS) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function rowCounts(dataSource: DataSource): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { tableName } of dataSource.entityMetadatas) {
    const [row] = (await dataSource.query(`SELECT count(*)::integer AS rows FROM ${tableName}`)) as { rows: number }[];
    counts[tableName] = row!.rows;
  }
  return counts;
}

async function connections(dataSource: DataSource): Promise<number> {
  const [row] = (await dataSource.query(
    `SELECT count(*)::integer AS open FROM pg_stat_activity WHERE datname = current_database()`,
  )) as { open: number }[];
  return row!.open;
}

async function walPosition(dataSource: DataSource): Promise<number> {
  const [row] = (await dataSource.query(`SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS bytes`)) as {
    bytes: number;
  }[];
  return row!.bytes;
}

async function folderBytes(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    files.filter((file) => file.isFile()).map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  );
  return sizes.reduce((total, size) => total + size, 0);
}

function figure(name: string, value: number, unit: string): Figure {
  return { name, value, unit, better: 'lower' };
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
