import { pino } from 'pino';
import { openQuotas, type Quotas } from '../../src/services/access/quotas.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { redisInstalled, startRedis, type RedisServer } from '../../bench/faults/redis.js';

const LIMIT = 1_000;
const logger = pino({ level: 'silent' });

let database: TestDatabase;
let redis: RedisServer | undefined;
const opened: Quotas[] = [];
let tokens = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  redis = redisInstalled ? await startRedis() : undefined;
});

afterAll(async () => {
  for (const quotas of opened) await quotas.close();
  await redis?.stop();
  await database.drop();
});

const stores: [string, () => string | undefined][] = [['PostgreSQL', () => undefined]];
if (redisInstalled) stores.push(['Redis', () => redis!.url]);

describe.each(stores)('counted in %s', (_name, queueUrl) => {
  test('three processes together never let more through than the quota, and little less', async () => {
    const token = ++tokens;
    const processes = await Promise.all([open(queueUrl()), open(queueUrl()), open(queueUrl())]);
    let granted = 0;

    await Promise.all(
      processes.map(async (quotas) => {
        for (let points = await spent(quotas, token, 7); points > 0; points = await spent(quotas, token, 7))
          granted += points;
      }),
    );

    expect(granted).toBeLessThanOrEqual(LIMIT);
    expect(granted).toBeGreaterThan(LIMIT - 3 * 7);
  });

  test('many who spend at once in one process are all served, up to the quota', async () => {
    const token = ++tokens;
    const quotas = await open(queueUrl());

    const answers = await Promise.all(Array.from({ length: 300 }, () => spent(quotas, token, 4)));

    expect(answers.reduce((sum, points) => sum + points, 0)).toBe(LIMIT);
  });

  test('the quota is whole again when the window ends', async () => {
    const token = ++tokens;
    const quotas = await open(queueUrl(), 1);
    await quotas.spend(token, LIMIT, 'everything');
    expect(await spent(quotas, token, 1)).toBe(0);

    while ((await spent(quotas, token, LIMIT)) === 0) await new Promise(setImmediate);

    expect(quotas.standing(token)).toMatchObject({ remaining: 0, window: 1, resetSeconds: 1 });
  });
});

test('spending asks the database once in a twentieth of the quota', async () => {
  const token = ++tokens;
  const quotas = await open();
  const counted = async () => {
    const rows = await database.dataSource.query<{ points: number }[]>('SELECT points FROM rate_limit WHERE key = $1', [
      String(token),
    ]);
    return rows[0]!.points;
  };

  for (let point = 0; point < 50; point++) await quotas.spend(token, 1, 'a point');
  expect(await counted()).toBe(50);
  expect(quotas.standing(token).remaining).toBe(LIMIT - 50);
  await quotas.spend(token, 1, 'a point');

  expect(await counted()).toBe(100);
  expect(quotas.standing(token).remaining).toBe(LIMIT - 51);
});

test('what costs more than the whole quota is told that it never fits', async () => {
  await expect((await open()).spend(++tokens, LIMIT + 1, 'this query')).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    message:
      'A token may spend 1000 points in 60 s; this one has 1000 left, and this query costs 1001. It will never fit: ask for less at a time.',
    details: { limit: LIMIT, window: 60, remaining: LIMIT, cost: LIMIT + 1 },
  });
});

test('while the store does not answer, the process counts for itself', async () => {
  const token = ++tokens;
  const quotas = await open();
  await database.dataSource.query('ALTER TABLE rate_limit RENAME TO rate_limit_away');
  try {
    expect(await spent(quotas, token, LIMIT)).toBe(LIMIT);
    expect(await spent(quotas, token, 1)).toBe(0);
  } finally {
    await database.dataSource.query('ALTER TABLE rate_limit_away RENAME TO rate_limit');
  }
});

test.each(redisInstalled ? ['Redis'] : [])('two installations that use one %s count apart', async () => {
  const other = await createTestDatabase();
  const token = ++tokens;
  try {
    const [here, there] = [await open(redis!.url), await open(redis!.url, undefined, other)];

    expect([await spent(here, token, LIMIT), await spent(here, token, 1), await spent(there, token, LIMIT)]).toEqual([
      LIMIT,
      0,
      LIMIT,
    ]);
  } finally {
    await other.drop();
  }
});

async function open(queueUrl?: string, window?: number, { dataSource } = database): Promise<Quotas> {
  const quotas = await openQuotas({
    dataSource,
    queueUrl,
    limit: LIMIT,
    logger,
    ...(window === undefined ? {} : { window }),
  });
  opened.push(quotas);
  return quotas;
}

/** The points, or 0 when they were refused. */
async function spent(quotas: Quotas, token: number, points: number): Promise<number> {
  try {
    await quotas.spend(token, points, 'this');
    return points;
  } catch (error) {
    expect(error).toMatchObject({ code: 'RATE_LIMITED' });
    return 0;
  }
}
