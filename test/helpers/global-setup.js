import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, migrate, startEmbeddedPostgres } from '../../dist/src/server/database/index.js';

/** One PostgreSQL for the whole run, with a migrated template database that every test file clones. */
export default async function setup() {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-test-'));
  const postgres = await startEmbeddedPostgres(folder, { disposable: true });
  const template = await connect(postgres.url);
  await migrate(template);
  await template.destroy();
  process.env.OSTEOGRAPH_TEST_POSTGRES = postgres.url;
  globalThis.osteographTeardown = async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
