import { z } from 'zod';
import type { NoiseMode } from '../../../../domain/generations.js';
import type { Generation } from '../../../../entities/index.js';
import type { SamplerName } from '../../../../inference/index.js';

/** What is told of a volume beside the columns of its generation. */
export const volumeParameters = z.object({ gradeGuidance: z.number().default(1) });

/** How a volume is made: what other tasks have not. */
export interface VolumeSettings {
  sliceCount: number;
  steps: number;
  sampler: SamplerName;
  eta: number;
  seed: number;
  noise: NoiseMode;
  /** How strongly the grades pull; 1 is as trained. */
  gradeGuidance: number;
}

/** How strongly grades pull at a generation's volume; null for one that makes no volume. */
export function gradeGuidanceOf({
  sliceCount,
  parameters,
}: Pick<Generation, 'sliceCount' | 'parameters'>): number | null {
  return sliceCount === null ? null : volumeParameters.parse(parameters).gradeGuidance;
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
  parameters,
}: Pick<Generation, 'id' | 'parameters' | Exclude<keyof VolumeSettings, 'gradeGuidance'>>): VolumeSettings {
  if (sliceCount === null || sampler === null || seed === null || noise === null) {
    throw new Error(`Generation ${id} makes no volume.`);
  }
  return { sliceCount, steps, sampler, eta, seed, noise, ...volumeParameters.parse(parameters) };
}
