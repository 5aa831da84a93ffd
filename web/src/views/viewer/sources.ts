import { featureName, gradeTerm } from '../../lib/words.ts';
import type { Generation } from '../generations/queries.ts';
import type { ShownImage } from './images.ts';

/** A volume that can be shown: a real series of the exam, this run, or another run for the same knee. An upload has no real one. */
export interface Source {
  key: string;
  label: string;
  /** Made by a model: already on the grid that volumes are compared on. */
  synthetic: boolean;
  provenance: ShownImage['provenance'];
  url: string;
}

export function sourcesOf({ id, side, exam, upload, mriSeries, featureOverrides, seed }: Generation): Source[] {
  const real = (exam?.mriSeries ?? []).flatMap(({ id: key, sequence, volume, plane, provenance }) =>
    volume && plane !== 'SAGITTAL' && plane !== 'AXIAL'
      ? [
          {
            key,
            label: `${provenance === 'PHANTOM' ? 'phantom MRI' : 'real MRI'}: ${sequence}`,
            synthetic: false,
            provenance,
            url: volume.url,
          },
        ]
      : [],
  );
  const own = mriSeries?.volume
    ? [
        {
          key: id,
          label: `this run${wish(featureOverrides, seed)}`,
          synthetic: true,
          provenance: 'GENERATED' as const,
          url: mriSeries.volume.url,
        },
      ]
    : [];
  const others = ((exam ?? upload)?.generations.nodes ?? []).flatMap((run) =>
    run.id !== id && run.side === side && run.mriSeries?.volume
      ? [
          {
            key: run.id,
            label: `${run.bundle.name}, ${run.steps} steps${wish(run.featureOverrides, run.seed)}`,
            synthetic: true,
            provenance: 'GENERATED' as const,
            url: run.mriSeries.volume.url,
          },
        ]
      : [],
  );
  return [...real, ...own, ...others];
}

function wish(overrides: Generation['featureOverrides'], seed: number | null): string {
  const grades = overrides.map(
    ({ feature: code, grade }) =>
      `${featureName(code)} ${grade === null ? 'missing' : `${grade} ${gradeTerm(code, grade)}`}`,
  );
  return [`, seed ${seed}`, ...grades].join(', ');
}
