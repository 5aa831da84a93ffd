import { Link } from 'react-router';
import { Card } from '../../components/card.tsx';
import { KlBadge } from '../../components/badge.tsx';
import { visitName } from '../../lib/words.ts';
import type { Exam } from './queries.ts';
import styles from './time-line.module.css';

/** Both knees at every visit; each a link to its exam. */
export function TimeLine({ exam }: { exam: Exam }) {
  const visits = exam.participant.visits.filter(({ exams }) => exams.length > 0);
  return (
    <Card title="Both knees over time" note="● film stored  ■ MRI stored">
      <div className={styles.scroll} tabIndex={0} role="region" aria-label="Both knees over time">
        <table className={styles.table}>
          <thead>
            <tr>
              <td />
              {visits.map(({ id, code, date }) => (
                <th key={id} scope="col">
                  {visitName(code)}
                  <small>{date ?? code}</small>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(['RIGHT', 'LEFT'] as const).map((side) => (
              <tr key={side}>
                <th scope="row">{side === 'RIGHT' ? 'Right' : 'Left'}</th>
                {visits.map((visit) => {
                  const knee = visit.exams.find((candidate) => candidate.side === side);
                  if (!knee) return <td key={visit.id}>–</td>;
                  const film = Boolean(knee.radiograph?.rows);
                  const mri = knee.mriSeries.some(({ sliceCount }) => sliceCount !== null);
                  return (
                    <td key={visit.id}>
                      <Link
                        to={`/exams/${knee.id}`}
                        className={styles.knee}
                        aria-current={knee.id === exam.id ? 'page' : undefined}
                      >
                        <span className="visually-hidden">
                          {side.toLowerCase()} knee at {visitName(visit.code)}
                        </span>
                        <KlBadge kl={knee.kl} />
                        <span className={styles.marks}>
                          <span aria-hidden="true">{film ? '●' : '○'}</span>
                          <span aria-hidden="true">{mri ? '■' : '□'}</span>
                          <span className="visually-hidden">
                            {film ? ', film stored' : ''}
                            {mri ? ', MRI stored' : ''}
                          </span>
                        </span>
                      </Link>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
