import { createHmac } from 'node:crypto';
import { cleanDescription, isOfAcquisition } from './words.js';

/** Values as they must be to be kept: what looks otherwise may be anything. Of several values each. */
const WELL_FORMED: Readonly<Record<string, RegExp>> = {
  CS: /^[A-Z0-9_ ]{0,16}$/,
  DS: /^[0-9+\-.eE ]{0,16}$/,
  IS: /^[0-9+\- ]{0,12}$/,
  TM: /^(?:[0-9]{2}(?::?[0-9]{2}){0,2}(?:\.[0-9]{1,6})?)?$/,
};

/** Names of equipment hold letters, digits and few signs. */
const EQUIPMENT = /^[\w .,:;/+()*-]{0,64}$/;
/** Codes, names of sequences, units: no blanks. */
const CODE = /^[\w.,:/+*#-]{0,16}$/;

/** Whether every value of a text is what its value representation says. */
export function isWellFormed(text: string, vr: string): boolean {
  const pattern = WELL_FORMED[vr];
  return pattern !== undefined && valuesOf(text).every((value) => pattern.test(value));
}

export function isEquipment(text: string): boolean {
  return valuesOf(text).every((value) => EQUIPMENT.test(value));
}

export function isCode(text: string): boolean {
  return valuesOf(text).every((value) => CODE.test(value));
}

/** A text without anything that is no word of an acquisition; of several values those of which something is left. */
export function cleanText(text: string): string {
  return valuesOf(text)
    .flatMap((value) => cleanDescription(value) ?? [])
    .join('\\');
}

/** A date, or date and time, some days earlier; null for what is neither, or is not complete. */
export function shiftDate(text: string, days: number): string | null {
  const shifted = valuesOf(text).map((value) => {
    if (value === '') return '';
    const parts = /^(\d{4})(\d{2})(\d{2})((?:\d{2}){0,3}(?:\.\d{1,6})?(?:[+-]\d{4})?)$/.exec(value);
    if (!parts) return null;
    const [year, month, day] = parts.slice(1, 4).map(Number) as [number, number, number];
    const date = new Date(Date.UTC(year, month - 1, day));
    if (date.getUTCMonth() !== month - 1 || year < 1000) return null;
    date.setUTCDate(date.getUTCDate() - days);
    return date.toISOString().slice(0, 10).replaceAll('-', '') + parts[4]!;
  });
  return shifted.includes(null) ? null : shifted.join('\\');
}

/**
 * The UID that stands for another one under a key: the same for the same, and no way back without the key. Those that the standard gives
 * away, of classes and the like, stay as they are.
 */
export function pseudonymousUid(key: Buffer, uid: string): string {
  if (/^1\.2\.840\.10008\.[\d.]{1,50}$/.test(uid)) return uid;
  const digest = createHmac('sha256', key).update(uid).digest('hex').slice(0, 32);
  return `2.25.${BigInt(`0x${digest}`)}`;
}

/** Dates go at least so many days back, and up to ten years more. */
const [LEAST_DAYS_BACK, DAYS_BACK] = [31, 3650];

/** How many days dates go back under a key: 31 to 3680, the same for the same text, and not to be told without the key. */
export function daysBackBy(key: Buffer, text: string): number {
  return LEAST_DAYS_BACK + (createHmac('sha256', key).update(text).digest().readUInt32BE() % DAYS_BACK);
}

/** Words by which a header names somebody: in whatever is kept they are looked for, because people type names anywhere. */
export class NamingWords {
  readonly #words = new Set<string>();

  /** @param text a name or a number of the patient, or of anybody else */
  add(text: string): void {
    for (const word of text.split(/[^\p{L}\p{N}]+/u)) {
      if (word.length >= 2 && !isOfAcquisition(word.toUpperCase())) this.#words.add(word.toLowerCase());
    }
  }

  /** Short words count where they stand alone, longer ones within others too. */
  isNamedIn(text: string): boolean {
    const lower = text.toLowerCase();
    const alone = new Set(lower.split(/[^\p{L}\p{N}]+/u));
    for (const word of this.#words) if (alone.has(word) || (isLong(word) && lower.includes(word))) return true;
    return false;
  }

  /** Whether one of the longer words lies in bytes that are no text; short ones are in any by chance. */
  isHiddenIn(bytes: Uint8Array): boolean {
    const lower = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1').toLowerCase();
    return [...this.#words].some((word) => isLong(word) && lower.includes(word));
  }
}

function isLong(word: string): boolean {
  return word.length > 3;
}

function valuesOf(text: string): string[] {
  return text.split('\\').map((value) => value.trim());
}
