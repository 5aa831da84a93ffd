import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { compiledModule } from '../../src/domain/package.js';
import type { TestPlatform } from './platform.js';

/** `osteograph serve` in a process of its own, on a test's database. */
export interface ServeProcess {
  url: string;
  /** The administrator's token. */
  token: string;
  process: ChildProcess;
  /** Ends it the hard way if it still runs. */
  dispose(): Promise<void>;
}

/** Starts the server of a platform that has no token yet, with its worker, and waits for its address. */
export async function startServeProcess(
  platform: TestPlatform,
  { args = [], env = {} }: { args?: string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<ServeProcess> {
  const { dataDir, modelsDir, url: DATABASE_URL } = platform;
  const options = ['--port', '0', '--data-dir', dataDir, '--models', modelsDir, '--device', 'cpu', ...args];
  const child = spawn(process.execPath, [compiledModule('cli/main'), 'serve', ...options], {
    env: { ...process.env, DATABASE_URL, LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout! })) {
    const address = /http:\/\/\S+token=\S+/.exec(line)?.[0];
    if (!address) continue;
    child.stdout!.resume();
    const { origin, searchParams } = new URL(address);
    return {
      url: origin,
      token: searchParams.get('token')!,
      process: child,
      async dispose() {
        child.kill('SIGKILL');
        await ended;
      },
    };
  }
  throw new Error('The server ended before it had an address.');
}
