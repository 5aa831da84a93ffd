import { redisInstalled, startRedis } from '../../bench/faults/redis.js';
import type { TestDatabase } from './database.js';
import { createTestPlatform, type TestPlatform } from './platform.js';

/** Where queues are tested. */
type QueueBackend = 'PostgreSQL' | 'Redis';

/** Redis is no part of this platform: it is tested where `redis-server` is installed. */
export const QUEUE_BACKENDS: readonly QueueBackend[] = redisInstalled ? ['PostgreSQL', 'Redis'] : ['PostgreSQL'];

if (!redisInstalled) console.info('Queues are not tested on Redis: redis-server is not installed.');

/** A platform with its queue there, on a Redis of its own if it is Redis. */
export async function createPlatformOn(
  backend: QueueBackend,
  { address, database }: { address?: string; database?: TestDatabase } = {},
): Promise<TestPlatform> {
  const redis = backend === 'Redis' ? await startRedis(address) : undefined;
  const platform = await createTestPlatform({ queueUrl: redis?.url, database });
  return {
    ...platform,
    async close() {
      await platform.close();
      await redis?.stop();
    },
  };
}
