import type { GenerationOrigin } from '../../../../domain/origins.js';
import type { Generation } from '../../../../entities/index.js';
import type { VolumeSummary } from '../../../../inference/index.js';
import { decidedBy, recordOf, withOutcome } from '../../attempts.js';
import type { MadeBy } from '../task.js';
import { volumeParameters } from './settings.js';

/**
 * What decides every voxel of a generated volume: the same recipe on the same device gives the same volume. It holds nothing of
 * who asked, when, or how often it was tried.
 */
export function recipeOf(generation: Generation, bundle: MadeBy) {
  const { sliceCount, steps, sampler, eta, seed, noise, box, features, featureOverrides, origin } = generation;
  return {
    ...decidedBy(generation, bundle),
    box,
    kneeDetector: origin?.kneeDetector ?? null,
    features,
    featureOverrides,
    sampler,
    steps,
    eta,
    seed,
    noise,
    gradeGuidance: volumeParameters.parse(generation.parameters).gradeGuidance,
    sliceCount,
  };
}

/** Everything that is known of where a generated volume comes from. */
export function volumeProvenanceOf(generation: Generation, bundle: MadeBy) {
  return recordOf(generation, recipeOf(generation, bundle));
}

export type VolumeProvenance = ReturnType<typeof volumeProvenanceOf>;

/** The origin of a generation whose newest attempt has computed its slices. */
export function withSummary(origin: GenerationOrigin, summary: VolumeSummary): GenerationOrigin {
  const { device, computedSlices, durationMs, timings } = summary;
  const { round } = Math;
  const { encoder, denoiser, decoder, refiner } = timings;
  const measured = {
    encoder: round(encoder),
    denoiser: round(denoiser),
    decoder: round(decoder),
    ...(refiner === undefined ? {} : { refiner: round(refiner) }),
    total: round(durationMs),
  };
  return withOutcome(origin, { device, computedSlices, timings: measured });
}
