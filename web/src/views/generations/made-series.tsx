import { Card } from '../../components/card.tsx';
import type { Generation } from './queries.ts';
import styles from './made-series.module.css';

const FILES = { VOLUME: 'NIfTI', DICOM: 'DICOM, zipped' } as const;

/** What is made of a series, by the task that makes it. */
export const MADE_SERIES: Readonly<Record<string, string | undefined>> = {
  MRI_SUPER_RESOLUTION: 'Finer series',
  MRI_INPAINTING: 'Filled-in series',
};

/** The files of a series that was made from another one. */
export function MadeSeries({ title, outputs }: { title: string; outputs: Generation['outputs'] }) {
  const volume = outputs.find(({ kind }) => kind === 'VOLUME');
  if (!volume) return null;
  return (
    <Card title={title} note="Synthetic: what is added is likely and was not seen. Not for clinical use.">
      <p>
        Slices of {volume.columns} × {volume.rows} pixels.
      </p>
      <p className={styles.files}>
        {Object.entries(FILES).map(([wanted, label]) => {
          const file = outputs.find(({ kind }) => kind === wanted);
          return (
            file && (
              <a key={wanted} href={file.url} download="">
                {label}
              </a>
            )
          );
        })}
      </p>
    </Card>
  );
}
