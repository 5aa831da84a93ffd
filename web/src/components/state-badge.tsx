import { Badge, type Tone } from './badge.tsx';

const TONES: Readonly<Record<string, Tone>> = {
  QUEUED: 'plain',
  RUNNING: 'accent',
  SUCCEEDED: 'good',
  FAILED: 'bad',
  CANCELED: 'warn',
  EXPIRED: 'warn',
};

/** The state of anything that the platform works at. */
export function StateBadge({ state }: { state: string }) {
  return <Badge tone={TONES[state] ?? 'plain'}>{state.toLowerCase()}</Badge>;
}
