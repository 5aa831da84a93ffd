import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { compiledModule } from '../../src/domain/package.js';
import { MAX_QUOTA } from '../../src/services/access/quotas.js';

export interface RunningServer {
  url: string;
  pid: number;
  close(): Promise<void>;
}

/** Folder in which PostGraphile was installed. */
const POSTGRAPHILE = 'OSTEOGRAPH_POSTGRAPHILE';

/** `osteograph serve` in a process of its own, on a database that the benchmark has. */
export async function serveOsteograph(databaseUrl: string, dataDir: string): Promise<RunningServer> {
  // One token asks here for more in a minute than people do; the quota is counted all the same.
  const quota = ['--rate-limit', String(MAX_QUOTA)];
  const flags = ['serve', '--no-worker', '--port', '0', '--data-dir', dataDir, ...quota];
  const child = spawn(process.execPath, [compiledModule('cli/main'), ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, DATABASE_URL: databaseUrl, LOG_LEVEL: 'error' },
  });
  return running(child, /Osteograph is at (http:\/\/[^/\s]+)/);
}

/**
 * PostGraphile 5 as its documentation starts it, with the preset that needs no plugin; undefined, and one sentence on the
 * error stream, where it is not installed.
 */
export async function servePostgraphile(databaseUrl: string, scratch: string): Promise<RunningServer | undefined> {
  const folder = process.env[POSTGRAPHILE];
  if (!folder || !existsSync(join(folder, 'node_modules', 'postgraphile'))) {
    console.error(
      `PostGraphile is left out: "npm install --prefix DIR postgraphile@5" and ${POSTGRAPHILE}=DIR bring it in.`,
    );
    return undefined;
  }
  // The script lies beside the package: that is where its imports are looked up.
  const script = join(folder, 'osteograph-bench.mjs');
  await writeFile(script, POSTGRAPHILE_SERVER);
  const child = spawn(process.execPath, [script, databaseUrl], {
    cwd: scratch,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  return running(child, /PostGraphile is at (http:\/\/[^/\s]+)/);
}

const POSTGRAPHILE_SERVER = `import { once } from 'node:events';
import { createServer } from 'node:http';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';

const pgServices = [makePgService({ connectionString: process.argv[2] })];
const server = createServer();
await postgraphile({ extends: [PostGraphileAmberPreset], pgServices }).createServ(grafserv).addTo(server);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
console.log('PostGraphile is at http://127.0.0.1:' + server.address().port);
`;

async function running(child: ChildProcess, address: RegExp): Promise<RunningServer> {
  const close = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  };
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = address.exec(line)?.[1];
    // What it prints later must go somewhere, or its pipe fills up.
    if (url) return (child.stdout!.resume(), { url, pid: child.pid!, close });
  }
  throw new Error('The server ended without saying where it is.');
}
