import { Evaluation } from '../../entities/index.js';
import type { GenerationQueue } from '../../scheduling/index.js';
import type { BlobStore } from '../../storage/index.js';
import type { WorkKind } from '../../work/index.js';
import { openFigures } from '../reports/index.js';
import { announcing } from '../webhooks/index.js';
import { driveEvaluation } from './drive.js';
import type { EvaluationEventBody } from './events.js';

export interface EvaluationResources {
  store: BlobStore;
  queue: Pick<GenerationQueue, 'enqueue'>;
}

/** Bundles compared on frozen exams. What an attempt that is interrupted has found or made stays; the next one goes on from there. */
export const EVALUATION: WorkKind<Evaluation, EvaluationEventBody, EvaluationResources> = {
  name: 'evaluation',
  table: 'evaluation',
  entity: Evaluation,
  holder: 'server',
  // The way out of FAILED and CANCELED is asking for the same evaluation again.
  transitions: {
    QUEUED: ['RUNNING', 'CANCELED'],
    RUNNING: ['QUEUED', 'SUCCEEDED', 'FAILED', 'CANCELED'],
    SUCCEEDED: [],
    FAILED: ['QUEUED'],
    CANCELED: ['QUEUED'],
  },
  final: ['SUCCEEDED', 'FAILED', 'CANCELED'],
  succeeded: 'SUCCEEDED',
  canceled: 'CANCELED',
  cancels: 'AT_ONCE',
  outbox: announcing('EVALUATION'),
  ready: (_row, { store }) => store.requireRoom(0),
  async run({ row, lease, dataSource, resources: { store, queue } }) {
    const figures = openFigures();
    try {
      return await driveEvaluation(row, lease, { dataSource, store, queue, figures });
    } finally {
      await figures.close();
    }
  },
};
