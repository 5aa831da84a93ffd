import type { Generation } from '../entities/index.js';
import { type LogBody, recoveryOf, type WorkKind } from '../work/index.js';
import type { GenerationQueue } from './queue.js';
import type { SlotResources } from './slot.js';
import { topUp } from './scheduler.js';

/**
 * Repairs what a crash can leave behind, in any number of processes at once: generations whose worker has died are taken back,
 * and waiting ones that the queue has lost and whose turn it is are put back.
 *
 * @returns does so once
 */
export function reconcilerOf<B extends LogBody>({
  queue,
  ...options
}: Parameters<typeof recoveryOf<Generation, B, SlotResources>>[0] & {
  kind: WorkKind<Generation, B, SlotResources>;
  queue: Pick<GenerationQueue, 'enqueue'>;
}): () => Promise<void> {
  const recover = recoveryOf(options);
  return async () => {
    await recover();
    await topUp(options.dataSource, queue);
  };
}
