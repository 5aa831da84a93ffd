import { useEffect, useRef, useState } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session-context.tsx';
import { Badge } from '../../components/badge.tsx';
import { Synthetic } from '../../components/synthetic.tsx';
import { fetchVolume, sliceImage, type Volume } from '../../lib/nifti.ts';
import { fileSize } from '../../lib/words.ts';
import { SeriesButton } from '../series/series-button.tsx';
import { viewerLink } from '../viewer/link.ts';
import type { Exam } from './queries.ts';
import styles from './series.module.css';

type SeriesOf = Exam['mriSeries'][number];

/** A series as its middle slice; a real one can be leafed through. */
export function Series({ series, examId }: { series: SeriesOf; examId: string }) {
  const { viewer } = useSession();
  const { sequence, plane, sliceCount, sliceSpacing, synthetic, volume, generation } = series;
  const facts = [
    plane?.toLowerCase(),
    sliceCount && `${sliceCount} slices`,
    sliceSpacing && `${Number(sliceSpacing.toFixed(2))} mm`,
    volume && fileSize(volume.bytes),
  ];
  const slices = generation?.slices ?? [];
  const middle = slices[Math.floor(slices.length / 2)];
  return (
    <li className={styles.item}>
      {middle ? (
        <Synthetic>
          <img
            src={middle.previewUrl}
            alt={`Middle slice of the generated volume, slice ${middle.index}`}
            loading="lazy"
          />
        </Synthetic>
      ) : volume ? (
        <Slices url={volume.url} name={sequence} />
      ) : (
        <p className={styles.none}>This series is known from the tables only.</p>
      )}
      <p className={styles.name}>
        {generation ? <Link to={`/generations/${generation.id}`}>{sequence}</Link> : sequence}{' '}
        {synthetic && <Badge tone="warn">synthetic</Badge>}
      </p>
      <p className={styles.facts}>{facts.filter(Boolean).join(' · ')}</p>
      {volume && (
        <p className={styles.facts}>
          <Link to={viewerLink(examId, series.id)}>Open in the viewer</Link>
        </p>
      )}
      {viewer.canGenerate && volume && !synthetic && (
        <div className={styles.actions}>
          <SeriesButton series={series} />
        </div>
      )}
    </li>
  );
}

/** Fetched when it comes into sight: a volume is some megabytes. */
function Slices({ url, name }: { url: string; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [volume, setVolume] = useState<Volume>();
  const [fault, setFault] = useState<string>();
  const [slice, setSlice] = useState<number>();
  useEffect(() => {
    const stop = new AbortController();
    const watcher = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return;
      watcher.disconnect();
      fetchVolume(url, stop.signal).then(setVolume, (error: unknown) => {
        if (!stop.signal.aborted) setFault(error instanceof Error ? error.message : String(error));
      });
    });
    if (canvas.current) watcher.observe(canvas.current);
    return () => {
      stop.abort();
      watcher.disconnect();
    };
  }, [url]);
  const shown = slice ?? Math.floor((volume?.slices ?? 0) / 2);
  useEffect(() => {
    if (volume) canvas.current?.getContext('2d')?.putImageData(sliceImage(volume, shown), 0, 0);
  }, [volume, shown]);
  if (fault) return <p className={styles.none}>{fault}</p>;
  return (
    <>
      <canvas
        ref={canvas}
        className={styles.canvas}
        width={volume?.columns ?? 256}
        height={volume?.rows ?? 256}
        role="img"
        aria-label={volume ? `${name}, slice ${shown + 1} of ${volume.slices}` : `${name}, loading`}
      />
      {volume && (
        <input
          type="range"
          className={styles.range}
          aria-label={`Slice of ${name}, posterior to anterior`}
          min={0}
          max={volume.slices - 1}
          value={shown}
          onChange={({ target }) => setSlice(Number(target.value))}
        />
      )}
    </>
  );
}
