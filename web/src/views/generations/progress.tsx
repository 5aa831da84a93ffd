import { ProgressBar } from '../../components/progress-bar.tsx';
import type { Connection } from '../../lib/use-follow.ts';
import { duration } from '../../lib/words.ts';
import { frameCountOf, framesOf } from '../progress/frames.ts';
import type { Generation } from './queries.ts';
import type { FollowedGeneration } from './use-generation.ts';

interface ProgressProps {
  generation: Generation;
  state: Generation['state'];
  live: FollowedGeneration['live'];
  /** Finished slices. */
  done: number;
  connection: Connection;
}

/** How far it is, what is being computed, and how long it will take. */
export function Progress({
  generation,
  state,
  live: { step, tile, frames: arrived, since, message },
  done,
  connection,
}: ProgressProps) {
  const { sliceCount, waitingReason } = generation;
  const frames = framesOf(generation, arrived).length;
  const frameCount = frameCountOf(generation);
  const fraction = (step ?? tile)?.fraction ?? (sliceCount === null ? frames / (frameCount ?? 1) : done / sliceCount);
  const left = timeLeft(fraction, (step ?? tile)?.at, since);
  const doing =
    state === 'QUEUED'
      ? 'Waiting for a worker'
      : step
        ? fraction >= 1
          ? 'Decoding the last slices'
          : `Slices ${step.firstSlice + 1} to ${step.lastSlice + 1}: step ${step.step} of ${step.steps}`
        : tile
          ? `Tile ${tile.index + 1} of ${tile.total}${tile.steps > 1 ? `, step ${tile.step} of ${tile.steps}` : ''}`
          : frameCount && frames > 0
            ? `Frame ${Math.min(frames + 1, frameCount)} of ${frameCount}`
            : 'Starting';
  return (
    <ProgressBar
      fraction={fraction}
      connection={connection}
      message={message ?? (state === 'QUEUED' ? waitingReason : null)}
    >
      <span>{doing}</span>
      <span>{sliceCount === null ? '' : `${done} of ${sliceCount} slices`}</span>
      <span>{left === undefined ? '' : `about ${duration(left)} left`}</span>
    </ProgressBar>
  );
}

/** From the pace since the first event that arrived here; undefined before there is one. */
function timeLeft(
  fraction: number,
  at: string | undefined,
  since: { fraction: number; at: number } | undefined,
): number | undefined {
  if (at === undefined || since === undefined) return undefined;
  const [passed, gained] = [Date.parse(at) - since.at, fraction - since.fraction];
  return passed > 0 && gained > 0 && fraction < 1 ? (passed / gained) * (1 - fraction) : undefined;
}
