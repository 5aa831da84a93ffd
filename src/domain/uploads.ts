import type { SquareBox } from './knee-box.js';
import type { Side } from './participants.js';

/** Largest radiograph that may be uploaded, bytes: 32 Mpixel of 16 bits that are not compressed. */
export const MAX_UPLOAD_BYTES = 64 * 1024 * 1024;

/** How long an uploaded radiograph is kept with all that was made from it, days; uploading it again begins anew. */
export const UPLOAD_DAYS = 30;

/** What messages call an uploaded file: its own name may name a patient. */
export const UPLOAD_NAME = 'The file';

/** What stands where objects of an upload named a patient: it is nobody's. */
export const UPLOAD_PSEUDONYM = 'UPLOADED';

/** Whether a film shows both legs or one knee. */
export const FILM_VIEWS = ['BILATERAL', 'SINGLE'] as const;
export type FilmView = (typeof FILM_VIEWS)[number];

/** A knee on an uploaded film. */
export interface UploadedKnee {
  /** Null where the film shows one knee and does not say which. */
  side: Side | null;
  /** The square that the model sees. */
  box: SquareBox;
}
