import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import type { Batch } from '../../src/entities/index.js';
import { startWorker } from '../../src/server/worker.js';
import { type EventHub, openEventHub } from '../../src/services/batches/event-hub.js';
import type { LoggedBatchEvent } from '../../src/services/batches/index.js';
import { type BatchRequest, createBatch } from '../../src/services/batches/index.js';
import { registerBundles } from '../../src/services/bundles/registry.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { createTestPlatform, silent, type TestPlatform } from './platform.js';

/** A platform with a worker, and what follows its batches. */
export interface BatchPlatform {
  platform: TestPlatform;
  hub: EventHub;
  close(): Promise<void>;
}

/** @param bundles golden bundles that are registered besides, each by its folder, as tiny-restorer-bundle */
export async function startBatchPlatform(...bundles: string[]): Promise<BatchPlatform> {
  const platform = await createTestPlatform();
  const { dataSource, url: databaseUrl, store, dataDir } = platform;
  for (const folder of bundles) {
    const golden = join(packageRoot, 'test/golden', folder);
    const { name, version } = JSON.parse(await readFile(join(golden, 'bundle.json'), 'utf8')) as Record<string, string>;
    await cp(golden, join(dataDir, 'more', name!, version!), { recursive: true });
  }
  await registerBundles(dataSource, join(dataDir, 'more'));
  const hub = await openEventHub({ dataSource, databaseUrl, logger: silent });
  const worker = await startWorker({ dataSource, databaseUrl, store, devices: ['cpu'], threads: 1, logger: silent });
  return {
    platform,
    hub,
    async close() {
      await worker.close();
      await hub.close();
      await platform.close();
    },
  };
}

/** A small, quick batch of these exams. */
export function batchOf(
  platform: Pick<TestPlatform, 'dataSource' | 'queue'>,
  exams: readonly { id: number }[],
  request: Partial<BatchRequest> = {},
  tokenId: number | null = null,
): Promise<Batch> {
  const where = { id: { in: exams.map(({ id }) => id) } };
  // An administrator: nobody else may put a batch ahead of others.
  const actor = { ...COMMAND_LINE, tokenId };
  return createBatch(platform, actor, { where: byKey(where), written: where, sliceCount: 2, steps: 1, ...request });
}

/** The ids of a filter are global ids; tests have keys. */
function byKey({ id }: { id: { in: number[] } }): object {
  return { id: { in: id.in.map((key) => Buffer.from(`KneeExam:${key}`).toString('base64url')) } };
}

/** The log of a batch until an event is wanted no more, or to its end. */
export async function followBatch(
  hub: EventHub,
  id: string,
  until: (event: LoggedBatchEvent) => boolean = () => false,
): Promise<LoggedBatchEvent[]> {
  const seen: LoggedBatchEvent[] = [];
  for await (const event of hub.batches.subscribe(id, 0)) {
    seen.push(event);
    if (until(event)) break;
  }
  return seen;
}
