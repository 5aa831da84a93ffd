import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { InlineError } from '../../components/notes.tsx';
import { type Filter, parseFilter, printFilter } from '../../lib/filters.ts';
import { FilterGroup } from './filter-builder.tsx';
import styles from './filter-panel.module.css';

interface FilterBuilderProps {
  draft: Filter;
  where: Filter | undefined;
  /** What the server says of the filter, if it refuses it. */
  fault: string | undefined;
  onChange: (filter: Filter) => void;
}

/** The filter as conditions, and the same as GraphQL; each can be edited. */
export function FilterBuilder({ draft, where, fault, onChange }: FilterBuilderProps) {
  return (
    <>
      <Card
        title="Filter"
        note={where ? undefined : 'Without conditions, every knee exam is selected.'}
        actions={
          Object.keys(draft).length > 0 && (
            <Button kind="quiet" small onClick={() => onChange({})}>
              Clear
            </Button>
          )
        }
      >
        <FilterGroup type="KneeExamFilter" value={draft} onChange={onChange} />
        {fault !== undefined && <InlineError message={fault} />}
      </Card>
      <FilterText where={where} onChange={onChange} />
    </>
  );
}

function FilterText({ where, onChange }: Pick<FilterBuilderProps, 'where' | 'onChange'>) {
  const printed = where ? printFilter(where) : '{}';
  const [edited, setEdited] = useState<string>();
  const [fault, setFault] = useState<string>();
  const apply = async () => {
    try {
      onChange(await parseFilter(edited ?? ''));
      setEdited(undefined);
      setFault(undefined);
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Card title="As GraphQL">
      <textarea
        className={styles.text}
        aria-label="The filter as GraphQL"
        spellCheck={false}
        rows={Math.min(Math.max((edited ?? printed).split('\n').length, 3), 14)}
        value={edited ?? printed}
        onChange={({ target }) => setEdited(target.value)}
      />
      {fault !== undefined && <InlineError message={fault} />}
      {edited !== undefined && (
        <div className={styles.actions}>
          <Button kind="main" small onClick={() => void apply()}>
            Apply
          </Button>
          <Button
            small
            onClick={() => {
              setEdited(undefined);
              setFault(undefined);
            }}
          >
            Discard
          </Button>
        </div>
      )}
    </Card>
  );
}
