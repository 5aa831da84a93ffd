import { isMeasure, type Measurement } from './measure.ts';
import { PLANES } from './planes.ts';

const PREFIX = 'osteograph:measurements:';

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

/** The drafts of an image, kept in this browser until the server has them. */
export function draftsOf(imageId: string): readonly Draft[] {
  const text = localStorage.getItem(PREFIX + imageId);
  return text === null ? [] : parsed(text);
}

export function keepDrafts(imageId: string, drafts: readonly Draft[]): void {
  if (drafts.length > 0) localStorage.setItem(PREFIX + imageId, JSON.stringify(drafts));
  else localStorage.removeItem(PREFIX + imageId);
}

/** Images with drafts, also those that are not shown: earlier versions of the app kept all measurements here. */
export function draftedImages(): string[] {
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(PREFIX))
    .map((key) => key.slice(PREFIX.length));
}

/** Calls back when another tab has changed drafts; gives what ends that. */
export function onOtherTab(changed: () => void): () => void {
  const listener = ({ key }: StorageEvent) => {
    if (key === null || key.startsWith(PREFIX)) changed();
  };
  addEventListener('storage', listener);
  return () => removeEventListener('storage', listener);
}

/** What cannot be read, from another program, is left out. */
function parsed(text: string): readonly Draft[] {
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
