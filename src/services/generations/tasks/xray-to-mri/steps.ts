import type { StepProgress } from '../../../../inference/index.js';
import type { StepProgressed } from '../../events.js';

/** Steps are announced at most this often, ms; the last one of each batch always. */
const STEP_INTERVAL_MS = 100;

/** Decides which denoiser steps are announced, and how far the whole volume is. */
export class StepAnnouncer {
  readonly #missing: readonly number[];
  #last = -Infinity;
  #writing = false;

  /**
   * @param sliceCount slices of the whole volume
   * @param finished slices that are there already
   * @param announce writes one event; steps that come while it is at work are passed over
   */
  constructor(
    private readonly sliceCount: number,
    finished: ReadonlySet<number>,
    private readonly announce: (event: StepProgressed) => Promise<void>,
  ) {
    this.#missing = Array.from({ length: sliceCount }, (_, index) => index).filter((index) => !finished.has(index));
  }

  onProgress(progress: StepProgress): void {
    const lastOfBatch = progress.step === progress.steps;
    const now = performance.now();
    if (!lastOfBatch && (this.#writing || now - this.#last < STEP_INTERVAL_MS)) return;
    this.#last = now;
    this.#writing = true;
    void this.announce({ ...progress, fraction: this.#fraction(progress) }).finally(() => (this.#writing = false));
  }

  /** Finished slices and those of batches before this one count whole, those of this batch by their steps. */
  #fraction({ firstSlice, lastSlice, step, steps }: StepProgress): number {
    const before = this.#missing.filter((index) => index < firstSlice).length;
    const inBatch = this.#missing.filter((index) => index >= firstSlice && index <= lastSlice).length;
    const finished = this.sliceCount - this.#missing.length;
    return (finished + before + (inBatch * step) / steps) / this.sliceCount;
  }
}
