import type { Batch } from '../../src/entities/index.js';
import type { EventHub } from '../../src/services/batches/event-hub.js';
import type { LoggedBatchEvent } from '../../src/services/batches/index.js';
import { type BatchRequest, createBatch } from '../../src/services/batches/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import type { TestPlatform } from './platform.js';

/** A small, quick batch of these exams. */
export function batchOf(
  platform: Pick<TestPlatform, 'dataSource' | 'queue'>,
  exams: readonly { id: number }[],
  request: Partial<BatchRequest> = {},
  tokenId: number | null = null,
): Promise<Batch> {
  const where = { id: { in: exams.map(({ id }) => id) } };
  const actor = tokenId === null ? COMMAND_LINE : { ...COMMAND_LINE, tokenId, role: 'OPERATOR' as const };
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
