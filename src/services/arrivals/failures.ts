import { UserError } from '../../domain/errors.js';
import { Contradiction } from '../imports/index.js';

/** Why an object was not taken: a code of PS3.18, table I.2-2, which C-STORE has too (PS3.7, annex C), and a sentence. */
export interface Failure {
  code: number;
  message: string;
}

/** Codes of failures (PS3.18, I.2.2). Those from C000H on say more than that an object was not understood; ours name the quarantine. */
export const FAILURES = {
  OUT_OF_RESOURCES: 0xa700,
  OF_ANOTHER_STUDY: 0xa900,
  NOT_UNDERSTOOD: 0xc000,
  IN_QUARANTINE: 0xc101,
  CLASS_NOT_SUPPORTED: 0x0122,
  PROCESSING: 0x0110,
} as const;

const CODES: Partial<Record<UserError['code'], number>> = {
  FILE_REFUSED: FAILURES.NOT_UNDERSTOOD,
  LIMIT_EXCEEDED: FAILURES.OUT_OF_RESOURCES,
  UNAVAILABLE: FAILURES.OUT_OF_RESOURCES,
  RATE_LIMITED: FAILURES.OUT_OF_RESOURCES,
};

/** The failure that an error of the user's is for the object it is about; other errors are ours, and are thrown on. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof UserError)) throw error;
  const code = error instanceof Contradiction ? FAILURES.IN_QUARANTINE : (CODES[error.code] ?? FAILURES.PROCESSING);
  return { code, message: error.message };
}
