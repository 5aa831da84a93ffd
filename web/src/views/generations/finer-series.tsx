import { useEffect, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { InlineError } from '../../components/notes.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { count } from '../../lib/words.ts';
import type { Plane } from '../viewer/planes.ts';
import { loadSeries, type Stack } from '../viewer/stack.ts';
import type { Generation } from './queries.ts';
import { SeriesSwipe } from './series-swipe.tsx';

/** A finer series with pixels a slice of up to so many is fetched without being asked for. */
const SMALL = 512 * 512;

/** Before and after of a super-resolved series, once both are there. */
export function FinerSeries({ generation: { sourceSeries, outputs } }: { generation: Generation }) {
  const after = outputs.find(({ kind }) => kind === 'VOLUME');
  const before = sourceSeries?.volume?.url;
  const pixels = (after?.rows ?? 0) * (after?.columns ?? 0);
  const [asked, setAsked] = useState(false);
  if (!sourceSeries || !before || !after) return null;
  const plane = (sourceSeries.plane?.toLowerCase() ?? 'coronal') as Plane;
  return (
    <Card title="Before and after" note="What is added is likely and was not seen. Not for clinical use.">
      {asked || pixels <= SMALL ? (
        <Loading before={before} after={after.url} plane={plane} phantom={sourceSeries.provenance === 'PHANTOM'} />
      ) : (
        <Button onClick={() => setAsked(true)}>Load both series: slices of {count(pixels)} pixels</Button>
      )}
    </Card>
  );
}

interface LoadingProps {
  before: string;
  after: string;
  plane: Plane;
  phantom: boolean;
}

/** Fetches both series, and says so while it does. */
function Loading({ before, after, plane, phantom }: LoadingProps) {
  const [stacks, setStacks] = useState<{ before: Stack; after: Stack }>();
  const [fault, setFault] = useState<string>();
  useEffect(() => {
    const stop = new AbortController();
    const load = async () => {
      const [taken, made] = await Promise.all([before, after].map((url) => loadSeries(url, stop.signal)));
      if (!stop.signal.aborted) setStacks({ before: taken!.along(plane), after: made!.along(plane) });
    };
    load().catch((error: unknown) => {
      if (!stop.signal.aborted) setFault(error instanceof Error ? error.message : String(error));
    });
    return () => stop.abort();
  }, [before, after, plane]);
  if (fault !== undefined) return <InlineError message={fault} />;
  return stacks ? <SeriesSwipe {...stacks} phantom={phantom} /> : <Waiting label="Loading both series" />;
}
