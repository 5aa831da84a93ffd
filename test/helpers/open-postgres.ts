import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, migrate, startEmbeddedPostgres } from '../../src/server/database/index.js';
import { locatePostgres, postgresAccount } from '../../src/server/database/postgres-binaries.js';
import type { TestDatabase } from './database.js';

/** A PostgreSQL that other hosts reach at `address`, with a migrated database: ours listens to its own machine only. */
export async function startOpenPostgres(address: string): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-open-'));
  const own = await startEmbeddedPostgres(folder, { disposable: true });
  await own.stop();
  const cluster = join(folder, 'postgres');
  await appendFile(join(cluster, 'pg_hba.conf'), 'host all all 10.0.0.0/8 scram-sha-256\n');
  const url = new URL(own.url);
  url.hostname = address;
  const settings = ['listen_addresses=*', 'unix_socket_directories=', 'fsync=off', 'max_connections=200'];
  const flags = ['-D', cluster, '-p', url.port, ...settings.flatMap((setting) => ['-c', setting])];
  const [program, ...args] = [...postgresAccount().prefix, locatePostgres().postgres, ...flags];
  const server = spawn(program!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  for await (const text of server.stderr.setEncoding('utf8')) {
    if ((text as string).includes('ready to accept connections')) break;
  }
  const dataSource = await connect(url.href);
  await migrate(dataSource);
  return {
    dataSource,
    url: url.href,
    async drop() {
      await dataSource.destroy();
      const ended = once(server, 'exit');
      server.kill('SIGQUIT');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
