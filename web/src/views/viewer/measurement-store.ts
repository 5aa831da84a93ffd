import { useCallback, useSyncExternalStore } from 'react';
import { isMeasure, type Measurement } from './measure.ts';
import { PLANES } from './planes.ts';

const PREFIX = 'osteograph:measurements:';

/** Measurements by image, kept in this browser: they are there again when the image is opened, here or on another page. */
export interface Measurements {
  of(imageId: string): readonly Measurement[];
  set(imageId: string, measurements: readonly Measurement[]): void;
}

const NONE: readonly Measurement[] = [];
const known = new Map<string, readonly Measurement[]>();
const listeners = new Set<() => void>();
let version = 0;

export function useMeasurements(): Measurements {
  useSyncExternalStore(listen, () => version);
  const set = useCallback((imageId: string, measurements: readonly Measurement[]) => {
    known.set(imageId, measurements);
    if (measurements.length > 0) localStorage.setItem(PREFIX + imageId, JSON.stringify(measurements));
    else localStorage.removeItem(PREFIX + imageId);
    changed();
  }, []);
  return { of: read, set };
}

function read(imageId: string): readonly Measurement[] {
  const cached = known.get(imageId);
  if (cached) return cached;
  const text = localStorage.getItem(PREFIX + imageId);
  const found = text === null ? NONE : parsed(text);
  known.set(imageId, found);
  return found;
}

function listen(listener: () => void): () => void {
  if (listeners.size === 0) addEventListener('storage', otherTab);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) removeEventListener('storage', otherTab);
  };
}

function otherTab({ key }: StorageEvent): void {
  if (key !== null && !key.startsWith(PREFIX)) return;
  known.clear();
  changed();
}

function changed(): void {
  version += 1;
  for (const listener of listeners) listener();
}

/** What cannot be read, from another version or another program, is left out. */
function parsed(text: string): readonly Measurement[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter(isMeasurement) : NONE;
  } catch {
    return NONE;
  }
}

function isMeasurement(value: unknown): value is Measurement {
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
