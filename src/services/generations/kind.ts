import { Generation } from '../../entities/index.js';
import { InferenceProcessDied } from '../../inference/index.js';
import type { SlotResources } from '../../scheduling/index.js';
import type { WorkKind } from '../../work/index.js';
import { countInBatch, lockBatchOf } from '../batches/index.js';
import { sendWhatIsMade } from '../sendings/index.js';
import { announcing } from '../webhooks/index.js';
import type { GenerationEventBody } from './events.js';
import { withAttempt } from './attempts.js';
import { runGeneration } from './run.js';
import { taskOf } from './tasks/index.js';

/**
 * One run of a bundle; every task that makes something is of this kind, and what they do not share is in `tasks/`. Claiming one changes nothing while its batch is paused, and its batch is told of each new state in the same
 * transaction, in which what was to be sent is queued, too.
 */
export const GENERATION: WorkKind<Generation, GenerationEventBody, SlotResources> = {
  name: 'generation',
  table: 'generation',
  entity: Generation,
  holder: 'worker',
  // The way out of FAILED and CANCELED is an explicit retry.
  transitions: {
    QUEUED: ['RUNNING', 'CANCELED'],
    RUNNING: ['SUCCEEDED', 'FAILED', 'CANCELED', 'QUEUED'],
    SUCCEEDED: [],
    FAILED: ['QUEUED'],
    CANCELED: ['QUEUED'],
  },
  final: ['SUCCEEDED', 'FAILED', 'CANCELED'],
  succeeded: 'SUCCEEDED',
  canceled: 'CANCELED',
  // A slot is free again only when its worker has stopped.
  cancels: 'BY_HOLDER',
  entering: { QUEUED: { worker: null } },
  outbox: announcing('GENERATION', {
    detail: `jsonb_build_object('batch', changed.batch_id)`,
    generation: 'changed.id',
  }),
  relations: { bundle: true },
  claiming: ({ origin, attempt }, { worker }) => ({ worker, origin: withAttempt(origin, attempt + 1, worker) }),
  async around(manager, { id, from, to, error }, move) {
    const batch = await lockBatchOf(manager, String(id));
    if (to === 'RUNNING' && batch?.state === 'PAUSED') return undefined;
    const seq = await move();
    if (seq !== undefined && batch) await countInBatch(manager, batch, { id: String(id), from, to, error });
    if (seq !== undefined && to === 'SUCCEEDED') await sendWhatIsMade(manager, String(id));
    return seq;
  },
  ready: (generation, { store }) => store.requireRoom(taskOf(generation).bytesOf(generation)),
  run: runGeneration,
  faultOf(error) {
    if (!(error instanceof InferenceProcessDied)) return undefined;
    return { kind: 'UNEXPECTED', cause: 'inference_process_died', what: 'The inference process ended unexpectedly' };
  },
};
