import { type FocusEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { Link } from 'react-router';
import { useQuery } from 'urql';
import { sentence } from '../lib/client.ts';
import { graphql, type ResultOf } from '../lib/graphql.ts';
import { useSettled } from '../lib/use-settled.ts';
import styles from './search-box.module.css';

const SEARCH = graphql(`
  query Search($text: String!) {
    search(text: $text) {
      kind
      id
      examId
      title
      detail
    }
  }
`);

type Hit = ResultOf<typeof SEARCH>['search'][number];

const KINDS: Record<Hit['kind'], string> = {
  PARTICIPANT: 'Participant',
  RADIOGRAPH: 'Radiograph',
  MRI_SERIES: 'MRI series',
  COHORT: 'Cohort',
  BATCH: 'Batch',
  EVALUATION: 'Evaluation',
  GENERATION: 'Generation',
  TAG: 'Tag',
  VARIABLE: 'Variable',
};

/** Finds participants, images, cohorts, runs and variables from every page; `/` leads to it, Escape out of it. */
export function SearchBox() {
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const asked = useSettled(text.trim());
  const shown = open && asked !== '';
  const [{ data, error, fetching }] = useQuery({
    query: SEARCH,
    variables: { text: asked },
    pause: !shown,
    // Nothing else tells that what has been found is gone, or that there is more by now.
    requestPolicy: 'cache-and-network',
  });
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent) => {
      const typing =
        event.target instanceof Element && event.target.closest('input, textarea, select, [contenteditable]');
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || typing) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  const leave = (event: FocusEvent<HTMLElement>) => {
    if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false);
  };
  const escape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    setOpen(false);
    setText('');
    input.current?.blur();
  };
  const hits = data?.search ?? [];
  return (
    <search className={styles.search} onFocus={() => setOpen(true)} onBlur={leave} onKeyDown={escape}>
      <input
        ref={input}
        type="search"
        value={text}
        placeholder="Search  /"
        aria-label="Search everything"
        aria-controls={shown ? list : undefined}
        onChange={(event) => {
          setText(event.target.value);
          setOpen(true);
        }}
      />
      {shown && (
        <div id={list} className={styles.hits} role="status" aria-busy={fetching}>
          {error && <p>Could not search: {sentence(error)}</p>}
          {!error && !fetching && hits.length === 0 && <p>Nothing is called &ldquo;{asked}&rdquo;.</p>}
          <ul>
            {hits.map((hit) => (
              <li key={`${hit.kind} ${hit.id ?? hit.title}`}>
                <Found hit={hit} onFollow={() => setOpen(false)} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </search>
  );
}

/** A hit, as a link where it has a page. */
function Found({ hit, onFollow }: { hit: Hit; onFollow: () => void }) {
  const page = pageOf(hit);
  const words = (
    <>
      <span className={styles.kind}>{KINDS[hit.kind]}</span> <strong>{hit.title}</strong> {hit.detail}
    </>
  );
  if (page === null) return <p>{words}</p>;
  return (
    <Link to={page} onClick={onFollow}>
      {words}
    </Link>
  );
}

function pageOf({ kind, id, examId, title }: Hit): string | null {
  switch (kind) {
    case 'PARTICIPANT':
    case 'RADIOGRAPH':
    case 'MRI_SERIES':
      return examId && `/exams/${examId}`;
    case 'COHORT':
      return `/cohorts/saved/${id}`;
    case 'BATCH':
      return `/batches/${id}`;
    case 'EVALUATION':
      return `/evaluations/${id}`;
    case 'GENERATION':
      return `/generations/${id}`;
    case 'TAG':
      return `/cohorts?where=${encodeURIComponent(JSON.stringify({ tags: { some: { name: { eq: title } } } }))}`;
    case 'VARIABLE':
      return null;
  }
}
