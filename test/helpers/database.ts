import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { DataSource, Logger } from 'typeorm';
import { connect } from '../../src/server/database/index.js';

export interface TestDatabase {
  dataSource: DataSource;
  url: string;
  /** Disconnects and removes the database. */
  drop(): Promise<void>;
}

/** A database of one's own: a clone of the migrated template in the run's real PostgreSQL. */
export function createTestDatabase(logger?: Logger, statementTimeout?: number): Promise<TestDatabase> {
  return createDatabase('osteograph', { logger, statementTimeout });
}

/** A database of one's own without a table. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return createDatabase('template0', {});
}

async function createDatabase(template: string, limits: Parameters<typeof connect>[1]): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(clusterUrl());
  url.pathname = `/${name}`;
  const dataSource = await connect(url.href, limits);
  return {
    dataSource,
    url: url.href,
    async drop() {
      if (dataSource.isInitialized) await dataSource.destroy();
      await administer(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

function clusterUrl(): string {
  const url = process.env['OSTEOGRAPH_TEST_POSTGRES'];
  if (!url) throw new Error('Run the tests with "npm test": its global setup starts PostgreSQL.');
  return url;
}

async function administer(statement: string): Promise<void> {
  const url = new URL(clusterUrl());
  url.pathname = '/postgres';
  const client = new Client({ connectionString: url.href });
  await client.connect();
  try {
    // Files that start together would clone the template at once, which PostgreSQL refuses: one at a time.
    await client.query('SELECT pg_advisory_lock(1)');
    await client.query(statement);
  } finally {
    await client.end();
  }
}
