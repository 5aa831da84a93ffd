import type { AttemptOrigin, GenerationOrigin } from '../../domain/origins.js';
import { codeVersion } from '../../domain/package.js';
import type { Bundle, Generation } from '../../entities/index.js';
import type { VolumeSummary } from '../../inference/index.js';

type MadeBy = Pick<Bundle, 'name' | 'version' | 'sha256'>;

/**
 * What decides every voxel of a generated volume: the same recipe on the same device gives the same volume. It holds nothing of
 * who asked, when, or how often it was tried.
 */
export function recipeOf(generation: Generation, { name, version, sha256 }: MadeBy) {
  const { sliceCount, steps, sampler, eta, seed, noise, box, features, featureOverrides, origin } = generation;
  const last = origin?.attempts.at(-1);
  return {
    synthetic: true,
    bundle: { name, version, sha256 },
    code: last?.code ?? null,
    film: origin?.film ?? null,
    box,
    kneeDetector: origin?.kneeDetector ?? null,
    features,
    featureOverrides,
    sampler,
    steps,
    eta,
    seed,
    noise,
    sliceCount,
    device: last?.device ?? generation.device,
  };
}

/** The recipe of a generation, and how the run went: everything that is known of where its volume comes from. */
export function provenanceOf(generation: Generation, bundle: MadeBy) {
  const { id, origin, attempt, worker, createdAt, startedAt, finishedAt, durationMs, denoiserEvaluations } = generation;
  return {
    generation: id,
    ...recipeOf(generation, bundle),
    reference: origin?.reference ?? null,
    attempt,
    worker,
    createdAt,
    startedAt,
    finishedAt,
    durationMs,
    denoiserEvaluations,
    attempts: origin?.attempts ?? [],
  };
}

export type Provenance = ReturnType<typeof provenanceOf>;

/** The origin of a generation with an attempt that begins now. */
export function withAttempt(origin: GenerationOrigin | null, attempt: number, worker: string): GenerationOrigin {
  const begun: AttemptOrigin = { attempt, worker, code: codeVersion(), node: process.version };
  return { ...origin, attempts: [...(origin?.attempts ?? []), begun] };
}

/** The origin of a generation whose newest attempt has computed its slices. */
export function withSummary(origin: GenerationOrigin, summary: VolumeSummary): GenerationOrigin {
  const { device, computedSlices, durationMs, timings } = summary;
  const begun = origin.attempts.at(-1)!;
  const { round } = Math;
  const { encoder, denoiser, decoder } = timings;
  const measured = {
    encoder: round(encoder),
    denoiser: round(denoiser),
    decoder: round(decoder),
    total: round(durationMs),
  };
  return {
    ...origin,
    attempts: [...origin.attempts.slice(0, -1), { ...begun, device, computedSlices, timings: measured }],
  };
}
