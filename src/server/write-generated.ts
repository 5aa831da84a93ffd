import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { packageRoot } from '../domain/package.js';
import { connect, dumpSchema, migrate, startEmbeddedPostgres } from './database/index.js';
import { conventionFaults } from './schema-conventions.js';
import { platformSchema } from './schema.js';

/** Run by "npm run generate": writes schema.graphql and test/schema.sql, which are committed and checked for drift. */
const schema = await platformSchema();
const faults = conventionFaults(schema);
if (faults.length > 0) throw new Error(`The schema breaks its conventions:\n${faults.join('\n')}`);
await writeFile(join(packageRoot, 'schema.graphql'), `${printSchema(lexicographicSortSchema(schema))}\n`);
await writeFile(join(packageRoot, 'test', 'schema.sql'), await freshDump());

async function freshDump(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-generate-'));
  const postgres = await startEmbeddedPostgres(folder, { disposable: true });
  try {
    const dataSource = await connect(postgres.url);
    await migrate(dataSource);
    const dump = await dumpSchema(dataSource);
    await dataSource.destroy();
    return dump;
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
