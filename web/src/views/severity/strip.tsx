import { useState } from 'react';
import { Link } from 'react-router';
import { useQuery } from 'urql';
import { Button } from '../../components/button.tsx';
import { InlineError } from '../../components/notes.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { Synthetic } from '../../components/synthetic.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { usePoll } from '../../lib/use-poll.ts';
import { gradeTerm } from '../../lib/words.ts';
import { isOver } from '../generations/use-generation.ts';
import { STRIP } from './queries.ts';
import { type Compartment, readSet } from './sets.ts';
import styles from './severity.module.css';

const EVERY_MS = 1_000;

/** Where femur and tibia bear on each other, as a share of the way from back to front. */
const BEARING = 0.62;

interface StripProps {
  ids: readonly string[];
  slices: number;
  /** Asks for a run anew that ended without its slices, or was deleted. */
  onRedraw: (place: number, compartment: Compartment | undefined) => void;
}

/** The same slice of the run of each grade, and below it what differs from the first. */
export function Strip({ ids, slices, onRedraw }: StripProps) {
  const asked = useQuery({ query: STRIP, variables: { ids: [...ids] } });
  const [{ data, error }] = asked;
  const [slice, setSlice] = useState(Math.round(BEARING * (slices - 1)));
  const runs = (data?.nodes ?? []).map((node) => (node?.__typename === 'Generation' ? node : undefined));
  usePoll(asked, EVERY_MS, data === undefined || runs.some((run) => run && !isOver(run.state)));
  if (error) return <InlineError message={sentence(error)} />;
  if (!data) return <Waiting label="Loading the five runs" />;
  const pictures = runs.map((run) => run?.slices.find(({ index }) => index === slice)?.previewUrl);
  const sets = runs.map((run) => readSet(run?.featureOverrides ?? []));
  const ill = sets.find(({ compartment }) => compartment !== undefined)?.compartment;
  const base = pictures[0];
  return (
    <>
      {ill && <p className={styles.ill}>Ill compartment: {ill}</p>}
      <ol className={styles.strip}>
        {runs.map((run, place) => {
          const { kl } = sets[place]!;
          const picture = pictures[place];
          return (
            <li key={ids[place]}>
              <h3>
                {kl === undefined ? 'other grades' : `KL ${kl}`}{' '}
                <small>{kl === undefined ? '' : gradeTerm('XRKL', kl)}</small>
              </h3>
              {picture ? (
                <Synthetic>
                  <img src={picture} alt={`Slice ${slice + 1} with the grades of KL ${kl ?? '?'}`} />
                </Synthetic>
              ) : (
                <div className={styles.empty}>{run ? <StateBadge state={run.state} /> : 'This run was deleted.'}</div>
              )}
              {run?.error && <InlineError message={run.error} />}
              {(!run || (isOver(run.state) && run.state !== 'SUCCEEDED')) && (
                <Button small onClick={() => onRedraw(place, ill)}>
                  Draw again
                </Button>
              )}
              {place > 0 && base && picture && (
                <Synthetic>
                  <span className={styles.difference}>
                    <img src={base} alt="" />
                    <img src={picture} alt={`Where KL ${kl ?? '?'} differs from the first, three times as bright`} />
                  </span>
                </Synthetic>
              )}
              {run && <Link to={`/generations/${run.id}`}>The run</Link>}
            </li>
          );
        })}
      </ol>
      <label className={styles.slice}>
        posterior
        <input
          type="range"
          aria-label="Slice, posterior to anterior"
          min={0}
          max={slices - 1}
          value={slice}
          onChange={({ target }) => setSlice(Number(target.value))}
        />
        anterior
      </label>
      <p className={styles.key}>
        Second row: where a grade differs from the first, three times as bright; black where nothing does.
      </p>
    </>
  );
}
