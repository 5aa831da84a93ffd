import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type ApiClient, createApiClient } from '../src/cli/api-client.js';
import { compiledModule } from '../src/domain/package.js';
import { writeRelease } from '../src/oai/synthetic/release.js';
import { openDatabase } from '../src/server/database/index.js';
import { importRelease } from '../src/services/imports/index.js';
import { openBlobStore } from '../src/storage/index.js';
import { report } from './report.js';

const EVERY_MS = 50;
const IDLE_QUERIES = 200;
/** Long enough for some hundred queries; the load of a step does not depend on their number. */
const STEPS = 32;

/** The small query: a page of ten knees with their participants. */
const QUERY = '{ kneeExams(where: { kl: { gte: 2 } }, first: 10) { nodes { id kl participant { oaiId } } } }';

/** A small query every 50 ms against a real `osteograph serve`, idle and while it generates a 50-slice volume. */
export async function run({ json }: { json: boolean }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-load-'));
  const dataDir = join(folder, 'data');
  await fill(join(folder, 'release'), dataDir);
  const child = spawn(process.execPath, [compiledModule('cli/main'), 'serve', '--port', '0', '--data-dir', dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LOG_LEVEL: 'error' },
  });
  try {
    const { url, token } = await address(child.stdout);
    const api = createApiClient(url, token);
    await sample(api, () => false, IDLE_QUERIES / 4);
    const idle = await sample(api, () => false, IDLE_QUERIES);
    const busy = await whileGenerating(api);
    await api.close();
    report(
      [
        { name: 'idle, median', value: quantile(idle, 0.5), unit: 'ms', better: 'lower' },
        { name: 'idle, p95', value: quantile(idle, 0.95), unit: 'ms', better: 'lower' },
        { name: 'generating, median', value: quantile(busy, 0.5), unit: 'ms', better: 'lower' },
        { name: 'generating, p95', value: quantile(busy, 0.95), unit: 'ms', better: 'lower' },
        { name: 'queries while generating', value: busy.length, unit: '', better: 'higher' },
        {
          name: 'p95 generating / idle',
          value: quantile(busy, 0.95) / quantile(idle, 0.95),
          unit: 'x',
          limit: 2,
          better: 'lower',
        },
      ],
      { json },
    );
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null) await new Promise((ended) => child.once('exit', ended));
    await rm(folder, { recursive: true, force: true });
  }
}

async function fill(release: string, dataDir: string): Promise<void> {
  const parameters = { participants: 500, seed: 3, visits: ['V00'], compact: true, imageParticipants: 1 } as const;
  await writeRelease(parameters, { out: release });
  const database = await openDatabase({ dataDir, purpose: 'bench api-under-load' });
  try {
    await importRelease(database.dataSource, release, { store: openBlobStore(dataDir) });
  } finally {
    await database.close();
  }
}

async function address(output: NodeJS.ReadableStream): Promise<{ url: string; token: string }> {
  for await (const line of createInterface({ input: output })) {
    const found = /(http:\/\/\S+)\/\?token=(\S+)/.exec(line);
    if (found) return { url: found[1]!, token: found[2]! };
  }
  throw new Error('osteograph serve ended without saying where it is.');
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

async function whileGenerating(api: ApiClient): Promise<number[]> {
  const { kneeExams } = await api.request<{ kneeExams: { nodes: { id: string }[] } }>(
    '{ kneeExams(where: { hasRadiograph: true, hasMri: true }, first: 1) { nodes { id } } }',
  );
  const { generateMri } = await api.request<{ generateMri: { generation: { id: string } } }>(
    'mutation ($input: GenerateMriInput!) { generateMri(input: $input) { generation { id } } }',
    { input: { examId: kneeExams.nodes[0]!.id, steps: STEPS, seed: 1 } },
  );
  let ended = false;
  const follow = (async () => {
    const events = api.subscribe('subscription ($id: ID!) { generationProgress(id: $id) { seq } }', {
      id: generateMri.generation.id,
    });
    for await (const _ of events) continue;
    ended = true;
  })();
  const latencies = await sample(api, () => ended, Infinity);
  await follow;
  return latencies;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}
