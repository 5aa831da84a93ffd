import type { RestorationProgress } from '../../../../inference/index.js';
import type { GenerationLease } from '../task.js';

/** Writes an event for each tile that the network has finished, one after the other. */
export class TileAnnouncer {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param steps how often the network goes over the film
   * @param onFraction told how much of all that is done, 0 to 1
   */
  constructor(
    private readonly lease: GenerationLease,
    private readonly steps: number,
    private readonly onFraction: (fraction: number) => void,
  ) {}

  /** @param progress tiles done, over all steps */
  onProgress({ done, total: all }: RestorationProgress): void {
    const { lease, steps } = this;
    const total = all / steps;
    const fraction = done / all;
    const payload = { index: (done - 1) % total, total, step: Math.ceil(done / total), steps, fraction };
    this.onFraction(fraction);
    this.#last = this.#last
      .then(() => lease.write({ events: [{ type: 'TILE_COMPLETED', payload }] }))
      .catch((error: Error) => lease.end(error));
  }

  /** When every event is written. */
  async written(): Promise<void> {
    await this.#last;
  }
}
