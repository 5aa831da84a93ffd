import { pino } from 'pino';
import { openDatabaseClock } from '../../src/services/access/clock.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';

const logger = pino({ level: 'silent' });
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

test("tells the database's time, whatever the machine's own clock says", async () => {
  const clock = await openDatabaseClock(database.dataSource, logger);
  const [{ before }] = (await database.dataSource.query(
    'SELECT (1000 * extract(epoch FROM clock_timestamp()))::double precision AS before',
  )) as [{ before: number }];
  const realNow = Date.now;
  Date.now = () => 0;
  const told = clock.now();
  Date.now = realNow;
  const [{ after }] = (await database.dataSource.query(
    'SELECT (1000 * extract(epoch FROM clock_timestamp()))::double precision AS after',
  )) as [{ after: number }];
  clock.close();

  // Half of a round trip may be on either side.
  expect(told).toBeGreaterThan(before - 50);
  expect(told).toBeLessThan(after + 50);
});
