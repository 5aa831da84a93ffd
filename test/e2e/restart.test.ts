import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiClient } from '../../src/cli/api-client.js';
import { encodeId } from '../../src/domain/global-ids.js';
import { compiledModule } from '../../src/domain/package.js';
import { connect } from '../../src/server/database/index.js';
import { openBlobStore } from '../../src/storage/index.js';
import { upTo } from '../helpers/events.js';
import { createExam } from '../helpers/platform.js';
import { TINY_BUNDLE } from '../helpers/tiny-bundle.js';

/** Long enough to be interrupted twice. */
const REQUEST = { sliceCount: 40, steps: 60 };

const PROGRESS = `subscription ($id: ID!, $after: Int!) {
  generationProgress(id: $id, after: $after) {
    __typename seq
    ... on GenerationStateChanged { state }
    ... on GenerationSliceCompleted { slice { index } }
  }
}`;

interface ProgressEvent {
  __typename: string;
  seq: number;
  state?: string;
  slice?: { index: number };
}

let dataDir: string;
let running: ChildProcess[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'osteograph-restart-'));
  await cp(TINY_BUNDLE, join(dataDir, 'models', 'tiny-bundle', '1.0.0'), { recursive: true });
});
afterAll(async () => {
  for (const serve of running) await end(serve, 'SIGTERM');
  await rm(dataDir, { recursive: true, force: true });
});

test('a subscription that follows a generation through restarts of serve misses nothing and repeats nothing', async () => {
  let serve = await startServe();
  const token = serve.token!;
  const examId = encodeId('KneeExam', await seedExam());
  const client = createApiClient(serve.url, token);
  const { generateMri } = await client.request<{ generateMri: { id: string } }>(
    `mutation ($input: GenerateMriInput!) { generateMri(input: $input) { id } }`,
    { input: { examId, ...REQUEST } },
  );
  await client.close();
  const { id } = generateMri;

  const seen = await follow(serve.url, token, id, 0, isSlice);
  await end(serve.process, 'SIGTERM');
  serve = await startServe();
  seen.push(...(await follow(serve.url, token, id, seen.at(-1)!.seq, isSlice)));
  await end(serve.process, 'SIGKILL');
  serve = await startServe();
  seen.push(...(await follow(serve.url, token, id, seen.at(-1)!.seq)));

  expect(seen.map(({ seq }) => seq)).toEqual(upTo(seen.length));
  expect(seen.at(-1)).toMatchObject({ __typename: 'GenerationStateChanged', state: 'SUCCEEDED' });
  const slices = seen.flatMap(({ slice }) => (slice ? [slice.index] : []));
  expect(slices).toEqual(upTo(REQUEST.sliceCount).map((n) => n - 1));
  expect(seen.filter(({ state }) => state === 'RUNNING').length).toBeGreaterThanOrEqual(2);
}, 180_000);

const isSlice = ({ __typename }: ProgressEvent) => __typename === 'GenerationSliceCompleted';

interface Serve {
  process: ChildProcess;
  url: string;
  /** Printed by the first start alone. */
  token: string | undefined;
}

/** `osteograph serve` with its embedded database and its worker, ready to answer. */
async function startServe(): Promise<Serve> {
  const flags = ['--port', '0', '--data-dir', dataDir, '--models', join(dataDir, 'models'), '--device', 'cpu'];
  const env: NodeJS.ProcessEnv = { ...process.env, LOG_LEVEL: 'error' };
  delete env['DATABASE_URL'];
  const serve = spawn(process.execPath, [compiledModule('cli/main'), 'serve', ...flags], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(serve);
  let printed = '';
  for await (const text of serve.stdout!.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    printed += text as string;
    const address = /(http:\/\/127\.0\.0\.1:\d+)(?:\/\?token=([\w-]+)| \(token)/.exec(printed);
    if (!address) continue;
    serve.stdout!.resume();
    return { process: serve, url: address[1]!, token: address[2] };
  }
  throw new Error(`serve ended before it was ready:\n${printed}`);
}

async function end(serve: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  running = running.filter((other) => other !== serve);
  if (serve.exitCode !== null || serve.signalCode !== null) return;
  const ended = once(serve, 'exit');
  serve.kill(signal);
  await ended;
}

async function seedExam(): Promise<number> {
  const dataSource = await connect((await readFile(join(dataDir, 'postgres.url'), 'utf8')).trim());
  try {
    return (await createExam({ dataSource, store: openBlobStore(dataDir) })).exam.id;
  } finally {
    await dataSource.destroy();
  }
}

/** Events after `after` until the first that is wanted, or to the end. */
async function follow(
  url: string,
  token: string,
  id: string,
  after: number,
  wanted?: (event: ProgressEvent) => boolean,
): Promise<ProgressEvent[]> {
  const client = createApiClient(url, token);
  const seen: ProgressEvent[] = [];
  try {
    const events = client.subscribe<{ generationProgress: ProgressEvent }>(PROGRESS, { id, after });
    for await (const { generationProgress } of events) {
      seen.push(generationProgress);
      if (wanted?.(generationProgress)) break;
    }
  } finally {
    await client.close();
  }
  return seen;
}
