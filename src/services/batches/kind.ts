import type { BatchState } from '../../domain/batches.js';
import type { LoggedKind } from '../../work/index.js';

/** A generation for every exam of a cohort. Nobody runs a batch: its generations move it, see transitions. */
export const BATCH: LoggedKind<BatchState> = {
  name: 'batch',
  table: 'batch',
  // The way out of PARTIAL, FAILED and CANCELED is an explicit retry.
  transitions: {
    QUEUED: ['RUNNING', 'PAUSED', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELED'],
    // To itself when it is being canceled: what waited has gone, what runs is about to.
    RUNNING: ['RUNNING', 'PAUSED', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELED'],
    PAUSED: ['QUEUED', 'RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELED'],
    SUCCEEDED: [],
    PARTIAL: ['QUEUED'],
    FAILED: ['QUEUED'],
    CANCELED: ['QUEUED'],
  },
  final: ['SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELED'],
};
