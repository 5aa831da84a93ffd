import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './free-port.js';

/** A Redis of one's own, keeping nothing. */
export interface RedisServer {
  url: string;
  /** kill -9, then an empty one at the same address. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** Redis is no part of this platform: what needs one is done where `redis-server` is installed. */
export const redisInstalled = spawnSync('redis-server', ['--version']).status === 0;

export async function startRedis(address = '127.0.0.1'): Promise<RedisServer> {
  const port = await freePort();
  const start = () => startServer(address, port);
  let server = await start();
  const kill = async () => {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  return {
    url: `redis://${address}:${port}/0`,
    async crash() {
      await kill();
      server = await start();
    },
    stop: kill,
  };
}

async function startServer(address: string, port: number): Promise<ChildProcess> {
  const settings = { port, bind: address, 'protected-mode': 'no', save: '', appendonly: 'no' };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'ignore'] });
  let log = '';
  for await (const text of server.stdout.setEncoding('utf8')) {
    log += text as string;
    if (log.includes('Ready to accept connections')) return server;
  }
  throw new Error(`redis-server did not start:\n${log}`);
}
