import { useEffect, useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import { type Filter, filledIn, unfilled } from '../../lib/filters.ts';
import { useSettled } from '../../lib/use-settled.ts';

interface FilterState {
  /** As it is being edited; conditions may still lack a value. */
  draft: Filter;
  /** What can be asked: undefined selects everything. */
  where: Filter | undefined;
  /** Whether the address holds a filter that cannot be read: then nothing is to be asked, least of all everything. */
  broken: boolean;
  setFilter: (filter: Filter) => void;
}

/**
 * The filter of the address (`?where={...}`): a link to it is a link to the question. Every filter that is left alone for a moment is a
 * step of the browser's history, so that Back undoes the last change.
 */
export function useFilter(): FilterState {
  const [params, setParams] = useSearchParams();
  const text = params.get('where');
  const inAddress = useMemo(() => read(text), [text]);
  const [draft, setDraft] = useState<Filter>(inAddress ?? {});
  // The address may change without the builder: back, forward, a link.
  const given = JSON.stringify(filledIn(inAddress ?? {}));
  const shown = JSON.stringify(filledIn(draft));
  const [seen, setSeen] = useState(text);
  // What was put there by an edit: the address may become it after a further edit, which then stays.
  const [pushed, setPushed] = useState<{ text: string | null }>();
  if (text !== seen) {
    setSeen(text);
    if (pushed?.text === text) setPushed(undefined);
    else if (given !== shown) setDraft(inAddress ?? {});
  }
  const settled = useSettled(shown);
  useEffect(() => {
    if (settled !== shown || settled === given) return;
    setPushed({ text: settled ?? null });
    setParams((before) => {
      const next = new URLSearchParams(before);
      if (settled === undefined) next.delete('where');
      else next.set('where', settled);
      return next;
    });
  }, [settled, shown, given, setParams]);
  const where = useMemo(() => (shown === undefined ? undefined : (JSON.parse(shown) as Filter)), [shown]);
  return { draft, where, broken: inAddress === undefined, setFilter: setDraft };
}

/** The filter that a text holds; undefined where it holds none, such as a link of which the end is missing. */
function read(text: string | null): Filter | undefined {
  if (text === null || text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? unfilled(value as Filter) : undefined;
  } catch {
    return undefined;
  }
}
