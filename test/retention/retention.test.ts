import { Generation } from '../../src/entities/index.js';
import { type EventHub, openEventHub } from '../../src/services/batches/event-hub.js';
import { startSweeper } from '../../src/storage/index.js';
import { applyRetention, parseRules } from '../../src/services/retention/index.js';
import { runCommand } from '../helpers/command.js';
import { factories } from '../helpers/factories.js';
import { createExam, createTestPlatform, silent, type TestPlatform } from '../helpers/platform.js';

const DAY_MS = 86_400_000;

let platform: TestPlatform;
let hub: EventHub;
let old: Generation;
let young: Generation;

beforeEach(async () => {
  platform = await createTestPlatform();
  const { dataSource, url: databaseUrl } = platform;
  hub = await openEventHub({ dataSource, databaseUrl, logger: silent });
  const { exam, radiograph } = await createExam(platform);
  const make = factories(dataSource);
  old = await make.generation(exam, radiograph, platform.bundle, { state: 'SUCCEEDED', clientKey: 'old', lastSeq: 3 });
  young = await make.generation(exam, radiograph, platform.bundle, {
    state: 'SUCCEEDED',
    clientKey: 'young',
    lastSeq: 3,
  });
  for (const [{ id }, days] of [
    [old, 100],
    [young, 10],
  ] as const) {
    await dataSource.query(`UPDATE generation SET finished_at = now() - make_interval(days => $2) WHERE id = $1`, [
      id,
      days,
    ]);
    for (const seq of [1, 2, 3]) {
      const payload = JSON.stringify({ state: seq === 3 ? 'SUCCEEDED' : 'RUNNING', attempt: 1, message: null });
      await dataSource.query(
        `INSERT INTO generation_event (generation_id, seq, type, payload) VALUES ($1, $2, 'STATE_CHANGED', $3)`,
        [id, seq, payload],
      );
    }
    await dataSource.query(`INSERT INTO audit_entry (action, at) VALUES ($1, now() - make_interval(days => $2))`, [
      `${days} days ago`,
      days,
    ]);
  }
});
afterEach(async () => {
  await hub.close();
  await platform.close();
});

const retention = (...args: string[]) =>
  runCommand(['retention', ...args, '--data-dir', platform.dataDir], { DATABASE_URL: platform.url });

async function lines(): Promise<string[]> {
  const rows = await platform.dataSource.query<{ line: string }[]>(
    `SELECT client_key || ' ' || seq AS line FROM generation_event JOIN generation g ON g.id = generation_id ORDER BY 1`,
  );
  return rows.map(({ line }) => line);
}

test('the command shows rule, rows and what would go, removes it when told to, and then nothing is left to remove', async () => {
  const rules = ['--retention', 'events=90d,audit=90d'];

  const shown = await retention(...rules);

  expect([shown.code, shown.stderr]).toEqual([0, '']);
  expect(shown.stdout).toMatch(/^events +90d {2}generation_event: 6 rows, [\d.]+ kB, 2 would go$/m);
  expect(shown.stdout).toMatch(/^audit +90d {2}audit_entry: 2 rows, [\d.]+ kB, 1 would go$/m);
  expect(shown.stdout).toMatch(/^keys +keep {2}generation: 2 rows, [\d.]+ kB, 0 would go$/m);
  expect(shown.stdout).toMatch(/^exports +7d {2}export: 0 rows, 0 bytes, 0 would go$/m);
  expect((await retention('apply', '--dry-run', ...rules)).stdout).toBe(shown.stdout);
  expect(await lines()).toHaveLength(6);

  expect((await retention('apply', ...rules)).stdout).toBe(
    'generation_event: removed 2 rows\naudit_entry: removed 1 row\n',
  );

  // Of the log that is over for long the last line stays.
  expect(await lines()).toEqual(['old 3', 'young 1', 'young 2', 'young 3']);
  const audited = await platform.dataSource.query<{ action: string }[]>('SELECT action FROM audit_entry ORDER BY id');
  expect(audited.map(({ action }) => action)).toEqual(['10 days ago', 'retention', 'retention']);
  expect((await retention('apply', ...rules)).stdout).toBe('Nothing was kept longer than the rules say.\n');
});

test('who follows a log that was shortened gets its last line, and the end', async () => {
  await applyRetention(platform.dataSource, parseRules('events=90d'));
  const seen: number[] = [];
  for await (const { seq } of hub.subscribe(old.id, 0)) seen.push(seq);

  expect(seen).toEqual([3]);
});

test('a client key that was forgotten may be used anew, and the work stays', async () => {
  expect(await applyRetention(platform.dataSource, parseRules('keys=30d'))).toEqual({ generation: 1 });

  const keys = await platform.dataSource.getRepository(Generation).find({ order: { clientKey: 'ASC' } });
  expect(keys.map(({ id, clientKey }) => [id, clientKey])).toEqual([
    [young.id, 'young'],
    [old.id, null],
  ]);
});

test('work that is not over keeps its log however old it is', async () => {
  await platform.dataSource.query(`UPDATE generation SET state = 'RUNNING', finished_at = NULL WHERE id = $1`, [
    old.id,
  ]);

  expect(await applyRetention(platform.dataSource, parseRules('events=1h'))).toEqual({ generation_event: 2 });

  expect(await lines()).toEqual(['old 1', 'old 2', 'old 3', 'young 3']);
});

test('a running server keeps to the rules with each sweep', async () => {
  const { dataSource, store } = platform;
  const swept = Promise.withResolvers<object>();
  const sweeper = startSweeper({
    dataSource,
    store,
    logger: silent,
    everyMs: 10,
    async forget(signal) {
      const removed = await applyRetention(dataSource, parseRules('events=90d'), signal);
      swept.resolve(removed);
      return removed;
    },
  });

  expect(await swept.promise).toEqual({ generation_event: 2 });
  await sweeper.close();
  expect(await lines()).toEqual(['old 3', 'young 1', 'young 2', 'young 3']);
});

test.each([
  ['events=', 'a time is from 1h to 100y, such as 12h, 90d or 2y, and for all but exports "keep"'],
  ['events=90', 'a time is from 1h to 100y, such as 12h, 90d or 2y, and for all but exports "keep"'],
  ['audit=0d', 'a time is from 1h to 100y, such as 12h, 90d or 2y, and for all but exports "keep"'],
  ['audit=101y', 'a time is from 1h to 100y, such as 12h, 90d or 2y, and for all but exports "keep"'],
  ['exports=keep', 'a time is from 1h to 100y, such as 12h, 90d or 2y, and for all but exports "keep"'],
  ['film=3d', 'the names are events, audit, keys, previews, exports'],
])('the rule %s is refused in one sentence', (rule, accepted) => {
  expect(() => parseRules(rule)).toThrow(`The retention rule "${rule}" cannot be read: ${accepted}.`);
});

test('rules are read in any order, and what is left out is kept as ever', () => {
  expect(parseRules(' audit=2y, exports=12h ')).toEqual({
    ...{ events: null, keys: null, previews: null },
    ...{ audit: 730 * DAY_MS, exports: DAY_MS / 2 },
  });
  expect(() => parseRules('audit=2y,audit=3y')).toThrow(
    'The retention rule "audit=3y" cannot be read: audit is there twice.',
  );
});
