import { isMeasure, type Measurement } from './measure.ts';
import { PLANES } from './planes.ts';

/** Followed by the node ids of whoever drew and of the image. */
const PREFIX = 'osteograph:drafts:';

/** Earlier versions of the app kept all measurements here, by image, and not whose they are. */
const UNOWNED = 'osteograph:measurements:';

/** A measurement, or a change of one, that the server does not have yet. Its id is the key by which the server keeps it once. */
export interface Draft extends Measurement {
  /** Node id of the measurement that it changes; absent of a new one. */
  saved?: string;
  /** What the server was first asked to keep under the id: asked again without an answer, it must be the same. */
  sent?: Said;
  /** It is to be deleted. */
  deleted?: true;
}

/** What of a measurement can be changed. */
export type Said = Pick<Measurement, 'name' | 'note' | 'points'>;

export function saidBy({ name, note, points }: Said): Said {
  return { name, note, points };
}

/** What one person has drawn, kept in this browser until the server has it: whoever signs in here next neither sees nor sends it. */
export class Drafts {
  readonly #prefix: string;

  /** @param owner node id of the viewer */
  constructor(owner: string) {
    this.#prefix = `${PREFIX}${owner}:`;
  }

  of(imageId: string): readonly Draft[] {
    return parsed(localStorage.getItem(this.#prefix + imageId));
  }

  keep(imageId: string, drafts: readonly Draft[]): void {
    if (drafts.length > 0) localStorage.setItem(this.#prefix + imageId, JSON.stringify(drafts));
    else localStorage.removeItem(this.#prefix + imageId);
  }

  /** Images with drafts, also those that are not shown. */
  images(): string[] {
    return imagesUnder(this.#prefix);
  }

  /** Takes over what nobody is named for. */
  adopt(): void {
    for (const imageId of imagesUnder(UNOWNED)) {
      this.keep(imageId, [...parsed(localStorage.getItem(UNOWNED + imageId)), ...this.of(imageId)]);
      localStorage.removeItem(UNOWNED + imageId);
    }
  }

  /** Calls back when another tab has changed drafts; gives what ends that. */
  onOtherTab(changed: () => void): () => void {
    const listener = ({ key }: StorageEvent) => {
      if (key === null || key.startsWith(this.#prefix)) changed();
    };
    addEventListener('storage', listener);
    return () => removeEventListener('storage', listener);
  }
}

function imagesUnder(prefix: string): string[] {
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
}

/** What cannot be read, from another program, is left out. */
function parsed(text: string | null): readonly Draft[] {
  if (text === null) return [];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter(isDraft).map((draft) => ({ ...draft, note: draft.note ?? '' })) : [];
  } catch {
    return [];
  }
}

/** Drafts of earlier versions have no note. */
function isDraft(value: unknown): value is Omit<Draft, 'note'> & { note?: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { id, kind, name, plane, slice, points, value: size, unit } = value as Record<string, unknown>;
  return (
    [id, kind, name, unit].every((text) => typeof text === 'string') &&
    isMeasure(String(kind)) &&
    (plane === null || PLANES.some((one) => one === plane)) &&
    Number.isInteger(slice) &&
    typeof size === 'number' &&
    Array.isArray(points) &&
    points.every((point) => Array.isArray(point) && point.length === 2 && point.every(Number.isFinite))
  );
}
