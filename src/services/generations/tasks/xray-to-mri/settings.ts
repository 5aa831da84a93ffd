import type { NoiseMode } from '../../../../domain/generations.js';
import type { Generation } from '../../../../entities/index.js';
import type { SamplerName } from '../../../../inference/index.js';

/** How a volume is made: columns of its generation that other tasks have not. */
export interface VolumeSettings {
  sliceCount: number;
  steps: number;
  sampler: SamplerName;
  eta: number;
  seed: number;
  noise: NoiseMode;
}

/** The settings of a generation that makes a volume. @throws Error for any other */
export function settingsOf({
  id,
  sliceCount,
  steps,
  sampler,
  eta,
  seed,
  noise,
}: Pick<Generation, 'id' | keyof VolumeSettings>): VolumeSettings {
  if (sliceCount === null || sampler === null || seed === null || noise === null) {
    throw new Error(`Generation ${id} makes no volume.`);
  }
  return { sliceCount, steps, sampler, eta, seed, noise };
}
