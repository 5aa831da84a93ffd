import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { encodeId } from '../src/domain/global-ids.js';
import { compiledModule } from '../src/domain/package.js';
import { Asset, GenerationSlice } from '../src/entities/index.js';
import { openQueue } from '../src/scheduling/index.js';
import { GENERATION } from '../src/services/generations/index.js';
import { advance } from '../src/work/index.js';
import { openDatabase } from '../src/server/database/index.js';
import { requestGeneration } from '../src/services/generations/index.js';
import { createToken } from '../src/services/access/tokens.js';
import { openBlobStore } from '../src/storage/index.js';
import { seedExam } from './faults/platform.js';
import { type Figure, report } from './report.js';
import { startBalancer } from './subscriptions/balancer.js';
import type { ClientOrder, ClientReport, Misbehaviour } from './subscriptions/clients.js';

const GENERATIONS = 50;
const SUBSCRIBERS = 1_000;
const CLIENT_PROCESSES = 2;
const SERVERS = 2;
const SLICES = 30;
/** Time between two lines of one generation's log, ms: with these, 60 steps and slices take half a minute. */
const LINE_MS = Number(process.env['LINE_MS'] ?? 500);

/** The same load each time, beside sockets (one on every generation) that do not do as they should. */
const PHASES: readonly { others: string; misbehaviour?: Misbehaviour }[] = [
  { others: 'everybody reads' },
  { others: `${GENERATIONS} stop reading`, misbehaviour: 'STALL' },
  { others: `${GENERATIONS} break off every 2 s`, misbehaviour: 'BREAK' },
];

/**
 * 1,000 subscribers on 50 running generations, over two API processes behind a TCP balancer: by themselves, beside sockets that
 * stop reading, and beside sockets that break off. The generations are written by this process, with the function and the
 * transactions that workers write with; no network is run, so that what is measured is the way from a commit to a socket.
 */
export async function run({ json }: { json: boolean }): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'osteograph-subscriptions-'));
  const database = await openDatabase({ dataDir, purpose: 'the subscriptions benchmark' });
  const servers: ChildProcess[] = [];
  try {
    const { dataSource, url } = database;
    const examId = await seedExam(dataSource, openBlobStore(dataDir), dataDir);
    const ports: number[] = [];
    for (let index = 0; index < SERVERS; index++) {
      const { server, port } = await startServer(dataDir, url);
      servers.push(server);
      ports.push(port);
    }
    const { text: token } = await createToken(dataSource, { name: 'subscribers', role: 'READER' });
    const balancer = await startBalancer(ports);
    const target = { url: `ws://127.0.0.1:${balancer.port}/graphql`, token };
    const results: PhaseResult[] = [];
    for (const { others, misbehaviour } of PHASES) {
      const ids = await startGenerations(dataSource, url, examId);
      const order = { ...target, generations: ids.map((id) => encodeId('Generation', id)) };
      results.push({ others, ...(await measure(dataSource, servers, ids, order, misbehaviour)) });
    }
    balancer.close();
    print(results, json);
  } finally {
    for (const server of servers) server.kill('SIGTERM');
    await Promise.all(servers.map(async (server) => server.exitCode ?? once(server, 'exit')));
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

interface PhaseResult {
  others: string;
  seen: ClientReport[];
  seconds: number;
  /** Of both servers, MB. */
  memory: number;
  memoryAfter: number;
  /** Processor time of both servers, s. */
  busy: number;
}

/** Writes the logs of these generations while the subscribers follow them. */
async function measure(
  dataSource: DataSource,
  servers: readonly ChildProcess[],
  ids: readonly string[],
  order: Pick<ClientOrder, 'url' | 'token' | 'generations'>,
  misbehaviour: Misbehaviour | undefined,
): Promise<Omit<PhaseResult, 'others'>> {
  const each = SUBSCRIBERS / GENERATIONS / CLIENT_PROCESSES;
  const clients = [];
  // One of the processes has the sockets that misbehave.
  for (const bad of [misbehaviour, ...Array<undefined>(CLIENT_PROCESSES - 1)]) {
    clients.push(await startClients({ ...order, each, misbehaviour: bad }));
  }
  const memory = await rssOf(servers);
  const cpu = await cpuOf(servers);
  const began = performance.now();
  await Promise.all(ids.map((id) => writeLog(dataSource, id)));
  const seconds = (performance.now() - began) / 1_000;
  const busy = (await cpuOf(servers)) - cpu;
  const memoryAfter = await rssOf(servers);
  return { seen: await Promise.all(clients.map(({ finished }) => finished)), seconds, memory, memoryAfter, busy };
}

async function startServer(dataDir: string, url: string): Promise<{ server: ChildProcess; port: number }> {
  const args = ['serve', '--no-worker', '--port', '0', '--data-dir', dataDir, '--models', join(dataDir, 'models')];
  const server = spawn(process.execPath, [compiledModule('cli/main'), ...args, '--rate-limit', '0'], {
    env: { ...process.env, DATABASE_URL: url, LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(server.stdout)) {
    const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (!port) continue;
    server.stdout.resume();
    return { server, port: Number(port) };
  }
  throw new Error('A server ended before it listened.');
}

async function startClients(order: ClientOrder): Promise<{ finished: Promise<ClientReport> }> {
  const child = fork(fileURLToPath(new URL('subscriptions/clients.js', import.meta.url)));
  child.send(order);
  await once(child, 'message');
  return { finished: once(child, 'message').then(([seen]) => seen as ClientReport) };
}

/** Generations that a worker has just claimed. */
async function startGenerations(dataSource: DataSource, databaseUrl: string, examId: number): Promise<string[]> {
  const queue = await openQueue({ databaseUrl, logger: pino({ level: 'silent' }) });
  const ids: string[] = [];
  for (let seed = 0; seed < GENERATIONS; seed++) {
    const request = { examId, sliceCount: SLICES, steps: SLICES, seed };
    const { id } = await requestGeneration({ dataSource, queue }, { tokenId: null }, request);
    await advance(
      dataSource.manager,
      GENERATION,
      { id, state: 'QUEUED', attempt: 0 },
      { to: 'RUNNING', set: { worker: 'bench' } },
    );
    ids.push(id);
  }
  await queue.close();
  return ids;
}

/** Steps and slices in turn, then the end, each in a transaction of its own. */
async function writeLog(dataSource: DataSource, id: string): Promise<void> {
  const [{ id: assetId }] = (await dataSource.manager.find(Asset, { take: 1 })) as [Asset];
  const running = { id, state: 'RUNNING', attempt: 1 } as const;
  // Not all at the same moment.
  await delay(LINE_MS * Math.random());
  for (let index = 0; index < SLICES; index++) {
    const step = { firstSlice: index, lastSlice: index, step: 1, steps: SLICES, fraction: index / SLICES };
    await advance(dataSource.manager, GENERATION, running, { events: [{ type: 'STEP_PROGRESS', payload: step }] });
    await delay(LINE_MS);
    const slice = { index, depth: index / (SLICES - 1), psnr: null, ssim: null, rssim: null, assetId };
    await dataSource.transaction(async (manager) => {
      const payload = { slice, completed: index + 1, total: SLICES };
      await advance(manager, GENERATION, running, { events: [{ type: 'SLICE_COMPLETED', payload }] });
      await manager.insert(GenerationSlice, { generationId: id, ...slice });
    });
    await delay(LINE_MS);
  }
  await advance(dataSource.manager, GENERATION, running, { to: 'FAILED', message: 'The benchmark is over.' });
}

/** Resident memory together, MB; not known but on Linux. */
async function rssOf(processes: readonly ChildProcess[]): Promise<number> {
  const sizes = processes.map(async ({ pid }) => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Processor time together so far, s; not known but on Linux. */
async function cpuOf(processes: readonly ChildProcess[]): Promise<number> {
  const times = processes.map(async ({ pid }) => {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')).split(' ');
    return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) / 100;
  });
  return (await Promise.all(times)).reduce((sum, time) => sum + time, 0);
}

function print(results: readonly PhaseResult[], json: boolean): void {
  const reports = results.flatMap(({ seen }) => seen);
  report(
    [
      { name: 'subscribers', value: SUBSCRIBERS, unit: '', better: 'higher' },
      { name: 'events delivered', value: total(reports, 'events'), unit: '', better: 'higher' },
      ...(['lost', 'doubled', 'outOfOrder'] as const).map((name) => none(name, total(reports, name))),
      ...results.flatMap(phaseFigures),
      { name: 'memory of both servers, before', value: results[0]!.memory, unit: 'MB', better: 'lower' },
    ],
    { json },
  );
}

function phaseFigures({ others, seen, seconds, memoryAfter, busy }: PhaseResult): Figure[] {
  const latencies = seen.flatMap((one) => one.latencies).sort((a, b) => a - b);
  const at = (quantile: number) => latencies[Math.floor(quantile * (latencies.length - 1))] ?? NaN;
  const events = total(seen, 'events');
  const codes = seen.flatMap((one) => Object.entries(one.codes));
  const sockets = codes.reduce((sum, [, count]) => sum + count, 0);
  const closed = codes.map(([code, count]) => `${count} x ${code}`);
  const figure = (name: string, value: number, unit: string): Figure => ({
    name: `${others}: ${name}`,
    value,
    unit,
    better: 'lower',
  });
  return [
    { ...figure('events per second', events / seconds, '/s'), better: 'higher' },
    figure('event to socket, median', at(0.5), 'ms'),
    { ...figure('event to socket, p99', at(0.99), 'ms'), limit: 250 },
    figure('event to socket, longest', at(1), 'ms'),
    figure('processor time of a delivered event', (1e6 * busy) / events, 'us'),
    figure('memory of both servers, after', memoryAfter, 'MB'),
    ...(closed.length > 0 ? [figure('sockets closed', sockets, closed.join(', '))] : []),
  ];
}

function none(name: string, value: number): Figure {
  return { name, value, unit: '', limit: 0, better: 'lower' };
}

function total(reports: readonly ClientReport[], name: 'events' | 'lost' | 'doubled' | 'outOfOrder'): number {
  return reports.reduce((sum, one) => sum + one[name], 0);
}
