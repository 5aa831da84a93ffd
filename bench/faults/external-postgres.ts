import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { postgresAccount } from '../../src/server/database/postgres-binaries.js';

const INSTALLED = '/usr/lib/postgresql';

/** A PostgreSQL of the system, in a folder of its own, that somebody else than Osteograph starts and ends. */
export interface ExternalPostgres {
  port: number;
  url: string;
  /** kill -9 of the postmaster, then start it again, as a supervisor does. */
  crash(): Promise<void>;
  stop(): void;
}

/** Where the system's PostgreSQL programs are; undefined where there are none. */
export function systemPostgres(): string | undefined {
  if (!existsSync(INSTALLED)) return undefined;
  const newest = readdirSync(INSTALLED).sort().at(-1);
  return newest === undefined ? undefined : join(INSTALLED, newest, 'bin');
}

export async function startExternalPostgres(binaries: string, folder: string, port: number): Promise<ExternalPostgres> {
  const { prefix, owner } = postgresAccount();
  const data = join(folder, 'external');
  await mkdir(data, { mode: 0o700 });
  if (owner) await chown(data, owner.uid, owner.gid);
  const run = (program: string, ...args: string[]) => {
    const [command, ...rest] = [...prefix, join(binaries, program), ...args];
    execFileSync(command!, rest, { stdio: 'ignore' });
  };
  run('initdb', '-D', data, '-U', 'osteograph', '--auth=trust', '--locale=C', '--encoding=UTF8');
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200`;
  const start = () => run('pg_ctl', 'start', '-w', '-D', data, '-l', join(data, 'log'), '-o', options);
  start();
  run('createdb', '-h', '127.0.0.1', '-p', String(port), '-U', 'osteograph', 'osteograph');
  return {
    port,
    url: `postgresql://osteograph@127.0.0.1:${port}/osteograph`,
    async crash() {
      process.kill(await postmasterOf(data), 'SIGKILL');
      for (;;) {
        try {
          return start();
        } catch {
          // Its orphans still hold the shared memory; they notice within moments.
          await delay(100);
        }
      }
    },
    stop: () => run('pg_ctl', 'stop', '-m', 'immediate', '-D', data),
  };
}

/** Process id of the postmaster of a data folder. */
export async function postmasterOf(data: string): Promise<number> {
  return Number((await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')[0]);
}
