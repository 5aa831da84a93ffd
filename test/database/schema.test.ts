import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { KneeExam } from '../../src/entities/index.js';
import { connect, dumpSchema, migrate } from '../../src/server/database/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { factories } from '../helpers/factories.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

test('the migrations build exactly what the entities describe', async () => {
  const difference = await database.dataSource.driver.createSchemaBuilder().log();

  expect(difference.upQueries.map((query) => query.query)).toEqual([]);
});

test('a second migration run does nothing', async () => {
  expect(await migrate(database.dataSource)).toEqual([]);
});

test('processes that migrate an empty database at the same time wait for one another', async () => {
  const empty = await createTestDatabase();
  const others = await Promise.all([connect(empty.url), connect(empty.url)]);
  try {
    await empty.dataSource.query('DROP SCHEMA public CASCADE');
    await empty.dataSource.query('CREATE SCHEMA public');

    const runs = await Promise.all([empty.dataSource, ...others].map((source) => migrate(source)));

    expect(runs.filter((names) => names.length > 0)).toHaveLength(1);
  } finally {
    await Promise.all(others.map((source) => source.destroy()));
    await empty.drop();
  }
});

test('every migration can be undone', async () => {
  const throwaway = await createTestDatabase();
  try {
    for (let left = throwaway.dataSource.migrations.length; left > 0; left--) {
      await throwaway.dataSource.undoLastMigration();
    }
    const tables = await throwaway.dataSource.query<{ tablename: string }[]>(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`,
    );

    expect(tables.map((row) => row.tablename)).toEqual(['migrations']);
  } finally {
    await throwaway.drop();
  }
});

test('a database that a newer osteograph has migrated is refused', async () => {
  const newer = await createTestDatabase();
  try {
    await newer.dataSource.query(`INSERT INTO migrations (timestamp, name) VALUES (1, 'FromTheFuture')`);

    await expect(migrate(newer.dataSource)).rejects.toThrow('newer osteograph (FromTheFuture)');
  } finally {
    await newer.drop();
  }
});

test('the committed schema dump is the schema', async () => {
  expect(await dumpSchema(database.dataSource)).toBe(await readFile(join(packageRoot, 'test/schema.sql'), 'utf8'));
});

test('an exam knows the code of its visit, whoever writes it, and follows a change of either', async () => {
  const { dataSource } = database;
  const make = factories(dataSource);
  const participant = await make.participant();
  const [first, later] = [
    await make.visit(participant, { code: 'V00' }),
    await make.visit(participant, { code: 'V06' }),
  ];
  const exam = await make.exam(first);
  const code = async () => (await dataSource.getRepository(KneeExam).findOneByOrFail({ id: exam.id })).visitCode;
  const seen = [await code()];

  await dataSource.query('UPDATE knee_exam SET visit_id = $1 WHERE id = $2', [later.id, exam.id]);
  seen.push(await code());
  await dataSource.query(`UPDATE visit SET code = 'V08' WHERE id = $1`, [later.id]);
  seen.push(await code());
  await dataSource.query(`UPDATE knee_exam SET visit_code = 'V01' WHERE id = $1`, [exam.id]);
  seen.push(await code());

  expect(seen).toEqual(['V00', 'V06', 'V08', 'V08']);
});
