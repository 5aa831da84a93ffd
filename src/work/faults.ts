import { UserError } from '../domain/errors.js';
import { databaseFault } from '../entities/index.js';
import { BlobDamaged, BlobMissing, BlobStoreUnavailable } from '../storage/index.js';

/** The work was given to somebody else, or ended, while this process was still at it: nothing it does counts any more. */
export class StaleAttempt extends Error {
  override readonly name = 'StaleAttempt';
}

/** Somebody asked to cancel the work. */
export class CancelRequested extends Error {
  override readonly name = 'CancelRequested';
}

/** The process is to end in good order. */
export class ProcessStopping extends Error {
  override readonly name = 'ProcessStopping';
}

/** What the work needs is there no more, or is not what was stored. Its message is one sentence that says what. */
export class DamagedData extends Error {
  override readonly name = 'DamagedData';
}

/**
 * What ended an attempt, by what follows from it. `cause` is one of a few words, for metrics.
 *
 * - STALE: nothing, somebody else has the work. CANCELED and STOPPING: as somebody wished.
 * - FINAL: a fault of the user, or damaged data; trying again would give the same.
 * - AWAY: something that the platform is built on; it will be back, and the attempt does not count.
 * - UNEXPECTED: perhaps it goes better the next time; a few attempts, with a pause before each. `what` has no full stop.
 */
export type Fault =
  | { kind: 'STALE' | 'CANCELED' | 'STOPPING'; cause: string }
  | { kind: 'FINAL'; cause: string; message: string }
  | { kind: 'AWAY'; cause: string; reason: string }
  | { kind: 'UNEXPECTED'; cause: string; what: string };

/** What an error means for the work it ended. */
export function faultOf(error: unknown, own?: (error: unknown) => Fault | undefined): Fault {
  if (error instanceof StaleAttempt) return { kind: 'STALE', cause: 'lease_lost' };
  if (error instanceof CancelRequested) return { kind: 'CANCELED', cause: 'cancel_requested' };
  if (error instanceof ProcessStopping) return { kind: 'STOPPING', cause: 'worker_stopping' };
  const fault = own?.(error);
  if (fault) return fault;
  if (error instanceof Error && (isDamage(error) || isDamage(error.cause))) {
    return { kind: 'FINAL', cause: 'damaged', message: error.message };
  }
  if (error instanceof BlobStoreUnavailable) {
    return {
      kind: 'AWAY',
      cause: 'unavailable',
      reason: `The blob store cannot be used at the moment: ${error.message}`,
    };
  }
  if (error instanceof UserError && error.code === 'UNAVAILABLE') {
    return { kind: 'AWAY', cause: 'unavailable', reason: error.message };
  }
  const ofDatabase = databaseFault(error);
  if (ofDatabase) return { kind: 'AWAY', cause: 'database_unavailable', reason: ofDatabase.message };
  if (error instanceof UserError) return { kind: 'FINAL', cause: error.code.toLowerCase(), message: error.message };
  return {
    kind: 'UNEXPECTED',
    cause: 'unexpected',
    what: 'An unexpected error, which the log describes, stopped it',
  };
}

function isDamage(error: unknown): boolean {
  return error instanceof BlobDamaged || error instanceof BlobMissing || error instanceof DamagedData;
}
