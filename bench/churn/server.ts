import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { compiledModule } from '../../src/domain/package.js';

/** The limit that the server ships with (deploy/helm/osteograph/values.yaml), bytes. */
export const MEMORY_LIMIT = 1024 ** 3;

/** What V8 is given where no cgroup can be made: the rest is for what lies outside its heap. */
const HEAP_MB = 768;

const CGROUPS = '/sys/fs/cgroup/memory';

/** A server that is killed when it takes more memory than it may. */
export interface BoundServer {
  port: number;
  /** What bounds it, for the report. */
  bound: string;
  /** Whether it still runs. */
  isAlive(): boolean;
  /** After a full collection, MB. */
  memory(): Promise<{ heap: number; rss: number }>;
  /** Largest resident memory so far, MB; not known but on Linux. */
  peak(): Promise<number>;
  stop(): Promise<void>;
}

/** `osteograph serve` without a worker, within 1 GiB: of a cgroup if one can be made, else of V8's heap and what is measured. */
export async function startBoundServer(dataDir: string, databaseUrl: string): Promise<BoundServer> {
  const group = await makeGroup();
  const node = ['--expose-gc', '--inspect=127.0.0.1:0', ...(group ? [] : [`--max-old-space-size=${HEAP_MB}`])];
  const serve = ['serve', '--no-worker', '--port', '0', '--data-dir', dataDir, '--models', join(dataDir, 'models')];
  const command = [process.execPath, ...node, compiledModule('cli/main'), ...serve];
  // The shell enters the group and becomes the server.
  const enter = group ? `echo $$ > '${join(group, 'cgroup.procs')}' && ` : '';
  const server = spawn('sh', ['-c', `${enter}exec "$@"`, 'sh', ...command], {
    env: { ...process.env, DATABASE_URL: databaseUrl, LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const inspector = (await lineOf(server, server.stderr, /Debugger listening on (ws:\S+)/))[1]!;
  server.stderr.pipe(process.stderr);
  const port = Number((await lineOf(server, server.stdout, /127\.0\.0\.1:(\d+)/))[1]);
  return {
    port,
    bound: group ? 'cgroup of 1 GiB' : `no cgroup could be made: V8's heap has ${HEAP_MB} MiB, the rest is measured`,
    isAlive: () => server.exitCode === null && server.signalCode === null,
    memory: () => collectedMemory(inspector),
    async peak() {
      const status = await readFile(`/proc/${server.pid}/status`, 'utf8').catch(() => '');
      return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
    },
    async stop() {
      server.kill('SIGTERM');
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
      if (group) await rmdir(group);
    },
  };
}

/** A cgroup with the limit, v1 or v2; undefined where this process may make none. */
async function makeGroup(): Promise<string | undefined> {
  for (const [parent, file] of [
    [CGROUPS, 'memory.limit_in_bytes'],
    ['/sys/fs/cgroup', 'memory.max'],
  ] as const) {
    const group = join(parent, `osteograph-churn-${process.pid}`);
    try {
      await mkdir(group);
    } catch {
      continue;
    }
    try {
      await writeFile(join(group, file), String(MEMORY_LIMIT));
      return group;
    } catch {
      await rmdir(group);
    }
  }
  return undefined;
}

/** The first line that matches. */
async function lineOf(server: ChildProcess, output: NodeJS.ReadableStream, wanted: RegExp): Promise<RegExpExecArray> {
  const lines = createInterface({ input: output });
  const found = Promise.withResolvers<RegExpExecArray>();
  lines.on('line', (line) => {
    const match = wanted.exec(line);
    if (match) found.resolve(match);
  });
  server.once('exit', () => found.reject(new Error('The server ended before it listened.')));
  return found.promise;
}

/** Asks the server's inspector to collect all garbage and say what is left, MB. */
async function collectedMemory(inspector: string): Promise<{ heap: number; rss: number }> {
  const socket = new WebSocket(inspector, { perMessageDeflate: false });
  await once(socket, 'open');
  const expression = 'gc(); gc(); JSON.stringify(process.memoryUsage())';
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }));
  const [message] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  const answer = JSON.parse(String(message)) as { result: { result: { value: string } } };
  const { heapUsed, rss } = JSON.parse(answer.result.result.value) as NodeJS.MemoryUsage;
  return { heap: heapUsed / 1024 ** 2, rss: rss / 1024 ** 2 };
}
