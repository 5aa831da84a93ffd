import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Who holds a data directory. */
export interface LockHolder {
  pid: number;
  /** What the holder is, for example "osteograph serve". */
  purpose: string;
  since: string;
  /** Start time of the process in clock ticks, where the system tells: a pid alone may be another process by now. */
  startTicks?: string;
}

export type LockResult = { release(): Promise<void> } | { holder: LockHolder };

/**
 * Takes the lock file of a data directory, or says which living process has it. A lock whose process is gone (killed, power
 * cut) is taken over. The file is written whole under another name and linked into place, so it is never seen half-written.
 */
export async function takeLock(dataDir: string, purpose: string): Promise<LockResult> {
  await mkdir(dataDir, { recursive: true });
  const path = join(dataDir, 'osteograph.lock');
  const mine: LockHolder & { key: string } = {
    pid: process.pid,
    purpose,
    since: new Date().toISOString(),
    ...(await startTicks(process.pid)),
    key: randomUUID(),
  };
  const draft = `${path}.${mine.key}`;
  await writeFile(draft, JSON.stringify(mine));
  try {
    for (;;) {
      if (await linkIfFree(draft, path)) break;
      const holder = await readLock(path);
      if (holder && (await isAlive(holder))) return { holder };
      // Move the dead lock aside under a name of our own: of several takers only one rename succeeds per file.
      await rename(path, `${draft}.stale`).catch(ignoreMissing);
      await rm(`${draft}.stale`, { force: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
  return {
    async release() {
      const current = await readLock(path);
      if (current?.key === mine.key) await rm(path, { force: true });
    },
  };
}

async function linkIfFree(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

async function readLock(path: string): Promise<(LockHolder & { key?: string }) | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as LockHolder & { key?: string };
  } catch (error) {
    if (isErrno(error, 'ENOENT') || (error as Error).name === 'SyntaxError') return undefined;
    throw error;
  }
}

async function isAlive(holder: LockHolder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (!isErrno(error, 'EPERM')) return false;
  }
  const now = await startTicks(holder.pid);
  return holder.startTicks === undefined || now.startTicks === undefined || holder.startTicks === now.startTicks;
}

async function startTicks(pid: number): Promise<Pick<LockHolder, 'startTicks'>> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The command name, in parentheses, may hold spaces; start time is field 22 of the line, 20th after it.
  const ticks = text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  return ticks === undefined ? {} : { startTicks: ticks };
}

function ignoreMissing(error: unknown): void {
  if (!isErrno(error, 'ENOENT')) throw error;
}

function isErrno(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === code;
}
