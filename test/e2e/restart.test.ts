import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiClient } from '../../src/cli/api-client.js';
import { encodeId } from '../../src/domain/global-ids.js';
import { connect } from '../../src/server/database/index.js';
import { openBlobStore } from '../../src/storage/index.js';
import { upTo } from '../helpers/events.js';
import { createExam } from '../helpers/platform.js';
import { type ServeProcess, startServe } from '../helpers/serve-process.js';
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
let serve: ServeProcess | undefined;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'osteograph-restart-'));
  await cp(TINY_BUNDLE, join(dataDir, 'models', 'tiny-bundle', '1.0.0'), { recursive: true });
});
afterAll(async () => {
  await serve?.end('SIGTERM');
  await rm(dataDir, { recursive: true, force: true });
});

test('a subscription that follows a generation through restarts of serve misses nothing and repeats nothing', async () => {
  serve = await start();
  const { token } = serve;
  const examId = encodeId('KneeExam', await seedExam());
  const client = createApiClient(serve.url, token);
  const { generateMri } = await client.request<{ generateMri: { generation: { id: string } } }>(
    `mutation ($input: GenerateMriInput!) { generateMri(input: $input) { generation { id } } }`,
    { input: { examId, ...REQUEST } },
  );
  await client.close();
  const { id } = generateMri.generation;

  const seen = await follow(serve.url, token, id, 0, isSlice);
  await serve.end('SIGTERM');
  serve = await start();
  seen.push(...(await follow(serve.url, token, id, seen.at(-1)!.seq, isSlice)));
  await serve.end('SIGKILL');
  serve = await start();
  seen.push(...(await follow(serve.url, token, id, seen.at(-1)!.seq)));

  expect(seen.map(({ seq }) => seq)).toEqual(upTo(seen.length));
  expect(seen.at(-1)).toMatchObject({ __typename: 'GenerationStateChanged', state: 'SUCCEEDED' });
  const slices = seen.flatMap(({ slice }) => (slice ? [slice.index] : []));
  expect(slices).toEqual(upTo(REQUEST.sliceCount).map((n) => n - 1));
  expect(seen.filter(({ state }) => state === 'RUNNING').length).toBeGreaterThanOrEqual(2);
});

const isSlice = ({ __typename }: ProgressEvent) => __typename === 'GenerationSliceCompleted';

/** `osteograph serve` with its embedded database and its worker. */
async function start(): Promise<ServeProcess> {
  const env: NodeJS.ProcessEnv = { ...process.env, LOG_LEVEL: 'error' };
  delete env['DATABASE_URL'];
  return startServe(['--data-dir', dataDir, '--models', join(dataDir, 'models'), '--device', 'cpu'], env);
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
