import { readBundleFor, xraySize } from '../../src/inference/index.js';
import type { GeneratedSlice, InferenceHost, VolumeRequest, VolumeSummary } from '../../src/inference/index.js';
import type { Figure } from '../report.js';

export const SEED = 7;

/** Rows of one denoiser call in every comparison that is not about the rows: a 50-slice volume runs in batches of this size. */
export const BATCH = 10;

/** Steps of the comparisons. The shipped bundle takes fewer. */
export const STEPS = 20;

export interface Volume {
  /** In order. */
  images: Float32Array[];
  summary: VolumeSummary;
  /** Of the denoiser alone, for one step of one slice. */
  secondsPerSliceStep: number;
}

/** Slices without grades, from a grey radiograph unless `xray` is given. */
export async function generate(
  host: InferenceHost,
  order: { bundleDir: string; slices: number; steps: number; batch: number; xray?: Float32Array },
): Promise<Volume> {
  // A volume has two slices or more; of one of two, the second is skipped.
  const { manifest } = await readBundleFor(order.bundleDir, 'xray-to-mri');
  const { rows: xrayRows, columns, channels } = xraySize(manifest);
  const request: VolumeRequest = {
    bundleDir: order.bundleDir,
    xray: order.xray ?? new Float32Array(channels * xrayRows * columns),
    grades: {},
    sliceCount: Math.max(order.slices, 2),
    skip: order.slices === 1 ? [1] : [],
    batchSize: order.batch,
    steps: order.steps,
    seed: SEED,
    noise: 'SHARED',
  };
  const slices: GeneratedSlice[] = [];
  const summary = await host.run('xray-to-mri', request, { onOutput: (slice) => void slices.push(slice) });
  const rows = Math.ceil(order.slices / order.batch) * order.batch;
  return {
    images: slices.map(({ image }) => image),
    summary,
    secondsPerSliceStep: summary.timings.denoiser / 1000 / (rows * order.steps),
  };
}

/** A figure without a promise, of which less is better. */
export function lower(name: string, value: number, unit: string): Figure {
  return { name, value, unit, better: 'lower' };
}
