import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { UserError } from '../../domain/errors.js';
import { locatePostgres, type PostgresAccount, type PostgresBinaries, postgresAccount } from './postgres-binaries.js';

/** A PostgreSQL server of our own in a directory, listening on the loopback interface only. */
export interface EmbeddedPostgres {
  /** Connection string of its database "osteograph". */
  url: string;
  /** Resolves with one sentence when it has died too often to be started once more; never does otherwise. */
  gaveUp: Promise<UserError>;
  /** Ends it in fast mode: open transactions are rolled back, everything committed is on disk. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Leave the disk cache unflushed: for throw-away clusters of tests only. */
  disposable?: boolean;
  /** Descriptor of the data directory's lock: PostgreSQL and all its processes hold it as long as they live. */
  lock?: number | undefined;
}

const DATABASE = 'osteograph';

/** Between the death of a server and the start of the next one, ms; twice as long after each further death, up to the longest. */
const RESTART_PAUSE_MS = { first: 200, longest: 5_000 };

/** A server that answered for so long did not die of how it was started, ms. */
const HEALTHY_MS = 1_000;

/** Deaths in a row, none of a server that answered that long, after which no other is started: about 10 s of trying. */
const MAX_DEATHS = 6;

/** How long a server may take to accept connections; crash recovery is part of it. */
const START_TIMEOUT_MS = 60_000;

/**
 * Starts PostgreSQL in `<dataDir>/postgres`, creating the cluster the first time. A server that a killed process left
 * running there is ended first; one that dies is started again on the same port, because nobody else would, until it has died
 * {@link MAX_DEATHS} times in a row. The caller holds the data directory's lock.
 */
export async function startEmbeddedPostgres(dataDir: string, options: EmbeddedOptions = {}): Promise<EmbeddedPostgres> {
  const folder = join(dataDir, 'postgres');
  const passwordFile = join(dataDir, 'postgres.password');
  const binaries = locatePostgres();
  const account = postgresAccount();
  if (!(await exists(join(folder, 'PG_VERSION')))) {
    await createCluster({ folder, passwordFile, binaries, account, options });
  }
  await endLeftover(folder);
  const password = (await readFile(passwordFile, 'utf8')).trim();
  const port = await freePort();
  const url = connectionUrl(password, port, DATABASE);
  const ready = connectionUrl(password, port, 'postgres');
  const start = () => launch({ folder, port, binaries, account, options });
  const process = await start();
  try {
    await waitUntilReady(ready, process);
    await createDatabase(connectionUrl(password, port, 'postgres'), DATABASE);
    await writeFile(join(dataDir, 'postgres.url'), url, { mode: 0o600 });
  } catch (error) {
    process.kill('SIGINT');
    throw error;
  }
  return { url, ...keepAlive(process, start, ready, dataDir) };
}

/** Follows a server that dies by the next one, until it has died too often or `stop` ends it for good. */
function keepAlive(
  first: ChildProcess,
  start: () => Promise<ChildProcess>,
  url: string,
  dataDir: string,
): Pick<EmbeddedPostgres, 'gaveUp' | 'stop'> {
  let current = first;
  let deaths = 0;
  const stopping = new AbortController();
  const { signal } = stopping;
  const gaveUp = Promise.withResolvers<UserError>();
  // A process that exits without closing anything does not leave it behind.
  const endToo = () => void current.kill('SIGINT');
  process.once('exit', endToo);
  const kept = (async () => {
    for (;;) {
      const ready = performance.now();
      await exitOf(current);
      deaths = performance.now() - ready > HEALTHY_MS ? 1 : deaths + 1;
      if (signal.aborted) return;
      if (deaths >= MAX_DEATHS) {
        const message = `The embedded PostgreSQL has died ${deaths} times in a row and is not started again; ${join(dataDir, 'postgres.log')} says why.`;
        return gaveUp.resolve(new UserError('UNAVAILABLE', message));
      }
      // The first tries can fail: orphans of the dead one hold its shared memory until they notice.
      const pause = Math.min(RESTART_PAUSE_MS.first * 2 ** (deaths - 1), RESTART_PAUSE_MS.longest);
      await delay(pause, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        current = await start();
        // Told to stop meanwhile.
        if (signal.aborted) return await stop(current);
        await waitUntilReady(url, current);
      } catch {
        // It has died, or could not even be started: the next round counts it.
      }
    }
  })();
  return {
    gaveUp: gaveUp.promise,
    async stop() {
      stopping.abort();
      await stop(current);
      await kept;
      process.removeListener('exit', endToo);
    },
  };
}

/**
 * Ends the server that a killed process left in its data directory, if this machine sees it running.
 *
 * @param isStillLeft asked at the last moment: another start may have ended it meanwhile and have a server of its own
 * @throws UserError UNAVAILABLE when it does not end
 */
export function endLeftoverPostgres(dataDir: string, isStillLeft: () => Promise<boolean>): Promise<void> {
  return endLeftover(join(dataDir, 'postgres'), isStillLeft);
}

/** Connection string of the server that the holder of this data directory runs, or undefined. */
export async function runningUrl(dataDir: string): Promise<string | undefined> {
  return (await exists(join(dataDir, 'postgres.url'))) ? readFile(join(dataDir, 'postgres.url'), 'utf8') : undefined;
}

interface Cluster {
  folder: string;
  binaries: PostgresBinaries;
  account: PostgresAccount;
  options: EmbeddedOptions;
}

async function createCluster({ folder, passwordFile, binaries, account, options }: Cluster & { passwordFile: string }) {
  // initdb works beside the final place: a crash half-way leaves nothing that looks like a cluster.
  const draft = `${folder}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (account.owner) {
    await chown(draft, account.owner.uid, account.owner.gid);
    await chown(passwordFile, account.owner.uid, account.owner.gid);
  }
  const flags = [
    `--pgdata=${draft}`,
    `--pwfile=${passwordFile}`,
    '--username=osteograph',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(options.disposable ? ['--no-sync'] : []),
  ];
  const [program, ...args] = [...account.prefix, binaries.initdb, ...flags];
  const initdb = spawn(program!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  initdb.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const [code] = (await once(initdb, 'close')) as [number | null];
  if (code !== 0) {
    throw new UserError('UNAVAILABLE', `PostgreSQL could not create its files in ${folder}: ${causeIn(complaint)}.`);
  }
  await rename(draft, folder);
}

async function launch({ folder, port, binaries, account, options }: Cluster & { port: number }): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    work_mem: '32MB',
    ...(options.disposable ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [program, ...args] = [...account.prefix, binaries.postgres, '-D', folder, '-p', String(port), ...flags];
  const log = await open(join(folder, '..', 'postgres.log'), 'a');
  try {
    // A group of its own: Ctrl-C in the terminal reaches us, and we end PostgreSQL after our own connections.
    const stdio: StdioOptions = ['ignore', log.fd, log.fd];
    if (options.lock !== undefined) stdio.push(options.lock);
    return spawn(program!, args, { stdio, detached: true });
  } finally {
    await log.close();
  }
}

async function waitUntilReady(url: string, process: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (process.exitCode !== null || process.signalCode !== null) {
      throw new UserError(
        'UNAVAILABLE',
        'PostgreSQL ended while starting; postgres.log in the data directory says why.',
      );
    }
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(25);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

async function createDatabase(url: string, name: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (!rowCount) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

async function endLeftover(folder: string, isStillLeft: () => Promise<boolean> = async () => true): Promise<void> {
  const text = await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  if (!pid || !(await isPostgresOf(pid, folder)) || !(await isStillLeft())) return;
  process.kill(pid, 'SIGINT');
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (await exists(join(folder, 'postmaster.pid'))) {
    if (Date.now() > deadline) {
      throw new UserError('UNAVAILABLE', `A PostgreSQL (pid ${pid}) left in ${folder} does not stop; stop it by hand.`);
    }
    await delay(50);
  }
}

/** A stale pid file may name a process that is something else by now; on Linux its command line tells. */
async function isPostgresOf(pid: number, folder: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return commandLine === undefined || commandLine.split('\0').includes(folder);
}

async function stop(process: ChildProcess): Promise<void> {
  const closed = exitOf(process);
  process.kill('SIGINT');
  await closed;
}

async function exitOf(process: ChildProcess): Promise<void> {
  if (process.exitCode === null && process.signalCode === null) await once(process, 'exit');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The loopback interface gave no port.');
  return address.port;
}

function connectionUrl(password: string, port: number, database: string): string {
  return `postgresql://osteograph:${password}@127.0.0.1:${port}/${database}`;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** What initdb stumbled over: the first line that calls itself an error; those after it tell how it cleaned up. */
function causeIn(complaint: string): string {
  const lines = complaint.trim().split('\n');
  const cause = lines.find((line) => /\b(?:FATAL|error):/.test(line)) ?? lines.at(-1);
  return cause?.replace(/^.*?\b(?:FATAL|error): +/, '').replace(/\.$/, '') || 'no reason given';
}
