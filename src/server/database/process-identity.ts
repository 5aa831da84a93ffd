import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';

/** One process of one boot of one host. What the system does not tell is absent. */
export interface ProcessIdentity {
  pid: number;
  host: string;
  /** Changes with each boot. */
  boot?: string | undefined;
  /** The PID namespace that the pid is of: in another container the same number is another process. */
  pidNamespace?: string | undefined;
  /** Start of the process, in the system's own words: a pid alone may be another process by now. */
  started?: string | undefined;
}

export async function thisProcess(): Promise<ProcessIdentity> {
  const { pid } = process;
  return {
    pid,
    host: hostname(),
    boot: await bootId(),
    pidNamespace: await pidNamespace(),
    started: await startOf(pid),
  };
}

/** Whether a process has ended. False where it cannot be seen from here: it is of another host, boot or container. */
export async function hasEnded({
  pid,
  host,
  boot,
  pidNamespace: namespace,
  started,
}: ProcessIdentity): Promise<boolean> {
  if (host !== hostname() || boot !== (await bootId()) || namespace !== (await pidNamespace())) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return true;
  }
  const now = await startOf(pid);
  return started !== undefined && now !== undefined && started !== now;
}

async function bootId(): Promise<string | undefined> {
  if (process.platform === 'darwin') return printed('sysctl', ['-n', 'kern.bootsessionuuid']);
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined))?.trim();
}

async function pidNamespace(): Promise<string | undefined> {
  return readlink('/proc/self/ns/pid').catch(() => undefined);
}

async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'darwin') return printed('ps', ['-o', 'lstart=', '-p', String(pid)]);
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The command name, in parentheses, may hold spaces; start time is field 22 of the line, 20th after it.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

async function printed(program: string, args: string[]): Promise<string | undefined> {
  return promisify(execFile)(program, args).then(
    ({ stdout }) => stdout.trim() || undefined,
    () => undefined,
  );
}
