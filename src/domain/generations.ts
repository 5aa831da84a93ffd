/** Life of a generation; the diagram is in docs/architecture.md. */
export const GENERATION_STATES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const;
export type GenerationState = (typeof GENERATION_STATES)[number];

/** No transition leaves a final state except an explicit retry, which queues the generation anew. */
export function isFinalState(state: GenerationState): boolean {
  return state === 'SUCCEEDED' || state === 'FAILED' || state === 'CANCELED';
}

/** Legal slice counts of one volume. 50 is the trained stack; more is the paper's interpolation experiment. */
export const SLICE_COUNT_RANGE = { min: 2, max: 500 } as const;

/** Legal strengths of guidance by grades: 1 is as trained, 0 leaves the grades out. */
export const GRADE_GUIDANCE_RANGE = { min: 0, max: 5 } as const;

/** Legal denoiser step counts; the upper end is the number of training steps. */
export const STEP_COUNT_RANGE = { min: 1, max: 2000 } as const;

/** Whether every depth of a volume starts from one initial latent (Algorithm 2) or each from its own. */
export const NOISE_MODES = ['SHARED', 'PER_SLICE'] as const;
export type NoiseMode = (typeof NOISE_MODES)[number];

/** Distance from the first to the last trained slice, mm: slices 13-62 of a series of 80 at 1.5 mm. */
export const STACK_LENGTH_MM = 73.5;

/** Depths of `count` slices, posterior (0) to anterior (1): d_i = i / (count - 1). */
export function sliceDepths(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index / (count - 1));
}
