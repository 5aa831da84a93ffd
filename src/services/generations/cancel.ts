import type { EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import type { Generation } from '../../entities/index.js';
import { cancelWork } from '../../work/index.js';
import { GENERATION } from './kind.js';

/**
 * Cancels a generation from any process: a waiting one at once, a running one by asking its worker, which stops within one
 * denoiser step. Cancelling a canceled one changes nothing.
 *
 * @throws UserError NOT_FOUND, CONFLICT when it has already succeeded or failed
 */
export async function requestCancel(manager: EntityManager, id: string): Promise<Generation> {
  const generation = await cancelWork(manager, GENERATION, id);
  const { state } = generation;
  if (state === 'SUCCEEDED' || state === 'FAILED') {
    throw new UserError(
      'CONFLICT',
      `The generation has already ${state.toLowerCase()}; only a queued or running one can be canceled.`,
    );
  }
  return generation;
}
