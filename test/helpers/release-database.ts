import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from './database.js';
import { ReleaseFolder } from './oai-files.js';

/** What a test imports into, and the folder of what it imports: empty at the beginning of each test of a file that calls {@link emptyRelease}. */
export let dataSource: DataSource;
export let release: ReleaseFolder;

/** Gives each test of this file a database and a release of its own. */
export function emptyRelease(): void {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = database.dataSource;
    release = await ReleaseFolder.make();
  });

  afterEach(async () => {
    await database.drop();
    await release.remove();
  });
}
