import type { AttributeOutcome, DeidentifiedAs } from '../../domain/deidentification.js';

/** What became of one file. Neither its name nor a value of it is told: who has the file knows it by its digest. */
export interface DeidentificationReport {
  /** Of the file as it came. */
  sha256: string;
  /** The UID that the kept object has; null of a picture, of which no object is kept. */
  sopInstanceUid: string | null;
  /** Version of the policy. */
  policy: number;
  attributes: AttributeOutcome[];
}

export const PIXEL_DATA = '7fe00010';

/** Counts attributes as they are met. */
export class ReportBook {
  readonly #attributes = new Map<string, AttributeOutcome>();

  note(attribute: string, tag: string, action: DeidentifiedAs): void {
    const key = `${attribute} ${tag} ${action}`;
    const known = this.#attributes.get(key);
    if (known) known.count++;
    else this.#attributes.set(key, { attribute, tag: inWords(tag), action, count: 1 });
  }

  get attributes(): AttributeOutcome[] {
    return [...this.#attributes.values()];
  }
}

function inWords(tag: string): string {
  return `(${tag.slice(0, 4)},${tag.slice(4)})`.toUpperCase();
}
