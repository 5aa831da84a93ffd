import { useEffect, useMemo, useReducer } from 'react';
import { type CombinedError, useQuery } from 'urql';
import { type Connection, useFollow } from '../../lib/use-follow.ts';
import type { Frame } from '../progress/frames.ts';
import type { GenerationEvent } from '../../../../clients/typescript/src/index.ts';
import { type Generation, GENERATION, type Slice } from './queries.ts';

/** What the events have told since the row was read. */
interface Live {
  state: Generation['state'] | undefined;
  message: string | null;
  slices: ReadonlyMap<number, Slice>;
  step:
    { firstSlice: number; lastSlice: number; step: number; steps: number; fraction: number; at: string } | undefined;
  /** What of a film was finished last. */
  tile: { index: number; total: number; step: number; steps: number; fraction: number; at: string } | undefined;
  /** Frames of a knee that have arrived, by index. */
  frames: ReadonlyMap<number, Frame>;
  /** Part of the whole that was done when the first live event came, and when: what the time left is reckoned from. */
  since: { fraction: number; at: number } | undefined;
}

const NOTHING: Live = {
  state: undefined,
  message: null,
  slices: new Map(),
  step: undefined,
  tile: undefined,
  frames: new Map(),
  since: undefined,
};

export interface FollowedGeneration {
  generation: Generation | null | undefined;
  error: CombinedError | undefined;
  live: Live;
  /** Finished slices by index, those of before and those that just arrived. */
  slices: ReadonlyMap<number, Slice>;
  connection: Connection;
  refresh: () => void;
}

/**
 * One generation, read once and then followed by its events. A reload starts with what is there; a lost connection is taken up
 * where it broke.
 */
export function useGeneration(id: string): FollowedGeneration {
  const [{ data, error, stale }, run] = useQuery({
    query: GENERATION,
    variables: { id },
    requestPolicy: 'network-only',
  });
  const [live, dispatch] = useReducer(advance, NOTHING);
  const generation = data?.generation;
  const over = generation !== undefined && generation !== null && isOver(generation.state);
  const startAfter = generation && !over ? generation.lastSeq : undefined;
  const known = generation?.id;

  useEffect(() => dispatch(null), [known, startAfter]);
  const connection = useFollow<GenerationEvent>({
    kind: 'generation',
    id: known,
    after: startAfter,
    onEvent: dispatch,
    // The row has what only the end brings: the volume, the box, the totals.
    onRow: () => run({ requestPolicy: 'network-only' }),
  });

  const slices = useMemo(
    () => new Map([...(generation?.slices ?? []).map((slice) => [slice.index, slice] as const), ...live.slices]),
    [generation, live.slices],
  );
  return {
    generation,
    error: stale ? undefined : error,
    live,
    slices,
    connection,
    refresh: () => run({ requestPolicy: 'network-only' }),
  };
}

export function isOver(state: Generation['state']): boolean {
  return state === 'SUCCEEDED' || state === 'FAILED' || state === 'CANCELED';
}

/** The state after an event; null begins anew. */
function advance(live: Live, event: GenerationEvent | null): Live {
  if (event === null) return NOTHING;
  switch (event.__typename) {
    case 'GenerationStateChanged':
      // An attempt begins with what earlier ones have finished: how far they were within that, and their pace, are of the past.
      return {
        ...live,
        state: event.state,
        message: event.message,
        step: undefined,
        tile: undefined,
        since: undefined,
      };
    case 'GenerationStepProgress': {
      const { firstSlice, lastSlice, step, steps, fraction, at } = event;
      const since = live.since ?? { fraction, at: Date.parse(at) };
      return { ...live, step: { firstSlice, lastSlice, step, steps, fraction, at }, since };
    }
    case 'GenerationSliceCompleted':
      return { ...live, slices: new Map(live.slices).set(event.slice.index, event.slice) };
    case 'GenerationTileCompleted': {
      const { index, total, step, steps, fraction, at } = event;
      const since = live.since ?? { fraction, at: Date.parse(at) };
      return { ...live, tile: { index, total, step, steps, fraction, at }, since };
    }
    case 'GenerationFrameCompleted': {
      const { index, image, position, kl, jsw, expectedKl } = event;
      const frame = { index, image, measured: { position, kl, jsw, expectedKl } };
      return { ...live, frames: new Map(live.frames).set(index, frame) };
    }
    case 'GenerationCompleted':
      return live;
  }
}
