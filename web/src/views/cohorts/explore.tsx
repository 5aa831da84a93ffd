import { useState } from 'react';
import { useQuery } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { Button, ButtonLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { CopyCode } from '../../components/copy-code.tsx';
import { EmptyNote, ErrorNote } from '../../components/notes.tsx';
import { codeOf, sentence } from '../../lib/client.ts';
import { type Filter, without } from '../../lib/filters.ts';
import { useSettled } from '../../lib/use-settled.ts';
import { count } from '../../lib/words.ts';
import { ByVariable } from './by-variable.tsx';
import { Charts } from './charts.tsx';
import { CohortActions } from './cohort-actions.tsx';
import { ExamTable } from './exam-table.tsx';
import { FilterBuilder } from './filter-panel.tsx';
import { OVERVIEW } from './queries.ts';
import { KlTransitions } from './transitions.tsx';
import { useFilter } from './use-filter.ts';
import styles from './explore.module.css';

/** One question, asked in every way at once: as conditions, as GraphQL, by clicking on bars; and its answer in numbers and rows. */
export function Explore() {
  const filter = useFilter();
  if (!filter.broken) return <Explored {...filter} />;
  return (
    <EmptyNote
      title="The filter of this link cannot be read"
      message="It is no JSON, perhaps because the link was cut off. Nothing was asked."
    >
      <ButtonLink to="/cohorts">Start without a filter</ButtonLink>
    </EmptyNote>
  );
}

function Explored({ draft, where, setFilter }: Omit<ReturnType<typeof useFilter>, 'broken'>) {
  const { viewer } = useSession();
  const [filtersOpen, setFiltersOpen] = useState(false);
  const settled = useSettled(where);
  const variables = variablesOf(settled, viewer.canRead);
  const [{ data, error, stale, fetching }, again] = useQuery({ query: OVERVIEW, variables });
  const wrongFilter = error && codeOf(error) !== 'NETWORK' ? sentence(error) : undefined;
  const exams = data?.kneeExams.totalCount;
  const participants = data?.kneeExamStatistics?.[0]?.participants;
  const conditions = Object.keys(where ?? {}).length;
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div>
          <h1>Cohorts</h1>
          <p className={styles.counts} aria-live="polite" aria-busy={fetching || stale}>
            <strong>{exams === null ? 'under 5' : count(exams)}</strong> knee exams
            {viewer.canRead && (
              <>
                {' of '}
                <strong>{count(participants)}</strong> participants
              </>
            )}
          </p>
        </div>
        <div className={styles.actions}>
          <CopyCode asked={{ document: OVERVIEW, variables }} label="Copy the counts" />
          {viewer.canRead && <CohortActions where={where} exams={exams ?? undefined} />}
        </div>
      </header>
      <div className={styles.filterToggle}>
        <Button onClick={() => setFiltersOpen(!filtersOpen)} aria-expanded={filtersOpen} aria-controls="filters">
          {filtersOpen ? 'Hide the filter' : conditions > 0 ? `Filter (${conditions})` : 'Filter'}
        </Button>
      </div>
      <aside
        id="filters"
        className={filtersOpen ? styles.filters : `${styles.filters} ${styles.folded}`}
        aria-label="Filter"
      >
        <FilterBuilder draft={draft} where={where} fault={wrongFilter} onChange={setFilter} />
      </aside>
      <div className={styles.answer}>
        {error && !wrongFilter ? (
          <ErrorNote
            title="No answer"
            message={sentence(error)}
            onRetry={() => again({ requestPolicy: 'network-only' })}
          />
        ) : (
          <>
            <Charts data={data} filter={where ?? {}} onFilter={setFilter} />
            {!wrongFilter && <ByVariable filter={where ?? {}} settled={settled ?? {}} onFilter={setFilter} />}
            {viewer.canRead && !wrongFilter && (
              <>
                <KlTransitions where={settled} onFilter={setFilter} />
                <ExamTable where={settled} total={exams ?? undefined} />
              </>
            )}
            {!viewer.canRead && (
              <Card title="Counts only">
                <p>
                  The role {viewer.role} sees counts, rounded to fives, with rare values pooled. Records and transitions
                  need ANALYST, images READER.
                </p>
              </Card>
            )}
          </>
        )}
      </div>
    </div>
  );
}

function variablesOf(where: Filter | undefined, read: boolean) {
  const filter = where ?? {};
  return {
    where: filter,
    byKl: without(filter, 'kl'),
    byVisit: without(filter, 'visit'),
    bySide: without(filter, 'side'),
    read,
  };
}
