import { useCallback, useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import { type Filter, filledIn, unfilled } from '../../lib/filters.ts';

interface FilterState {
  /** As it is being edited; conditions may still lack a value. */
  draft: Filter;
  /** What can be asked: undefined selects everything. */
  where: Filter | undefined;
  setFilter: (filter: Filter) => void;
}

/** The filter of the address (`?where={...}`): a link to it is a link to the question. */
export function useFilter(): FilterState {
  const [params, setParams] = useSearchParams();
  const text = params.get('where');
  const [draft, setDraft] = useState<Filter>(() => read(text));
  // The address may change without the builder: back, forward, a link.
  const given = JSON.stringify(filledIn(read(text)));
  const shown = JSON.stringify(filledIn(draft));
  const [seen, setSeen] = useState(text);
  if (text !== seen) {
    setSeen(text);
    if (given !== shown) setDraft(read(text));
  }
  const setFilter = useCallback(
    (filter: Filter) => {
      setDraft(filter);
      const filled = filledIn(filter);
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          if (filled) next.set('where', JSON.stringify(filled));
          else next.delete('where');
          return next;
        },
        { replace: true },
      );
    },
    [setParams],
  );
  const where = useMemo(() => (shown === undefined ? undefined : (JSON.parse(shown) as Filter)), [shown]);
  return { draft, where, setFilter };
}

function read(text: string | null): Filter {
  if (!text) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? unfilled(value as Filter) : {};
  } catch {
    return {};
  }
}
