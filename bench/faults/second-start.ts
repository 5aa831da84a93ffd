import { execFile, spawnSync } from 'node:child_process';
import { compiledModule } from '../../src/domain/package.js';

/** A PID and an IPC namespace of their own, as a container has. */
const UNSHARE = ['unshare', '--user', '--map-root-user', '--pid', '--ipc', '--fork', '--mount-proc'] as const;

/** A start that has not been refused by then runs, ms. */
const PATIENCE_MS = 30_000;

export function canUnshare(): boolean {
  const [program, ...args] = UNSHARE;
  return spawnSync(program, [...args, 'true']).status === 0;
}

/**
 * Starts `osteograph serve` on a data directory that is in use, from other namespaces.
 *
 * @throws Error when it is not refused in the one sentence that names the holder
 */
export async function startElsewhere(dataDir: string): Promise<void> {
  const serve = [process.execPath, compiledModule('cli/main'), 'serve', '--no-worker', '--port', '0'];
  const [program, ...args] = [...UNSHARE, ...serve, '--data-dir', dataDir];
  const said = await new Promise<string>((resolve) => {
    const env = { ...process.env, DATABASE_URL: '' };
    execFile(program, args, { env, timeout: PATIENCE_MS, killSignal: 'SIGKILL' }, (error, stdout, stderr) =>
      resolve(`${error?.code ?? 0} ${stdout}${stderr}`),
    );
  });
  if (
    !/^1 osteograph: The data directory \S+ is in use by "[^"]+" \(process \d+ on \S+, since [^)]+\); stop it or .*\n$/.test(
      said,
    )
  ) {
    throw new Error(`A second start was not refused: ${said}`);
  }
}
