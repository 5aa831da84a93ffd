import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useQuery } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { Badge, KlBadge } from '../../components/badge.tsx';
import { Button, ButtonLink } from '../../components/button.tsx';
import { EmptyNote, ErrorNote } from '../../components/notes.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { Page } from '../../components/page.tsx';
import { Table } from '../../components/table.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { useSettled } from '../../lib/use-settled.ts';
import { decimal, duration, moment, taskName } from '../../lib/words.ts';
import { GENERATIONS } from './queries.ts';
import { RunFilter, whereOf } from './run-filter.tsx';
import styles from './generation-list.module.css';

/** Generations, the newest first; what they are filtered by is in the address. */
export function GenerationList() {
  const { viewer } = useSession();
  const [params, setParams] = useSearchParams();
  const asked = useSettled(params);
  const where = whereOf(asked);
  // A cursor belongs to the list that it was given for.
  const [place, setPlace] = useState<{ list: string; after: string | null }>();
  const list = asked.toString();
  const after = place?.list === list ? place.after : null;
  const turnTo = (cursor: string | null) => setPlace({ list, after: cursor });
  const [{ data, error, fetching, stale }, again] = useQuery({
    query: GENERATIONS,
    variables: { after, where },
    requestPolicy: 'cache-and-network',
  });
  const change = (name: string, value: string) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === '') next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const filter = <RunFilter params={params} onChange={change} />;
  if (error)
    return (
      <Page title="Generations">
        {filter}
        <ErrorNote
          title="Could not load the generations"
          message={sentence(error)}
          onRetry={() => again({ requestPolicy: 'network-only' })}
        />
      </Page>
    );
  if (!data) return <Waiting label="Loading generations" />;
  const { nodes, pageInfo } = data.generations;
  const start = viewer.canGenerate && (
    <ButtonLink kind="main" to="/generate">
      Generate …
    </ButtonLink>
  );
  const empty = nodes.length === 0 && !fetching && !stale;
  if (empty && after === null && where === undefined && params.size === 0) {
    return (
      <EmptyNote
        title="Nothing was generated yet"
        message="A knee with a radiograph can be turned into a synthetic MRI volume."
      >
        {start}
      </EmptyNote>
    );
  }
  return (
    <Page title="Generations" asked={{ document: GENERATIONS, variables: { after, where } }} actions={start}>
      {filter}
      {empty && <EmptyNote title="No generation is like that" message="None of those you may see fits the filter." />}
      <Table
        label="Generations"
        columns={[
          'Asked for',
          'Knee',
          'Task',
          'State',
          'Bundle',
          'Slices',
          'Steps',
          'Seed',
          'PSNR',
          'SSIM',
          'RSSIM',
          'Time',
        ]}
      >
        {nodes.map(
          ({
            id,
            state,
            task,
            createdAt,
            durationMs,
            sliceCount,
            steps,
            seed,
            psnr,
            ssim,
            rssim,
            bundle,
            side,
            exam,
            requestedBy,
            tags,
          }) => (
            <tr key={id}>
              <td>
                <Link to={`/generations/${id}`}>{moment(createdAt)}</Link>
                {requestedBy && <small>by {requestedBy}</small>}
                {tags.length > 0 && (
                  <span className={styles.tags}>
                    {tags.map(({ name }) => (
                      <Badge key={name} tone="accent">
                        {name}
                      </Badge>
                    ))}
                  </span>
                )}
              </td>
              <td>
                {exam ? (
                  <>
                    {exam.participant.oaiId} {side?.toLowerCase()} {exam.visit.code} <KlBadge kl={exam.kl} />
                  </>
                ) : (
                  `uploaded ${side?.toLowerCase() ?? 'film'}`
                )}
              </td>
              <td>{taskName(task)}</td>
              <td>
                <StateBadge state={state} />
              </td>
              <td>
                {bundle.name}@{bundle.version}
              </td>
              <td>{sliceCount ?? '–'}</td>
              <td>{steps}</td>
              <td>{seed ?? '–'}</td>
              <td>{decimal(psnr, 1)}</td>
              <td>{decimal(ssim, 3)}</td>
              <td>{decimal(rssim, 3)}</td>
              <td>{duration(durationMs)}</td>
            </tr>
          ),
        )}
      </Table>
      <div className={styles.pages}>
        {after !== null && <Button onClick={() => turnTo(null)}>Newest</Button>}
        {pageInfo.hasNextPage && <Button onClick={() => turnTo(pageInfo.endCursor)}>Older</Button>}
      </div>
    </Page>
  );
}
