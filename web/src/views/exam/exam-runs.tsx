import { Link } from 'react-router';
import { Card } from '../../components/card.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { decimal, featureName, moment, taskName } from '../../lib/words.ts';
import type { Exam } from './queries.ts';
import styles from './exam-runs.module.css';

/** What was generated for the exam, the newest first. */
export function ExamRuns({ exam: { generations } }: { exam: Exam }) {
  if (generations.nodes.length === 0) return null;
  return (
    <Card title="Generations">
      <ul className={styles.runs}>
        {generations.nodes.map(
          ({ id, state, task, createdAt, sliceCount, steps, seed, psnr, bundle, featureOverrides }) => (
            <li key={id}>
              <Link to={`/generations/${id}`}>{moment(createdAt)}</Link>
              <StateBadge state={state} />
              <span>
                {taskName(task)} by {bundle.name}@{bundle.version}
                {sliceCount !== null && `, ${sliceCount} slices`}, {steps} {steps === 1 ? 'step' : 'steps'}
                {seed !== null && `, seed ${seed}`}
                {psnr !== null && `, PSNR ${decimal(psnr, 1)} dB`}
                {featureOverrides.map(({ feature: code, grade }) => `, ${featureName(code)} ${grade ?? 'missing'}`)}
              </span>
            </li>
          ),
        )}
      </ul>
    </Card>
  );
}
