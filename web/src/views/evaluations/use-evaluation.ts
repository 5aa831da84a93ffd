import { useEffect, useReducer } from 'react';
import { type CombinedError, useQuery } from 'urql';
import { type Connection, useFollow } from '../../lib/use-follow.ts';
import type { EvaluationEvent } from '../../../../clients/typescript/src/index.ts';
import { type Evaluation, EVALUATION, type Scored } from './queries.ts';

/** Volumes that the progress shows, the newest first. */
const SHOWN = 8;

/** What the events have told since the row was read. */
export interface Live {
  state: Evaluation['state'] | undefined;
  volumes: readonly Scored[];
  /** Volumes that had ended when the first event of this run came, and when: what the time left is reckoned from. */
  since: { done: number; at: number } | undefined;
}

const NOTHING: Live = { state: undefined, volumes: [], since: undefined };

export interface FollowedEvaluation {
  evaluation: Evaluation | null | undefined;
  error: CombinedError | undefined;
  live: Live;
  connection: Connection;
  refresh: () => void;
}

/** One evaluation, read once and then followed by its events, from a few before the read so that a reload shows them as well. */
export function useEvaluation(id: string): FollowedEvaluation {
  const [{ data, error }, run] = useQuery({ query: EVALUATION, variables: { id }, requestPolicy: 'cache-and-network' });
  const [live, dispatch] = useReducer(advance, NOTHING);
  const evaluation = data?.evaluation;
  const going = evaluation && !isOver(evaluation.state) ? evaluation : undefined;
  const after = going && Math.max(going.lastSeq - SHOWN, 0);
  const refresh = () => run({ requestPolicy: 'network-only' });
  useEffect(() => dispatch(null), [going?.id, after]);
  const connection = useFollow<EvaluationEvent>({
    kind: 'evaluation',
    id: going?.id,
    after,
    onEvent: dispatch,
    // Figures and report come with the row.
    onRow: refresh,
  });
  return { evaluation, error, live, connection, refresh };
}

export function isOver(state: Evaluation['state']): boolean {
  return state === 'SUCCEEDED' || state === 'FAILED' || state === 'CANCELED';
}

/** The state after an event; null begins anew. */
function advance(live: Live, event: EvaluationEvent | null): Live {
  if (event === null) return NOTHING;
  if (event.__typename === 'EvaluationStateChanged') return { ...live, state: event.state };
  return {
    ...live,
    volumes: [event, ...live.volumes].slice(0, SHOWN),
    since: live.since ?? { done: event.done, at: Date.parse(event.at) },
  };
}
