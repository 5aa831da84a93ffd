import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { compiledModule } from '../../src/domain/package.js';
import type { TestPlatform } from './platform.js';

/** `osteograph worker` in a process of its own. */
export interface WorkerProcess {
  pid: number;
  kill(signal: NodeJS.Signals): void;
  /** Waits for its end. */
  ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Ends it the hard way if it still runs. */
  dispose(): Promise<void>;
}

export interface ProcessOptions {
  /** Further arguments. */
  flags?: readonly string[];
  /** Put in front of the command line, e.g. to run it on another host. */
  on?: readonly string[];
  env?: NodeJS.ProcessEnv;
}

/** Starts a worker of the platform and waits until it is ready. */
export async function startWorkerProcess(
  { dataDir, url, queueUrl }: Pick<TestPlatform, 'dataDir' | 'url'> & Partial<Pick<TestPlatform, 'queueUrl'>>,
  { flags = [], on = [], env: extra = {} }: ProcessOptions = {},
): Promise<WorkerProcess> {
  const args = ['worker', '--data-dir', dataDir, '--device', 'cpu', '--threads', '1', ...flags];
  const env = {
    ...process.env,
    DATABASE_URL: url,
    LOG_LEVEL: 'warn',
    ...extra,
    ...(queueUrl ? { QUEUE_URL: queueUrl } : {}),
  };
  const [program, ...rest] = [...on, process.execPath, compiledModule('cli/main'), ...args];
  const child = spawn(program!, rest, {
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let log = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (log += text));
  const end = endOf(child);
  await Promise.race([
    once(child, 'message'),
    end.then(({ code }) => {
      throw new Error(`The worker ended with ${code} before it was ready:\n${log}`);
    }),
  ]);
  return {
    pid: child.pid!,
    kill: (signal) => void child.kill(signal),
    ended: () => end,
    async dispose() {
      child.kill('SIGKILL');
      await end;
    },
  };
}

async function endOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}
