import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compiledModule, packageRoot } from '../../src/domain/package.js';
import type { TestPlatform } from './platform.js';

/** `osteograph serve` in a process of its own, ready to answer. */
export interface ServeProcess {
  process: ChildProcess;
  /** Without a path. */
  url: string;
  /** The administrator's, which the first start alone prints; else empty. */
  token: string;
  /** Sends a signal and waits for the end, however it comes; nothing happens to one that has ended. */
  end(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Starts `osteograph serve` on a free port and waits for the address that it prints. It ends with this process. */
export async function startServe(flags: readonly string[], env: NodeJS.ProcessEnv): Promise<ServeProcess> {
  const preload = pathToFileURL(join(packageRoot, 'test/helpers/ends-with-parent.js')).href;
  const args = ['--import', preload, compiledModule('cli/main'), 'serve', '--port', '0', ...flags];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const ended = (once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>).then(([code, signal]) => ({
    code,
    signal,
  }));
  let printed = '';
  for await (const text of child.stdout!.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    printed += text as string;
    const [, url, token = ''] = /(http:\/\/127\.0\.0\.1:\d+)(?:\/\?token=([\w-]+))?\S*\s/.exec(printed) ?? [];
    if (!url) continue;
    child.stdout!.resume();
    return {
      process: child,
      url,
      token,
      end(signal = 'SIGKILL') {
        child.kill(signal);
        return ended;
      },
    };
  }
  throw new Error(`osteograph serve ended before it was ready:\n${printed}`);
}

/** Starts the server of a platform that has no token yet, with its worker. */
export function startServeOf(
  { dataDir, modelsDir, url: DATABASE_URL }: TestPlatform,
  { flags = [], env = {} }: { flags?: string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<ServeProcess> {
  const options = ['--data-dir', dataDir, '--models', modelsDir, '--device', 'cpu', ...flags];
  return startServe(options, { ...process.env, DATABASE_URL, LOG_LEVEL: 'warn', ...env });
}
