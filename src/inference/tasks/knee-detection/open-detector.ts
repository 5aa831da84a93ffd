import { readBundleFor } from '../../bundles/index.js';
import type { InferenceHost } from '../../host.js';
import type { SeenFilm } from './detector.js';

/** A knee detector bundle at work in an inference process. */
export interface KneeDetector {
  /** Size of its input. */
  readonly rows: number;
  readonly columns: number;
  /** Percentiles of the input that become -1 and 1. */
  readonly window: readonly [number, number];
  /** Confidence below which a knee is none. */
  readonly threshold: number;
  /** What messages call it. */
  readonly name: string;
  /** Finds knees on a film prepared as above, and says what it shows. */
  look(film: Float32Array): Promise<SeenFilm>;
}

/**
 * Opens the knee detector in a folder. Its graph is loaded at the first film.
 *
 * @throws UserError BUNDLE_REFUSED
 */
export async function openDetector(host: Pick<InferenceHost, 'run'>, bundleDir: string): Promise<KneeDetector> {
  const { manifest } = await readBundleFor(bundleDir, 'knee-detection');
  const { rows, columns, window } = manifest.film;
  return {
    rows,
    columns,
    window,
    threshold: manifest.detector.threshold,
    name: `${manifest.name}@${manifest.version}`,
    look: (film) => host.run('knee-detection', { bundleDir, film }),
  };
}
