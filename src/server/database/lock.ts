import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../domain/errors.js';
import { type ProcessIdentity, hasEnded, thisProcess } from './process-identity.js';

/** Who holds a data directory, as it is written into the lock file. */
export interface LockHolder extends ProcessIdentity {
  /** What the holder is, for example "osteograph serve". */
  purpose: string;
  /** ISO 8601. */
  since: string;
}

export interface Lock {
  /**
   * Descriptor of the locked file. A child process that inherits it holds the lock as well, until it ends: PostgreSQL gets it, so
   * that the directory stays locked while any process of it lives, whatever became of ours.
   */
  descriptor: number;
  release(): Promise<void>;
}

export type LockResult = Lock | { holder: LockHolder | undefined };

/** What takes flock(2) on its descriptor 3 for the open file that it shares with us: 0 for taken, 1 for held by another. */
const LOCKERS = [
  ['flock', '-n', '-x', '3'],
  [
    'perl',
    '-MFcntl=:flock',
    '-e',
    'open(F, "+<&=", 3) or exit 2; exit(flock(F, LOCK_EX | LOCK_NB) ? 0 : $!{EWOULDBLOCK} ? 1 : 2)',
  ],
] as const;

/** How long a holder may take from its lock to its name in the file, ms. */
const NAME_MS = 1_000;

/**
 * Takes the lock of a data directory, or says who has it. The operating system holds the lock and ends it with the last process
 * that has the file open: a killed holder locks nobody out, and a living one is seen from every container and, where the file
 * system passes flock(2) on, from every host. What the file says is for people only.
 *
 * @throws UserError UNAVAILABLE when the directory cannot be written or nothing here can lock it
 */
export async function takeLock(dataDir: string, purpose: string): Promise<LockResult> {
  const path = join(dataDir, 'osteograph.lock');
  const file = await openLockFile(dataDir, path);
  try {
    if (!(await lockExclusively(file.fd, dataDir))) {
      await file.close();
      return { holder: await readHolder(path) };
    }
    const holder: LockHolder = { ...(await thisProcess()), purpose, since: new Date().toISOString() };
    await file.truncate(0);
    await file.write(`${JSON.stringify(holder)}\n`, 0);
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
  return {
    descriptor: file.fd,
    // The file stays: who removed it could remove the one that another process has just locked.
    release: async () => {
      await file.truncate(0);
      await file.close();
    },
  };
}

/** Whether whoever took the lock has ended and only something that it started holds on to it, as far as this can be told here. */
export async function isLeftover(holder: LockHolder | undefined): Promise<boolean> {
  return holder !== undefined && (await hasEnded(holder));
}

/** The holder's name for a sentence. */
export function describeHolder(holder: LockHolder | undefined): string {
  if (!holder) return 'another process';
  const { purpose, pid, host, since } = holder;
  return `"${purpose}" (process ${pid} on ${host}, since ${since})`;
}

/** What the lock file says at the moment; undefined when it says nothing that can be read. */
export async function currentHolder(dataDir: string): Promise<LockHolder | undefined> {
  const text = await readFile(join(dataDir, 'osteograph.lock'), 'utf8').catch(() => '');
  try {
    const value: unknown = JSON.parse(text);
    return isHolder(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function openLockFile(dataDir: string, path: string): Promise<FileHandle> {
  try {
    await mkdir(dataDir, { recursive: true });
    return await open(path, constants.O_RDWR | constants.O_CREAT);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new UserError('UNAVAILABLE', `The data directory ${dataDir} cannot be written: ${code ?? message}.`, {
      cause,
    });
  }
}

async function lockExclusively(descriptor: number, dataDir: string): Promise<boolean> {
  for (const [program, ...args] of LOCKERS) {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe', descriptor] });
    let complaint = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    let code: unknown;
    try {
      [code] = await once(child, 'close');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw error;
    }
    if (code === 0) return true;
    if (code === 1) return false;
    const reason = complaint.trim() || `${program} ended with ${String(code)}`;
    throw new UserError('UNAVAILABLE', `The data directory ${dataDir} cannot be locked: ${reason}.`);
  }
  throw new UserError(
    'UNAVAILABLE',
    `The data directory ${dataDir} cannot be locked: neither flock (util-linux) nor perl is installed; install one or set DATABASE_URL.`,
  );
}

async function readHolder(path: string): Promise<LockHolder | undefined> {
  const deadline = performance.now() + NAME_MS;
  for (;;) {
    const holder = await currentHolder(join(path, '..'));
    if (holder || performance.now() > deadline) return holder;
    await delay(20);
  }
}

function isHolder(value: unknown): value is LockHolder {
  const texts = ['host', 'purpose', 'since'] as const;
  const fields = value as Partial<LockHolder> | null;
  return typeof fields?.pid === 'number' && texts.every((name) => typeof fields[name] === 'string');
}
