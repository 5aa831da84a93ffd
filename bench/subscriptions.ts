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
import { openQueue } from '../src/jobs/index.js';
import { advance } from '../src/jobs/transitions.js';
import { openDatabase } from '../src/server/database/index.js';
import { requestGeneration } from '../src/services/generations.js';
import { createToken } from '../src/services/tokens.js';
import { openBlobStore } from '../src/storage/index.js';
import { seedExam } from './faults/platform.js';
import { report } from './report.js';
import { startBalancer } from './subscriptions/balancer.js';
import type { ClientOrder, ClientReport } from './subscriptions/clients.js';

const GENERATIONS = 50;
const SUBSCRIBERS = 1_000;
const CLIENT_PROCESSES = 2;
const SERVERS = 2;
const SLICES = 30;
/** Time between two lines of one generation's log, ms: with these, 60 steps and slices take half a minute. */
const LINE_MS = Number(process.env['LINE_MS'] ?? 500);

/**
 * 1,000 subscribers on 50 running generations, over two API processes behind a TCP balancer, beside sockets that stop reading. The
 * generations are written by this process, with the function and the transactions that workers write with; no network is run,
 * so that what is measured is the way from a commit to a socket.
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
    const ids = await startGenerations(dataSource, url, examId);
    const balancer = await startBalancer(ports);
    const order: ClientOrder = {
      url: `ws://127.0.0.1:${balancer.port}/graphql`,
      token,
      generations: ids.map((id) => encodeId('Generation', id)),
      each: SUBSCRIBERS / GENERATIONS / CLIENT_PROCESSES,
      idle: 0,
    };
    const clients = [];
    // One process has sockets that stop reading: one on every generation.
    for (let index = 0; index < CLIENT_PROCESSES; index++) clients.push(await startClients({ ...order, idle: index }));
    const memory = await rssOf(servers);
    const cpu = await cpuOf(servers);
    const began = performance.now();
    await Promise.all(ids.map((id) => writeLog(dataSource, id)));
    const seconds = (performance.now() - began) / 1_000;
    const busy = (await cpuOf(servers)) - cpu;
    const memoryAfter = await rssOf(servers);
    const seen = await Promise.all(clients.map(({ finished }) => finished));
    balancer.close();
    print(seen, { seconds, memory, memoryAfter, busy }, json);
  } finally {
    for (const server of servers) server.kill('SIGTERM');
    await Promise.all(servers.map(async (server) => server.exitCode ?? once(server, 'exit')));
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  }
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
    await advance(dataSource.manager, { id, state: 'QUEUED', attempt: 0 }, { to: 'RUNNING', set: { worker: 'bench' } });
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
    await advance(dataSource.manager, running, { events: [{ type: 'STEP_PROGRESS', payload: step }] });
    await delay(LINE_MS);
    const slice = { index, depth: index / (SLICES - 1), psnr: null, ssim: null, rssim: null, assetId };
    await dataSource.transaction(async (manager) => {
      const payload = { slice, completed: index + 1, total: SLICES };
      await advance(manager, running, { events: [{ type: 'SLICE_COMPLETED', payload }] });
      await manager.insert(GenerationSlice, { generationId: id, ...slice });
    });
    await delay(LINE_MS);
  }
  await advance(dataSource.manager, running, { to: 'FAILED', message: 'The benchmark is over.' });
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

interface Servers {
  seconds: number;
  memory: number;
  memoryAfter: number;
  busy: number;
}

function print(seen: readonly ClientReport[], { seconds, memory, memoryAfter, busy }: Servers, json: boolean): void {
  const total = (of: (report: ClientReport) => number) => seen.reduce((sum, one) => sum + of(one), 0);
  const latencies = seen.flatMap((one) => one.latencies).sort((a, b) => a - b);
  const at = (quantile: number) => latencies[Math.floor(quantile * (latencies.length - 1))] ?? NaN;
  const codes = seen.flatMap(({ idleCodes }) => Object.entries(idleCodes)).map(([code, n]) => `${n} x ${code}`);
  report(
    [
      { name: 'subscribers', value: total(({ subscribers }) => subscribers), unit: '', better: 'higher' },
      { name: 'events delivered', value: total(({ events }) => events), unit: '', better: 'higher' },
      { name: 'events per second', value: total(({ events }) => events) / seconds, unit: '/s', better: 'higher' },
      { name: 'lost', value: total(({ lost }) => lost), unit: '', limit: 0, better: 'lower' },
      { name: 'doubled', value: total(({ doubled }) => doubled), unit: '', limit: 0, better: 'lower' },
      { name: 'out of order', value: total(({ outOfOrder }) => outOfOrder), unit: '', limit: 0, better: 'lower' },
      { name: 'event to socket, median', value: at(0.5), unit: 'ms', better: 'lower' },
      { name: 'event to socket, p99', value: at(0.99), unit: 'ms', limit: 250, better: 'lower' },
      { name: 'event to socket, longest', value: at(1), unit: 'ms', better: 'lower' },
      {
        name: 'sockets that stopped reading',
        value: total(({ idle }) => idle),
        unit: `closed: ${codes}`,
        better: 'higher',
      },
      {
        name: 'lost or doubled after their resumption',
        value: total(({ idleWrong }) => idleWrong),
        unit: '',
        limit: 0,
        better: 'lower',
      },
      { name: 'memory of both servers, before', value: memory, unit: 'MB', better: 'lower' },
      { name: 'memory of both servers, after', value: memoryAfter, unit: 'MB', better: 'lower' },
      {
        name: 'processor time of a delivered event',
        value: (1e6 * busy) / total(({ events }) => events),
        unit: 'us',
        better: 'lower',
      },
    ],
    { json },
  );
}
