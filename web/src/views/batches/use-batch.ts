import { useEffect, useReducer } from 'react';
import { type CombinedError, useQuery } from 'urql';
import type { ResultOf } from '../../lib/graphql.ts';
import { type Connection, useFollow } from '../../lib/use-follow.ts';
import { usePoll } from '../../lib/use-poll.ts';
import { type Batch, BATCH, BATCH_PROGRESS, type BatchEvent, type BatchSummary, PACE } from './queries.ts';

/** What the events have told since the row was read. */
type Live = Partial<Pick<Batch, 'lastSeq' | 'state' | 'message' | 'counters'>>;

const NOTHING: Live = {};

/** How often the pace is asked for while the batch runs. */
const PACE_MS = 2000;

export interface FollowedBatch {
  /** The row with what the events have told since; null where there is none, undefined while it is on its way. */
  batch: Batch | null | undefined;
  error: CombinedError | undefined;
  connection: Connection;
  refresh: () => void;
}

/** One batch, read once and then followed by its events; a reload starts with what is there, a lost connection goes on where it broke. */
export function useBatch(id: string): FollowedBatch {
  const [{ data, error, stale }, run] = useQuery({
    query: BATCH,
    variables: { id },
    requestPolicy: 'network-only',
  });
  const [live, dispatch] = useReducer(advance, NOTHING);
  const row = data?.batch;
  const startAfter = row && !isOver(row.state) ? row.lastSeq : undefined;
  useEffect(() => dispatch(null), [row?.id, startAfter]);
  const refresh = () => run({ requestPolicy: 'network-only' });
  const connection = useFollow<BatchEvent>({
    kind: 'batch',
    document: BATCH_PROGRESS,
    id: row?.id,
    after: startAfter,
    onEvent: dispatch,
    onRow: refresh,
  });
  const batch = row && (isOver(row.state) ? row : { ...row, ...live });
  const runs = batch?.state === 'RUNNING';
  const pace = useQuery({ query: PACE, variables: { id }, pause: !runs, requestPolicy: 'network-only' });
  usePoll(pace, PACE_MS, runs);
  return {
    batch: batch && (runs ? withPace(batch, pace[0].data?.batch) : batch),
    error: stale ? undefined : error,
    connection,
    refresh,
  };
}

/** Nothing of it waits or runs any more. */
export function isOver(state: BatchSummary['state']): boolean {
  return state === 'SUCCEEDED' || state === 'PARTIAL' || state === 'FAILED' || state === 'CANCELED';
}

/** With what no event tells. An answer may be older than the newest event. */
function withPace(batch: Batch, asked: ResultOf<typeof PACE>['batch'] | undefined): Batch {
  if (!asked) return batch;
  const { counters } = asked.lastSeq < batch.lastSeq ? batch : asked;
  return { ...batch, ...asked, counters };
}

/** The state after an event; null begins anew. */
function advance(live: Live, event: BatchEvent | null): Live {
  if (event === null) return NOTHING;
  const { seq: lastSeq, counters } = event;
  if (event.__typename !== 'BatchStateChanged') return { ...live, lastSeq, counters };
  return { lastSeq, counters, state: event.state, message: event.message };
}
