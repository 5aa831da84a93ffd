import { useState } from 'react';
import { Card } from '../../components/card.tsx';
import { Synthetic } from '../../components/synthetic.tsx';
import type { Generation } from '../generations/queries.ts';
import styles from './restore.module.css';

const FILES = { FILM: 'PNG, 16 bits', DICOM: 'DICOM', SHEET: 'Sheet', MASK: 'Mask' } as const;

/** A film before and after, one wiped over the other, and where they differ. */
export function RestoredFilm({ outputs }: { outputs: Generation['outputs'] }) {
  const url = (kind: string) => outputs.find((output) => output.kind === kind)?.url;
  const [before, after, difference] = [url('BEFORE'), url('AFTER'), url('DIFFERENCE')];
  if (!before || !after) return null;
  return (
    <>
      <Card title="Before and after" note="What is added is likely and was not seen. Not for clinical use.">
        <Swipe before={before} after={after} />
        <p className={styles.files}>
          {Object.entries(FILES).map(([kind, label]) => {
            const file = url(kind);
            return (
              file && (
                <a key={kind} href={file} download={`restored-${kind.toLowerCase()}`}>
                  {label}
                </a>
              )
            );
          })}
        </p>
      </Card>
      {difference && (
        <Card title="Difference" note="Black: the same. Pale yellow: 15 % of the film's grey range or more.">
          <Synthetic>
            <img src={difference} alt="Where the film before and after differ" />
          </Synthetic>
        </Card>
      )}
    </>
  );
}

function Swipe({ before, after }: { before: string; after: string }) {
  const [share, setShare] = useState(50);
  return (
    <div className={styles.swipe}>
      <div className={styles.pictures}>
        <img src={before} alt="The film before" />
        <div className={styles.above} style={{ clipPath: `inset(0 0 0 ${share}%)` }}>
          <Synthetic>
            <img src={after} alt="The film after it was restored, synthetic" />
          </Synthetic>
        </div>
        <span className={styles.edge} style={{ left: `${share}%` }} />
      </div>
      <input
        type="range"
        min={0}
        max={100}
        value={share}
        aria-label="How much of the film before is shown"
        onChange={({ target }) => setShare(Number(target.value))}
      />
      <p className={styles.tags}>
        <span>before</span>
        <span>after, synthetic</span>
      </p>
    </div>
  );
}
