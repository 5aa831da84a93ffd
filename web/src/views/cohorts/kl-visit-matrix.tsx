import { useState } from 'react';
import { enums } from 'virtual:schema-language';
import { chosenValues, type Filter, without } from '../../lib/filters.ts';
import { count, visitName } from '../../lib/words.ts';
import type { Bucket } from './queries.ts';
import styles from './kl-visit-matrix.module.css';

const GRADES = ['0', '1', '2', '3', '4', null] as const;

const SIDES = [
  { value: null, label: 'both sides' },
  { value: 'RIGHT', label: 'right' },
  { value: 'LEFT', label: 'left' },
] as const;

interface MatrixProps {
  cells: readonly Bucket[] | undefined;
  filter: Filter;
  onFilter: (filter: Filter) => void;
}

/** KL grade by visit, of both sides or one; a cell filters by its grade, visit and side. */
export function KlVisitMatrix({ cells = [], filter, onFilter }: MatrixProps) {
  const [side, setSide] = useState<string | null>(null);
  const counts = new Map<string, number>();
  for (const { exams, values } of cells) {
    const [kl, visit, at] = values;
    if (side !== null && at?.value !== side) continue;
    const key = `${kl?.value ?? null} ${visit?.value ?? null}`;
    counts.set(key, (counts.get(key) ?? 0) + exams);
  }
  const visits = (enums['VisitCode'] ?? [])
    .map(({ value }) => value)
    .filter((visit) => GRADES.some((kl) => counts.has(`${kl} ${visit}`)));
  const most = Math.max(1, ...counts.values());
  const only = (field: string, value: unknown) => {
    const chosen = chosenValues(filter, field);
    return chosen?.length === 1 && chosen[0] === value;
  };
  const choose = (kl: string | null, visit: string) => {
    const grade = kl === null ? null : Number(kl);
    const on = only('kl', grade) && only('visit', visit);
    const rest = without(without(filter, 'kl'), 'visit');
    if (on) return onFilter(side === null ? rest : without(rest, 'side'));
    onFilter({
      ...rest,
      kl: grade === null ? { isNull: true } : { eq: grade },
      visit: { eq: visit },
      ...(side === null ? {} : { side: { eq: side } }),
    });
  };
  if (visits.length === 0) return <p>No knee exam matches.</p>;
  return (
    <>
      <div className={styles.sides} role="group" aria-label="Side">
        {SIDES.map(({ value, label }) => (
          <button key={label} type="button" aria-pressed={side === value} onClick={() => setSide(value)}>
            {label}
          </button>
        ))}
      </div>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label="KL grade by visit">
        <table className={styles.table}>
          <thead>
            <tr>
              <td />
              {visits.map((visit) => (
                <th key={visit} scope="col">
                  {visit}
                  <small>{visitName(visit)}</small>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {GRADES.filter((kl) => visits.some((visit) => counts.has(`${kl} ${visit}`))).map((kl) => (
              <tr key={kl}>
                <th scope="row">{kl === null ? 'missing' : `KL ${kl}`}</th>
                {visits.map((visit) => {
                  const exams = counts.get(`${kl} ${visit}`) ?? 0;
                  const grade = kl === null ? null : Number(kl);
                  const share = exams / most;
                  return (
                    <td key={visit}>
                      <button
                        type="button"
                        aria-pressed={only('kl', grade) && only('visit', visit)}
                        aria-label={`${kl === null ? 'KL missing' : `KL ${kl}`} at ${visitName(visit)}: ${count(exams)} knee exams`}
                        style={{
                          background: `color-mix(in oklab, var(--accent) ${exams === 0 ? 0 : Math.round(6 + 34 * share)}%, var(--surface))`,
                        }}
                        onClick={() => choose(kl, visit)}
                      >
                        <span className="visually-hidden">
                          {kl === null ? 'KL missing' : `KL ${kl}`} at {visitName(visit)}:{' '}
                        </span>
                        {exams === 0 ? '·' : count(exams)}
                      </button>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
