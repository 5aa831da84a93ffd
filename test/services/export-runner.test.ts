import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { packageRoot } from '../../src/domain/package.js';
import { Asset, Export } from '../../src/entities/index.js';
import { createToken } from '../../src/services/access/tokens.js';
import { advance, type Runner } from '../../src/work/index.js';
import { EXPORT } from '../../src/services/exports/index.js';
import { createTestPlatform, type TestPlatform } from '../helpers/platform.js';
import { type ExportRunnerChoices, startExportRunner } from '../helpers/work.js';

let platform: TestPlatform;
let requestedById: number;
const runners: Runner[] = [];

/** Columns that take a moment to write. */
const ALL_READINGS = ['readings', 'grades', 'key', 'visit', 'participant', 'scores', 'availability'];

beforeAll(async () => {
  platform = await createTestPlatform();
  requestedById = (await createToken(platform.dataSource, { name: 'test', role: 'READER' })).token.id;
  await platform.dataSource.query(
    `WITH people AS (INSERT INTO participant (oai_id, phantom) SELECT (1000000 + n)::text, true FROM generate_series(1, 3000) n RETURNING id),
          days AS (INSERT INTO visit (participant_id, code, month, age) SELECT id, 'V00', 0, 50 FROM people RETURNING id, participant_id),
          exams AS (
            INSERT INTO knee_exam (visit_id, participant_id, side, xrkl, preferred_project)
            SELECT days.id, participant_id, side, days.id % 5, '15' FROM days, unnest(ARRAY['RIGHT', 'LEFT']) side RETURNING id
          )
     INSERT INTO reading (exam_id, project, missing) SELECT id, '15', '{"XRJSM": ".T"}' FROM exams`,
  );
});

afterEach(async () => {
  await Promise.all(runners.splice(0).map((runner) => runner.close()));
  await platform.dataSource.query('DELETE FROM export');
});

afterAll(() => platform.close());

function startRunner(choices: ExportRunnerChoices = {}): Runner {
  const runner = startExportRunner(platform, choices);
  runners.push(runner);
  return runner;
}

function queue(values: Partial<Export> = {}): Promise<Export> {
  const repository = platform.dataSource.getRepository(Export);
  const columns = ['exam_id', 'phantom', 'xrkl', 'xrkl_missing'];
  return repository.save(
    repository.create({ state: 'QUEUED', format: 'CSV', columns, requestedById, cohorts: [], ...values }),
  );
}

async function waitFor(id: number, wanted: (row: Export) => boolean): Promise<Export> {
  for (;;) {
    const row = await platform.dataSource.getRepository(Export).findOneByOrFail({ id });
    if (wanted(row)) return row;
  }
}

/** Waits until some of a file has been written, where nobody but the store looks. */
async function halfAFile(): Promise<void> {
  const drafts = join(platform.dataDir, 'blobs', 'tmp');
  for (;;) {
    const names = await readdir(drafts).catch(() => []);
    const sizes = await Promise.all(
      names.map((name) =>
        stat(join(drafts, name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    if (sizes.some((size) => size > 0)) return;
  }
}

async function assetOf({ assetId }: Export): Promise<Asset> {
  return platform.dataSource.getRepository(Asset).findOneByOrFail({ id: assetId! });
}

const over = ({ state }: Export) => state !== 'QUEUED' && state !== 'RUNNING';

test('a server that is killed while it writes offers no file, and another one writes it whole', async () => {
  const { id } = await queue({ format: 'NDJSON', columns: ALL_READINGS });
  const script = join(packageRoot, 'test/helpers/export-process.js');
  const server = spawn(process.execPath, [script, platform.url, platform.dataDir], { stdio: 'ignore' });
  const ended = once(server, 'exit');

  await halfAFile();
  server.kill('SIGKILL');
  await ended;
  const left = await waitFor(id, () => true);
  startRunner({ timings: { stale: 1 } });
  const finished = await waitFor(id, over);

  expect(left).toMatchObject({ state: 'RUNNING', attempt: 1, assetId: null, manifest: null });
  expect(finished).toMatchObject({ state: 'SUCCEEDED', attempt: 2, rows: 6_000 });
  const asset = await assetOf(finished);
  const lines = (await buffer(await platform.store.open(asset.storageKey))).toString().trimEnd().split('\n');
  expect(lines).toHaveLength(6_000);
  expect(finished.manifest).toMatchObject({ rows: 6_000, synthetic: 'ALL', file: { sha256: asset.sha256 } });
});

test('an orderly stop puts an export back, at no cost of attempts', async () => {
  const { id } = await queue({ format: 'NDJSON', columns: ALL_READINGS });
  const runner = startRunner();

  await waitFor(id, ({ state }) => state === 'RUNNING');
  await runner.close();

  expect(await waitFor(id, () => true)).toMatchObject({
    state: 'QUEUED',
    attempt: 1,
    attemptLimit: 6,
    assetId: null,
  });
});

test('an export that has cost five servers is given up with a reason', async () => {
  const { id } = await queue({ state: 'RUNNING', attempt: 5, heartbeatAt: new Date(0) });
  startRunner();

  expect(await waitFor(id, over)).toMatchObject({
    state: 'FAILED',
    error: 'Its server ended unexpectedly on attempt 5, the last one allowed.',
  });
});

test('an export whose filter means nothing any more fails with the reason', async () => {
  const { id } = await queue({ selection: { gone: { eq: 1 } } });
  startRunner();

  expect(await waitFor(id, over)).toMatchObject({
    state: 'FAILED',
    attempt: 1,
    error: 'where.gone is not a field that can be filtered by.',
  });
});

test('two servers write each export once', async () => {
  const ids = await Promise.all(Array.from({ length: 4 }, async () => (await queue({ filter: null })).id));
  startRunner();
  startRunner();

  const rows = await Promise.all(ids.map((id) => waitFor(id, over)));

  expect(rows.map(({ state, attempt }) => [state, attempt])).toEqual(ids.map(() => ['SUCCEEDED', 1]));
});

test('a canceled export is left alone, though it was being written', async () => {
  const { id } = await queue({ format: 'NDJSON', columns: ALL_READINGS });
  const runner = startRunner();
  await waitFor(id, ({ state }) => state === 'RUNNING');

  await advance(platform.dataSource.manager, EXPORT, { id, state: 'RUNNING', attempt: 1 }, { to: 'CANCELED' });
  const next = await queue();
  runner.wake();
  await waitFor(next.id, over);

  expect(await waitFor(id, () => true)).toMatchObject({ state: 'CANCELED', assetId: null, manifest: null });
});

test('a file that expires is removed, its manifest stays', async () => {
  const { id } = await queue();
  startRunner({ keepMs: 1 });
  const done = await waitFor(id, over);
  const manifest = done.manifest as { file: { sha256: string } };
  await queue();
  startRunner();

  const expired = await waitFor(id, ({ state }) => state === 'EXPIRED');

  expect(expired).toMatchObject({ assetId: null, manifest: { rows: 6_000 } });
  const { sha256 } = manifest.file;
  // The second export of the same bytes may keep them for the moment it lives; afterwards nothing is left.
  await platform.dataSource.query(`UPDATE export SET expires_at = now() WHERE state = 'SUCCEEDED'`);
  startRunner().wake();
  for (;;) {
    const asset = await platform.dataSource.getRepository(Asset).findOneBy({ sha256 });
    const stored = await platform.store.exists(`${sha256.slice(0, 2)}/${sha256}`);
    if (!asset && !stored) break;
  }
});

test('a file that two exports share stays until the second one expires', async () => {
  const [first, second] = [await queue(), await queue()];
  startRunner();
  const [one, two] = [await waitFor(first.id, over), await waitFor(second.id, over)];
  expect(one.assetId).toBe(two.assetId);

  await platform.dataSource.query('UPDATE export SET expires_at = now() WHERE id = $1', [first.id]);
  startRunner();
  await waitFor(first.id, ({ state }) => state === 'EXPIRED');

  const asset = await assetOf(await waitFor(second.id, () => true));
  expect(await platform.store.exists(asset.storageKey)).toBe(true);
});
