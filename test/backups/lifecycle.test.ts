import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Batch, type KneeExam } from '../../src/entities/index.js';
import { type EventHub, openEventHub } from '../../src/services/batches/event-hub.js';
import { openOwnBlobStore } from '../../src/storage/index.js';
import { makePlace, type Place, placeOf } from '../helpers/backups.js';
import { batchOf, followBatch } from '../helpers/batches.js';
import { createTestDatabase } from '../helpers/database.js';
import { hunt } from '../helpers/hunt.js';
import { ReleaseFolder } from '../helpers/oai-files.js';
import { createExam, createTestPlatform, silent } from '../helpers/platform.js';
import { BARCODES, DAY, known, LEAVER, makeEverything, STAYER } from '../helpers/withdrawing.js';
import { startWorkerProcess } from '../helpers/worker-process.js';

let folder: string;
let places: Place[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-backups-'));
  places = [];
});
afterEach(async () => {
  for (const place of places) await place.remove();
  await rm(folder, { recursive: true });
});

async function empty(): Promise<Place> {
  const place = await makePlace();
  places.push(place);
  return place;
}

const openHub = ({ database }: Pick<Place, 'database'>): Promise<EventHub> =>
  openEventHub({ dataSource: database.dataSource, databaseUrl: database.url, logger: silent });

test('a batch that runs while a backup is made goes on where the backup is restored, and loses nothing that it had', async () => {
  const platform = await createTestPlatform();
  const origin = placeOf(platform, platform.dataDir, () => rm(platform.dataDir, { recursive: true, force: true }));
  await openOwnBlobStore(platform.dataSource, { dataDir: platform.dataDir });
  const exams: KneeExam[] = [];
  while (exams.length < 6) exams.push((await createExam(platform)).exam);
  const worker = await startWorkerProcess(platform);
  const hub = await openHub(origin);
  const { id } = await batchOf(platform, exams, { sliceCount: 6, steps: 4 });
  await followBatch(hub, id, ({ type }) => type === 'GENERATION_FINISHED');

  const made = await origin.run('backup', '--out', folder);

  expect([made.code, made.stderr]).toEqual([0, '']);
  worker.kill('SIGKILL');
  await worker.ended();
  await hub.close();
  const place = await empty();
  expect((await place.run('backup', 'restore', folder)).code).toBe(0);
  const restored = await place.database.dataSource.getRepository(Batch).findOneByOrFail({ id });
  expect(restored.state).toBe('RUNNING');
  expect(restored.succeeded).toBeGreaterThanOrEqual(1);
  expect(restored.succeeded).toBeLessThan(6);

  const next = await startWorkerProcess({ dataDir: place.dataDir, url: place.database.url });
  const there = await openHub(place);
  const log = await followBatch(there, id);
  await next.dispose();
  await there.close();

  expect(log.at(-1)).toMatchObject({
    payload: { state: 'SUCCEEDED', counters: { succeeded: 6, failed: 0, waiting: 0 } },
  });
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, at) => at + 1));
  expect(log.filter(({ type }) => type === 'GENERATION_FINISHED')).toHaveLength(6);
  expect((await place.run('blobs', 'check')).code).toBe(0);
  await platform.queue.close();
  await origin.remove();
});

describe('after an erasure', () => {
  let origin: Place;
  let release: ReleaseFolder;
  let words: string[];

  beforeEach(async () => {
    origin = await makePlace(await createTestDatabase());
    places.push(origin);
    release = await ReleaseFolder.make();
    const { dataSource } = origin.database;
    const store = await openOwnBlobStore(dataSource, { dataDir: origin.dataDir });
    const { leaver } = await makeEverything({ dataSource, store }, release);
    words = [LEAVER, ...BARCODES, DAY, leaver.film.contentSha256!, leaver.series.contentSha256!];
    expect((await origin.run('backup', '--out', folder)).code).toBe(0);
  });
  afterEach(() => release.remove());

  async function expectErased(place: Place): Promise<void> {
    const { dataSource } = place.database;
    await dataSource.query('VACUUM (ANALYZE)');
    expect(await hunt({ dataSource, store: place.store }, words)).toEqual([]);
    expect(await known(dataSource, STAYER)).toBeDefined();
    const imported = await place.run('import', release.path);
    expect(imported.stdout).toContain('Enrollees.txt: 2 rows: 0 new, 0 changed, 1 equal, 1 withdrawn\n');
  }

  test('a restore of the backup before it erases the participant again, by the list that lies beside the backups', async () => {
    expect((await origin.run('participants', 'erase', LEAVER, '--yes')).code).toBe(0);
    expect((await origin.run('backup', 'erasures', '--out', folder)).stdout).toBe(`${folder} knows 1 erasure.\n`);
    const place = await empty();

    const restored = await place.run('backup', 'restore', folder);

    expect([restored.code, restored.stderr]).toEqual([0, '']);
    expect(restored.stdout).toContain('Erased 1 of its participants again, who had withdrawn since.\n');
    await expectErased(place);
    const certificates = (await place.run('participants', 'erasures')).stdout.trim().split('\n');
    expect(certificates).toHaveLength(1);
  });

  test('a list that lies elsewhere is given with --erasures, and one of another database is refused', async () => {
    const elsewhere = join(origin.dataDir, 'elsewhere');
    await cp(folder, elsewhere, { recursive: true });
    expect((await origin.run('participants', 'erase', LEAVER, '--yes')).code).toBe(0);
    expect((await origin.run('backup', 'erasures', '--out', elsewhere)).code).toBe(0);
    const other = await makePlace(await createTestDatabase());
    places.push(other);
    const foreign = join(origin.dataDir, 'foreign');
    expect((await other.run('backup', 'erasures', '--out', foreign)).stdout).toBe(`${foreign} knows 0 erasures.\n`);
    const place = await empty();

    const refused = await place.run('backup', 'restore', folder, '--erasures', join(foreign, 'erasures.json'));
    expect(refused.stderr).toBe(
      `osteograph: ${join(foreign, 'erasures.json')} lists the erasures of another database.\n`,
    );
    const restored = await place.run('backup', 'restore', folder, '--erasures', join(elsewhere, 'erasures.json'));

    expect(restored.code).toBe(0);
    await expectErased(place);
  });

  test("work on the participant that was under way at the backup ends, and everybody else's goes on", async () => {
    const { dataSource } = origin.database;
    const { exam } = await known(dataSource, LEAVER);
    await dataSource.query(
      `UPDATE generation SET state = 'RUNNING', attempt = 1 WHERE state = 'QUEUED' AND exam_id = $1`,
      [exam.id],
    );
    await dataSource.query(`UPDATE batch SET waiting = 1, running = 1`);
    await dataSource.query(`UPDATE evaluation SET state = 'RUNNING', attempt = 1, last_seq = 2`);
    expect((await origin.run('backup', '--out', folder)).code).toBe(0);
    await dataSource.query(`UPDATE generation SET state = 'QUEUED' WHERE state = 'RUNNING'`);
    await dataSource.query(`UPDATE batch SET waiting = 2, running = 0`);
    await dataSource.query(`UPDATE evaluation SET state = 'SUCCEEDED'`);
    expect((await origin.run('participants', 'erase', LEAVER, '--yes')).code).toBe(0);
    expect((await origin.run('backup', 'erasures', '--out', folder)).code).toBe(0);
    const place = await empty();

    expect(await place.run('backup', 'restore', folder)).toMatchObject({ code: 0, stderr: '' });

    await expectErased(place);
    expect(await place.database.dataSource.query('SELECT state FROM evaluation')).toEqual([{ state: 'CANCELED' }]);
    expect(await place.database.dataSource.query('SELECT state, waiting, running, succeeded FROM batch')).toEqual([
      { state: 'RUNNING', waiting: 1, running: 0, succeeded: 1 },
    ]);
  });
});
