import { UserError } from '../domain/errors.js';

/** Largest number of pixels of one image or series; a film has about 15 million, a series of 160 slices 42 million. */
export const MAX_PIXELS = 64 * 1024 * 1024;

/** Throws the one fault that a file which cannot be used gives. `why` completes "FILE ..." to a sentence, without full stop. */
export function refuseFile(name: string, why: string, cause?: unknown): never {
  throw new UserError('FILE_REFUSED', `${name} ${printable(why)}.`, cause === undefined ? undefined : { cause });
}

/** What a file says of itself may hold line breaks and commands for terminals. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\u{fffd}');
}

/** Refuses an image whose size is impossible or beyond {@link MAX_PIXELS}, before anything is allocated for it. */
export function assertPixelCount(name: string, columns: number, rows: number, slices = 1): void {
  const whole = [columns, rows, slices].every((count) => Number.isInteger(count) && count >= 1);
  if (!whole) refuseFile(name, `claims an impossible size of ${columns} x ${rows} x ${slices} pixels`);
  if (columns * rows * slices > MAX_PIXELS) {
    refuseFile(name, `claims ${columns} x ${rows} x ${slices} pixels; at most ${MAX_PIXELS} are accepted`);
  }
}
