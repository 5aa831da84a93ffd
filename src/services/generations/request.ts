import type { SquareBox } from '../../domain/knee-box.js';
import type { Side } from '../../domain/participants.js';

/** Which knee of which film is meant. */
export interface TargetRequest {
  /** The exam; its own film is taken, else the bilateral one of its visit. */
  examId?: number | null | undefined;
  /** The film; a bilateral one also needs `examId` or `side`. */
  radiographId?: number | null | undefined;
  /** The film that the actor brought along, instead of an exam's; a bilateral one also needs `side`. */
  uploadId?: string | null | undefined;
  side?: Side | null | undefined;
  /** The square of the film to use, film pixels; default: found on the film. */
  box?: SquareBox | null | undefined;
}
