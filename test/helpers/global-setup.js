import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, migrate, startEmbeddedPostgres } from '../../dist/src/server/database/index.js';

let started;
let projects = 0;

/**
 * One PostgreSQL for the whole run, with a migrated template database that every test file clones. Every project that needs it calls
 * this, in one process: the first one starts it, and the last one to end stops it.
 */
export default async function setup() {
  projects += 1;
  started ??= start();
  const stop = await started;
  return async () => {
    projects -= 1;
    if (projects === 0) await stop();
  };
}

async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-test-'));
  const postgres = await startEmbeddedPostgres(folder, { disposable: true });
  const template = await connect(postgres.url);
  await migrate(template);
  await template.destroy();
  process.env.OSTEOGRAPH_TEST_POSTGRES = postgres.url;
  return async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
