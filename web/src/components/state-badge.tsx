import { Badge, type Tone } from './badge.tsx';

const TONES: Readonly<Record<string, Tone>> = {
  RUNNING: 'accent',
  STARTING: 'accent',
  SUCCEEDED: 'good',
  REUSED: 'good',
  READY: 'good',
  FAILED: 'bad',
  PARTIAL: 'warn',
  PAUSED: 'warn',
  CANCELED: 'warn',
  NOT_POSSIBLE: 'warn',
  DRAINING: 'warn',
  EXPIRED: 'warn',
  REFUSED: 'bad',
  PREPARING: 'accent',
  OPEN: 'good',
};

/** The state of anything that the platform works at. */
export function StateBadge({ state }: { state: string }) {
  return <Badge tone={TONES[state] ?? 'plain'}>{state.toLowerCase().replace('_', ' ')}</Badge>;
}
