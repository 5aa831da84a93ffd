import { Generation } from '../../entities/index.js';
import { InferenceProcessDied } from '../../inference/index.js';
import { MODEL_SIZE } from '../../imaging/normalise.js';
import type { SlotResources } from '../../scheduling/index.js';
import type { WorkKind } from '../../work/index.js';
import { countInBatch, lockBatchOf } from '../batches/transitions.js';
import type { GenerationEventBody } from './events.js';
import { withAttempt } from './provenance.js';
import { runGeneration } from './run.js';

/**
 * One run of a bundle; every task of a bundle is of this kind. Slices that an attempt has stored stay: the next one computes what
 * is missing. Claiming one changes nothing while its batch is paused, and its batch is told of each new state in the same
 * transaction.
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
  relations: { bundle: true },
  claiming: ({ origin, attempt }, { worker }) => ({ worker, origin: withAttempt(origin, attempt + 1, worker) }),
  async around(manager, { id, from, to, error }, move) {
    const batch = await lockBatchOf(manager, String(id));
    if (to === 'RUNNING' && batch?.state === 'PAUSED') return undefined;
    const seq = await move();
    if (seq !== undefined && batch) await countInBatch(manager, batch, { id: String(id), from, to, error });
    return seq;
  },
  ready: ({ sliceCount }, { store }) => store.requireRoom(bytesOfGeneration(sliceCount)),
  async run(context) {
    // That a quota leaves no room fails it, before anything is computed.
    await context.resources.store.requireRoom(bytesOfGeneration(context.row.sliceCount));
    return runGeneration(context);
  },
  faultOf(error) {
    if (!(error instanceof InferenceProcessDied)) return undefined;
    return { kind: 'UNEXPECTED', cause: 'inference_process_died', what: 'The inference process ended unexpectedly' };
  },
};

/** Most bytes that a generation stores: each slice of 16-bit pixels as PNG and once more in the volume, uncompressible at worst. */
function bytesOfGeneration(sliceCount: number): number {
  return 2 * sliceCount * (2 * MODEL_SIZE ** 2 + 1024) + 4096;
}
