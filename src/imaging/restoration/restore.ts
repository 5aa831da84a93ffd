import type { InferenceHost, RunHooks } from '../../inference/index.js';
import type { RestorationProgress, RestorationSummary } from '../../inference/index.js';
import { putPiece } from '../pieces.js';
import type { PreparedFilm } from './prepare.js';

/** What of a {@link PreparedFilm} the network is given. */
export type NetworkFilm = Pick<PreparedFilm, 'rows' | 'columns' | 'data' | 'mask' | 'sigma' | 'impulses' | 'scale'>;

export interface RestoreOptions extends Pick<
  RunHooks<unknown, RestorationProgress>,
  'signal' | 'onProgress' | 'onRun'
> {
  bundleDir: string;
  /** Default: the bundle's. */
  steps?: number | undefined;
  /** Draws one likely film instead of their mean. */
  seed?: number | undefined;
}

/**
 * Runs a restorer over a prepared film.
 *
 * @returns the restored film in units of its window
 * @throws as the host's `run`
 */
export async function restorePrepared(
  host: InferenceHost,
  { rows, columns, data, mask, sigma, impulses, scale }: NetworkFilm,
  { bundleDir, steps, seed, ...hooks }: RestoreOptions,
): Promise<{ restored: Float32Array; summary: RestorationSummary }> {
  const restored = new Float32Array(data.length);
  const request = {
    ...{ bundleDir, rows, columns, film: data, sigma, impulses, scale },
    ...(mask ? { mask } : {}),
    ...(steps === undefined ? {} : { steps }),
    ...(seed === undefined ? {} : { seed }),
  };
  const summary = await host.run('image-restoration', request, {
    ...hooks,
    onOutput: (tile) => putPiece(restored, columns, tile),
  });
  return { restored, summary };
}
