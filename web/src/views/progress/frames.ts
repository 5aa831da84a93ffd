import type { Generation } from '../generations/queries.ts';

/** A frame of a progression, as far as it is there. */
export interface Frame {
  index: number;
  /** To look at. */
  image: string;
  /** Where it differs from the film itself; absent while it is being made. */
  difference?: string | undefined;
  /** What was measured on it; absent where only the picture is there yet. */
  measured?: Measured | undefined;
}

export interface Measured {
  position: number;
  kl: number;
  /** Narrowest joint space, % of the width of the knee's square; null where it could not be traced. */
  jsw: number | null;
  expectedKl: number;
}

/** The frames of a generation, those that have just arrived among them, in their order; none where it is no progression. */
export function framesOf(generation: Generation, live: ReadonlyMap<number, Frame>): Frame[] {
  const { outputs, parameters, task } = generation;
  if (task !== 'XRAY_PROGRESSION') return [];
  const measured = measuredIn(parameters);
  const frames = new Map(live);
  const differences = new Map(outputs.flatMap(({ kind, index, url }) => (kind === 'DIFFERENCE' ? [[index, url]] : [])));
  for (const { kind, index, url } of outputs) {
    if (kind !== 'AFTER') continue;
    frames.set(index, {
      index,
      image: url,
      difference: differences.get(index),
      measured: measured.get(index) ?? live.get(index)?.measured,
    });
  }
  return [...frames.values()].toSorted((a, b) => a.index - b.index);
}

/** How many frames a progression is to have; undefined where it is none. */
export function frameCountOf({ task, parameters }: Pick<Generation, 'task' | 'parameters'>): number | undefined {
  const count: unknown = task === 'XRAY_PROGRESSION' && isRecord(parameters) ? parameters['frameCount'] : undefined;
  return isNumber(count) ? count : undefined;
}

/** What the parameters of a finished progression hold of each frame; nothing of what is not as expected. */
function measuredIn(parameters: unknown): ReadonlyMap<number, Measured> {
  const rows: unknown = isRecord(parameters) ? parameters['frames'] : undefined;
  const found = new Map<number, Measured>();
  for (const row of Array.isArray(rows) ? (rows as unknown[]) : []) {
    if (!isRecord(row)) continue;
    const { index, position, kl, jsw, expectedKl } = row;
    if (!isNumber(index) || !isNumber(position) || !isNumber(kl) || !isNumber(expectedKl)) continue;
    found.set(index, { position, kl, expectedKl, jsw: isNumber(jsw) ? jsw : null });
  }
  return found;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
