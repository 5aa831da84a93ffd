import { UseWordsOfTheField1760000004000 } from '../../migrations/1760000004000-use-words-of-the-field.js';
import { createToken } from '../../src/services/access/tokens.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { factories } from '../helpers/factories.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('filters, exports and bundles from before speak of the preferred reading and the knee detector afterwards', async () => {
  const { dataSource } = database;
  const make = factories(dataSource);
  const bundle = await make.bundle();
  const exam = await make.exam(await make.visit(await make.participant()));
  const generation = await make.generation(exam, await make.radiograph(exam), bundle);
  const { token } = await createToken(dataSource, { name: 'ann', role: 'READER' });
  const runner = dataSource.createQueryRunner();
  const migration = new UseWordsOfTheField1760000004000();
  await migration.down(runner);
  const filter = '{"consensusProject":{"eq":"PROJECT_15"},"reading":{"project":"CONSENSUS","kl":{"gte":2}}}';
  await dataSource.query(
    `INSERT INTO export (requested_by_id, format, columns, filter, state)
     VALUES ($1, 'CSV', '{xrkl,consensus_project}', $2, 'QUEUED')`,
    [token.id, filter],
  );
  await dataSource.query(
    `UPDATE bundle SET task = 'knee-localisation', manifest = '{"task": "knee-localisation"}' WHERE id = $1`,
    [bundle.id],
  );
  await dataSource.query(
    `UPDATE generation SET origin = '{"localiser": {"name": "knee-localiser", "version": "1.0.0"}, "box": "FOUND"}' WHERE id = $1`,
    [generation.id],
  );
  await migration.up(runner);
  await runner.release();

  expect(await dataSource.query('SELECT columns, filter::text FROM export')).toEqual([
    {
      columns: ['xrkl', 'preferred_project'],
      filter: '{"preferredProject":{"eq":"PROJECT_15"},"reading":{"project":"PREFERRED","kl":{"gte":2}}}',
    },
  ]);
  expect(await dataSource.query('SELECT task, manifest FROM bundle')).toEqual([
    { task: 'knee-detection', manifest: { task: 'knee-detection' } },
  ]);
  expect(await dataSource.query('SELECT origin FROM generation WHERE id = $1', [generation.id])).toEqual([
    { origin: { kneeDetector: { name: 'knee-localiser', version: '1.0.0' }, box: 'FOUND' } },
  ]);
});
