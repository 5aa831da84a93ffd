import { useState } from 'react';
import { enums } from 'virtual:schema-language';
import { useQuery } from 'urql';
import { Card } from '../../components/card.tsx';
import { CopyCode } from '../../components/copy-code.tsx';
import { InlineError } from '../../components/notes.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { type Filter, without } from '../../lib/filters.ts';
import type { VariablesOf } from '../../lib/graphql.ts';
import { count, counted, visitName } from '../../lib/words.ts';
import { TRANSITIONS, type Transition } from './queries.ts';
import { TransitionFlows } from './transition-flows.tsx';
import styles from './transitions.module.css';

type Visit = VariablesOf<typeof TRANSITIONS>['from'];

interface KlTransitionsProps {
  where: Filter | undefined;
  onFilter: (filter: Filter) => void;
}

/** What became of the KL grades between two visits: as flows, and as a matrix whose cells select those knees. */
export function KlTransitions({ where = {}, onFilter }: KlTransitionsProps) {
  const [from, setFrom] = useState<Visit>('V00');
  const [to, setTo] = useState<Visit>('V06');
  const rest = without(where, 'visit');
  const variables = { where: rest, from, to };
  const [{ data, error, fetching }] = useQuery({ query: TRANSITIONS, variables });
  const cells = byGrade(data?.gradeTransitions.filter(({ kind }) => kind === 'CELL') ?? []);
  const total = cells.reduce((sum, { knees }) => sum + knees, 0);
  const choose = (cell: Transition) => {
    const at = (visit: string, kl: number | null) => ({
      sameKnee: { some: { visit: { eq: visit }, kl: kl === null ? { isNull: true } : { eq: kl } } },
    });
    // Without a later grade it may not have been examined then at all.
    const ungraded = { sameKnee: { none: { visit: { eq: to }, kl: { isNull: false } } } };
    const later = cell.to === null ? ungraded : at(to, cell.to);
    const { and, ...others } = where;
    const kept = Array.isArray(and) ? (and as Filter[]) : [];
    onFilter({ ...others, and: [...kept, at(from, cell.from), later] });
  };
  const select = (label: string, value: Visit, set: (visit: Visit) => void) => (
    <label>
      {label}{' '}
      <select value={value} onChange={({ target }) => set(target.value as Visit)}>
        {(enums['VisitCode'] ?? []).map(({ value: code }) => (
          <option key={code} value={code}>
            {visitName(code)}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Card
      title="KL transitions"
      note={data ? `${counted(total, 'knee')} with an exam at the earlier visit` : undefined}
      actions={
        <div className={styles.visits}>
          {select('from', from, setFrom)}
          {select('to', to, setTo)}
          <CopyCode asked={{ document: TRANSITIONS, variables }} label="Copy the transitions" />
        </div>
      }
    >
      {error ? (
        <InlineError message={sentence(error)} />
      ) : fetching && !data ? (
        <Waiting label="Comparing visits" />
      ) : total === 0 ? (
        <p className={styles.none}>No knee of this selection was examined at the earlier visit.</p>
      ) : (
        <div className={styles.both}>
          <TransitionFlows cells={cells} from={visitName(from)} to={visitName(to)} />
          <Matrix cells={cells} from={visitName(from)} to={visitName(to)} onChoose={choose} />
        </div>
      )}
    </Card>
  );
}

/** One cell for each pair of grades: why a grade is missing is not told apart here. */
function byGrade(cells: readonly Transition[]): Transition[] {
  const pairs = Map.groupBy(cells, ({ from, to }) => `${from} ${to}`);
  return [...pairs.values()].map((alike) => ({
    ...alike[0]!,
    knees: alike.reduce((sum, { knees }) => sum + knees, 0),
  }));
}

interface MatrixProps {
  cells: Transition[];
  from: string;
  to: string;
  onChoose: (cell: Transition) => void;
}

function Matrix({ cells, from, to, onChoose }: MatrixProps) {
  const grades = (key: 'from' | 'to') =>
    [...new Set(cells.map((cell) => cell[key]))].toSorted((a, b) => (a ?? 9) - (b ?? 9));
  const name = (grade: number | null) => (grade === null ? 'missing' : `KL ${grade}`);
  const tone = (cell: Transition) =>
    cell.from === null || cell.to === null || cell.from === cell.to
      ? ''
      : cell.to > cell.from
        ? styles.worse
        : styles.better;
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label="Matrix of KL transitions">
      <table className={styles.matrix}>
        <caption>
          Rows: {from}. Columns: {to}. A number selects those knees.
        </caption>
        <thead>
          <tr>
            <td />
            {grades('to').map((grade) => (
              <th key={grade} scope="col">
                {name(grade)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {grades('from').map((row) => (
            <tr key={row}>
              <th scope="row">{name(row)}</th>
              {grades('to').map((column) => {
                const cell = cells.find((candidate) => candidate.from === row && candidate.to === column);
                return (
                  <td key={column}>
                    {cell ? (
                      <button type="button" className={tone(cell)} onClick={() => onChoose(cell)}>
                        <span className="visually-hidden">
                          {name(row)} to {name(column)}:{' '}
                        </span>
                        {count(cell.knees)}
                      </button>
                    ) : (
                      <span aria-hidden="true">·</span>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
