import { type AffectedCompartment, FRAME_COUNT } from '../../../../domain/progressions.js';
import { checkWish } from '../../../../imaging/progression/index.js';
import { checkTarget, checkTurn } from '../../checks.js';
import type { TargetRequest } from '../../request.js';

/** How knees are to change, whichever knees. */
export interface CohortProgression {
  /** KL grade of the last frame, 0 to 4. */
  targetKl: number;
  /** Default: MEDIAL. */
  compartment?: AffectedCompartment | null | undefined;
  /** Default: 9. */
  frameCount?: number | null | undefined;
}

/** A wish for one knee at other grades. */
export interface ProgressionRequest extends CohortProgression, TargetRequest {
  /** The film's own KL grade; default: of the exam's preferred reading, else as it is read. */
  ownKl?: number | null | undefined;
  /** `name` or `name@version`; default: the newest that is READY. */
  bundle?: string | null | undefined;
  /** -10 to 11; default 11, before every batch. */
  priority?: number | null | undefined;
  /** The caller's own key: asking twice with one key gives one generation. */
  clientKey?: string | null | undefined;
}

/**
 * Checks everything in a request that can be checked without the database.
 *
 * @throws UserError BAD_USER_INPUT
 */
export function checkProgression(request: ProgressionRequest): void {
  checkTarget(request);
  progressionWish(request, request.ownKl);
  checkTurn(request);
}

/** What is wished, defaults filled in. @throws UserError BAD_USER_INPUT, also for the grade that the film has already */
export function progressionWish(
  { targetKl, compartment, frameCount }: CohortProgression,
  ownKl: number | null | undefined,
): { targetKl: number; compartment: AffectedCompartment; frameCount: number } {
  const wish = {
    targetKl,
    compartment: compartment ?? 'MEDIAL',
    frameCount: frameCount ?? FRAME_COUNT.usual,
  };
  checkWish({
    wished: targetKl,
    affected: wish.compartment,
    frames: wish.frameCount,
    own: ownKl ?? undefined,
  });
  return wish;
}
