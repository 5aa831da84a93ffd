import { useEffect } from 'react';
import type { AnyVariables, UseQueryResponse } from 'urql';

/** Asks a query again, so many milliseconds after each answer, while something is under way. */
export function usePoll<Data, Variables extends AnyVariables>(
  [{ data, error, fetching, stale }, again]: UseQueryResponse<Data, Variables>,
  milliseconds: number,
  busy: boolean,
): void {
  useEffect(() => {
    if (!busy || fetching || stale) return;
    const timer = setTimeout(() => again({ requestPolicy: 'network-only' }), milliseconds);
    return () => clearTimeout(timer);
  }, [busy, fetching, stale, data, error, again, milliseconds]);
}
