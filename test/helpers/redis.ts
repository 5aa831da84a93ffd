import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestRedis {
  url: string;
  stop(): Promise<void>;
}

/** Redis is no part of this platform: what needs one is tested where `redis-server` is installed. */
export const redisInstalled = spawnSync('redis-server', ['--version']).status === 0;

/** A Redis of one's own on a free port, keeping nothing. */
export async function startRedis(address = '127.0.0.1'): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'osteograph-redis-'));
  const port = await freePort();
  const flags = [
    '--port',
    String(port),
    '--bind',
    address,
    '--protected-mode',
    'no',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    directory,
  ];
  const server = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'ignore'] });
  let log = '';
  for await (const text of server.stdout.setEncoding('utf8')) {
    log += text as string;
    if (log.includes('Ready to accept connections')) break;
  }
  server.stdout.destroy();
  return {
    url: `redis://${address}:${port}/0`,
    async stop() {
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
