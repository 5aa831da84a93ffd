import { Link } from 'react-router';
import { FactList } from '../../components/fact-list.tsx';
import { printFilter } from '../../lib/filters.ts';
import { parameterFacts } from '../../lib/parameters.ts';
import { featureName, gradeTerm, moment, taskName } from '../../lib/words.ts';
import type { Batch } from './queries.ts';

/** What was asked for, by whom and when: what its results come from. */
export function BatchFacts({ batch }: { batch: Batch }) {
  const {
    bundle,
    cohorts,
    filter,
    task,
    parameters,
    sliceCount,
    steps,
    sampler,
    eta,
    noise,
    seed,
    seedRule,
    skipExisting,
  } = batch;
  const { featureOverrides, requestedBy, createdAt, startedAt, finishedAt, clientKey, id } = batch;
  return (
    <FactList
      facts={[
        ['Bundle', `${bundle.name}@${bundle.version}`],
        ...cohorts.map(
          (cohort) =>
            [
              'Cohort',
              <Link key={cohort.id} to={`/cohorts/saved/${cohort.id}`}>
                {cohort.name}, version {cohort.version}
              </Link>,
            ] as const,
        ),
        ...(cohorts.length === 0 ? [['Knees', <code key="filter">{printFilter(filter)}</code>] as const] : []),
        ['Task', taskName(task)],
        ...parameterFacts(parameters),
        ...(sliceCount === null
          ? ([['Steps', steps]] as const)
          : ([
              ['Slices', sliceCount],
              ['Steps', `${steps}, ${sampler}${eta > 0 ? `, eta ${eta}` : ''}`],
              ['Noise', noise === 'SHARED' ? 'the same for every slice' : 'its own for each slice'],
            ] as const)),
        ['Seed', seedInWords(seed, seedRule)],
        ...featureOverrides.map(
          ({ feature: code, grade }) =>
            [
              'What if',
              `${featureName(code)} ${grade === null ? 'missing' : `${grade} ${gradeTerm(code, grade)}`}`,
            ] as const,
        ),
        ['What is there', skipExisting ? 'reused' : 'made again'],
        ['Asked for', `${moment(createdAt)}${requestedBy ? ` by ${requestedBy}` : ''}`],
        ['Started', moment(startedAt)],
        ['Ended', moment(finishedAt)],
        ...(clientKey ? [['Client key', clientKey] as const] : []),
        ['Id', <code key="id">{id}</code>],
      ]}
    />
  );
}

function seedInWords(seed: number | null, rule: Batch['seedRule']): string {
  if (seed === null) return 'none: the mean of what is likely';
  return rule === 'FIXED' ? `${seed} for every exam` : `each exam its own, derived from ${seed}`;
}
