import { useState } from 'react';
import { Card } from '../../components/card.tsx';
import { Synthetic } from '../../components/synthetic.tsx';
import { decimal } from '../../lib/words.ts';
import type { Generation } from '../generations/queries.ts';
import { FrameCurve } from './frame-curve.tsx';
import type { Frame } from './frames.ts';
import styles from './progress.module.css';

const FILES = { GIF: 'GIF', MP4: 'MP4', DICOM: 'DICOM, all frames', CURVE: 'Curve', TABLE: 'Table, CSV' } as const;

interface ProgressedKneeProps {
  frames: readonly Frame[];
  outputs: Generation['outputs'];
}

/** A knee at the grades from the film's own to the wished one: a slider over the frames, what has changed, and what was measured. */
export function ProgressedKnee({ frames, outputs }: ProgressedKneeProps) {
  const [wanted, setWanted] = useState<number>();
  const [changes, setChanges] = useState(false);
  const last = frames.length - 1;
  const at = Math.min(wanted ?? last, last);
  const frame = frames[at];
  if (!frame) return null;
  const { measured, difference } = frame;
  const files = [
    ...Object.entries(FILES).flatMap(([kind, label]) => {
      const found = outputs.find((output) => output.kind === kind);
      return found ? [{ key: kind, url: found.url, label }] : [];
    }),
    ...outputs.flatMap(({ kind, index, url }) =>
      kind === 'FRAME' && index === frame.index ? [{ key: kind, url, label: 'This frame, 16 bits' }] : [],
    ),
  ];
  const grade = measured ? `KL ${decimal(measured.kl, 1)}` : `frame ${frame.index + 1}`;
  const picture = <FramePicture frame={frame} grade={grade} changes={changes} />;
  return (
    <>
      <Card title="From grade to grade" note="Only the first frame was seen. It is no forecast. Not for clinical use.">
        <div className={styles.knee}>
          <div className={styles.picture}>{frame.index === 0 ? picture : <Synthetic>{picture}</Synthetic>}</div>
          <input
            type="range"
            min={0}
            max={last}
            value={at}
            aria-label="Severity"
            aria-valuetext={frame.index === 0 ? `${grade}, the film itself` : grade}
            onChange={({ target }) => setWanted(Number(target.value))}
          />
          <p className={styles.tags}>
            <span>{frame.index === 0 ? `${grade}, the film itself` : `${grade}, synthetic`}</span>
            <span>
              {measured &&
                `joint space ${decimal(measured.jsw, 1, ' %')}, read as KL ${decimal(measured.expectedKl, 1)}`}
            </span>
          </p>
          <label>
            <input type="checkbox" checked={changes} disabled={!difference} onChange={() => setChanges(!changes)} />
            Show what has changed
          </label>
        </div>
        {files.length > 0 && (
          <p className={styles.files}>
            {files.map(({ key, url, label }) => (
              <a key={key} href={url} download={`progression-${key.toLowerCase()}`}>
                {label}
              </a>
            ))}
          </p>
        )}
      </Card>
      <Card
        title="Joint space and grade"
        note="Narrowest joint space in % of the knee's width, and the KL grade as the grader reads it, both measured on each frame"
      >
        <FrameCurve frames={frames} at={at} />
      </Card>
    </>
  );
}

function FramePicture({ frame, grade, changes }: { frame: Frame; grade: string; changes: boolean }) {
  const { image, difference, index } = frame;
  return changes && difference ? (
    <img src={difference} alt={`Where the knee at ${grade} differs from the film`} />
  ) : (
    <img src={image} alt={index === 0 ? 'The film itself' : `The knee at ${grade}, synthetic`} />
  );
}
