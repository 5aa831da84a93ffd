import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs/promises';
import { compiledModule } from '../../src/domain/package.js';

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `osteograph <args>` from the build and waits for its end; a code other than 0 is no error here. */
export function runCommand(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  const clean = { ...process.env, ...env };
  if (!('DATABASE_URL' in env)) delete clean['DATABASE_URL'];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiledModule('cli/main'), ...args],
      { env: clean, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
  });
}

/**
 * Runs `osteograph <args>` and presses Ctrl-C once an entry of a folder appears, as a terminal does it: to the whole group of processes.
 */
export async function interruptedCommand(
  args: readonly string[],
  { folder, entry }: { folder: string; entry: string },
): Promise<Pick<CommandResult, 'code' | 'stderr'>> {
  const child = spawn(process.execPath, [compiledModule('cli/main'), ...args], { detached: true });
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const ended = once(child, 'exit');
  for await (const { filename } of watch(folder)) if (filename === entry) break;
  process.kill(-child.pid!, 'SIGINT');
  return { code: (await ended)[0] as number, stderr: said.join('') };
}
