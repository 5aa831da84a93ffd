import { count, duration } from '../../lib/words.ts';
import type { BatchSummary } from './queries.ts';

/** How fast a running batch goes and how long the rest will take, as far as that is known. */
export function paceWords({
  state,
  generationsPerHour,
  estimatedEnd,
}: Pick<BatchSummary, 'state' | 'generationsPerHour' | 'estimatedEnd'>): string[] {
  if (state !== 'RUNNING') return [];
  const perHour = generationsPerHour ?? 0;
  const rate = perHour < 10 ? perHour.toFixed(1) : count(Math.round(perHour));
  return [
    ...(perHour > 0 ? [`${rate} generations an hour`] : []),
    ...(estimatedEnd ? [`about ${duration(Math.max(Date.parse(estimatedEnd) - Date.now(), 0))} left`] : []),
  ];
}
