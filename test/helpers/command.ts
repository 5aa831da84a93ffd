import { execFile } from 'node:child_process';
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
