import { useEffect, useRef, useState } from 'react';
import { InlineError } from '../../components/notes.tsx';
import { Waiting } from '../../components/waiting.tsx';
import type { Report } from './queries.ts';
import styles from './report.module.css';

/** A chart of a report, drawn anew when its place gets another width. Its drawing code comes when the first one is shown. */
export function Chart({
  chart: { title, caption, spec },
  fault = 'The chart could not be drawn; report.html has it as a picture.',
}: {
  chart: Pick<Report['charts'][number], 'title' | 'caption'> & { spec: object };
  fault?: string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<'waiting' | 'drawn' | 'failed'>('waiting');
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let erase: (() => void) | undefined;
    let width = 0;
    let gone = false;
    const show = async () => {
      const { draw } = await import('./draw.ts');
      if (gone || element.clientWidth === width) return;
      width = element.clientWidth;
      erase?.();
      erase = draw(element, spec);
      setState('drawn');
    };
    const watcher = new ResizeObserver(() => void show().catch(() => setState('failed')));
    watcher.observe(element);
    return () => {
      gone = true;
      watcher.disconnect();
      erase?.();
    };
  }, [spec]);
  return (
    <figure className={styles.figure}>
      <h2>{title}</h2>
      {state === 'waiting' && <Waiting label="Drawing" />}
      {state === 'failed' && <InlineError message={fault} />}
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={`${title}, scrollable`}>
        {/* A word for each of a thousand marks helps nobody: the caption says what is seen, the tables have the figures. */}
        <div role="img" aria-label={`Chart: ${title}`}>
          <div ref={place} className={styles.chart} data-drawn={state === 'drawn'} aria-hidden="true" />
        </div>
      </div>
      <figcaption>{caption}</figcaption>
    </figure>
  );
}
