import { useCallback, useEffect, useRef, useState } from 'react';
import { type CombinedError, useClient } from 'urql';
import type { Filter } from '../../lib/filters.ts';
import type { Order } from './columns.ts';
import { EXAMS, type ExamRow } from './queries.ts';

/** Rows of a page. */
export const PAGE = 100;

interface Loaded {
  rows: ExamRow[];
  /** Whether there is more after the last row. */
  more: boolean;
  loading: boolean;
  error: CombinedError | undefined;
}

export interface ExamsQuery {
  where: Filter | undefined;
  orderBy: Order[];
  grades: boolean;
  images: boolean;
}

const NOTHING: Loaded = { rows: [], more: true, loading: false, error: undefined };

/** Knee exams page by page, by cursor: `loadMore` asks for the next page when there is one and none is on its way. */
export function useExams(query: ExamsQuery): Loaded & { loadMore: () => void } {
  const client = useClient();
  const key = JSON.stringify(query);
  const [state, setState] = useState({ key, ...NOTHING });
  const run = useRef({ key, after: null as string | null, more: true, loading: false });
  const loadMore = useCallback(() => {
    if (run.current.key !== key) run.current = { key, after: null, more: true, loading: false };
    const current = run.current;
    if (current.loading || !current.more) return;
    current.loading = true;
    setState((before) =>
      before.key === key ? { ...before, loading: true, error: undefined } : { key, ...NOTHING, loading: true },
    );
    const { where, ...rest } = JSON.parse(key) as ExamsQuery;
    void client
      .query(EXAMS, { where, ...rest, first: PAGE, after: current.after })
      .toPromise()
      .then(({ data, error }) => {
        current.loading = false;
        // The question may have changed while this page was on its way.
        if (run.current !== current) return;
        if (!data) return setState((before) => ({ ...before, loading: false, error }));
        const { nodes, pageInfo } = data.kneeExams;
        current.after = pageInfo.endCursor;
        current.more = pageInfo.hasNextPage;
        setState((before) => ({
          key,
          rows: [...before.rows, ...nodes],
          more: current.more,
          loading: false,
          error: undefined,
        }));
      });
  }, [client, key]);
  useEffect(loadMore, [loadMore]);
  return { ...(state.key === key ? state : { ...NOTHING, loading: true }), loadMore };
}
