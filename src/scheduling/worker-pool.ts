import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { Generation } from '../entities/index.js';
import type { BlobStore } from '../storage/index.js';
import {
  type Attempted,
  attemptWork,
  isAway,
  type Leases,
  type LogBody,
  type Timings,
  type WorkKind,
  type WorkRegistry,
} from '../work/index.js';
import { chooseGeneration, type Choice, waitingGeneration } from './choose.js';
import type { GenerationQueue } from './queue.js';
import type { Registration } from './registry.js';
import type { Slot, SlotResources } from './slot.js';
import { topUp } from './scheduler.js';

export interface CrewOptions<B extends LogBody> {
  work: WorkRegistry;
  kind: WorkKind<Generation, B, SlotResources>;
  dataSource: DataSource;
  store: BlobStore;
  queue: Pick<GenerationQueue, 'enqueue'>;
  registration: Registration;
  slots: readonly Slot[];
  /** The generations that run here: cancellations are delivered to them. */
  leases: Leases;
  timings?: Timings | undefined;
  logger: Logger;
}

/** The slots of a worker at work: gives each id that the queue hands out to a free one, which takes it or one that suits it. */
export class WorkerPool<B extends LogBody> {
  readonly #busy = new Set<Slot>();
  readonly #closed = new AbortController();

  constructor(private readonly options: CrewOptions<B>) {}

  /** Has one generation computed, if any waits. At most as many calls at a time as there are slots. */
  async work(handedOut: string): Promise<void> {
    const { dataSource, logger } = this.options;
    const passed = new Set<string>();
    const mayTake = (id: string) => !passed.has(id);
    try {
      const given = await waitingGeneration(dataSource, handedOut);
      const slot = this.#take(given?.bundleId);
      try {
        while (!this.#isStopping) {
          const chosen = await chooseGeneration(dataSource, given, slot, mayTake);
          if (!chosen) break;
          const attempted = await this.#run(slot, chosen);
          // The others would fare no better now.
          if (isAway(attempted)) await this.#rest(attempted.restMs);
          if (attempted !== 'PASSED_OVER') break;
          // Somebody else was faster, or it may not be started now.
          passed.add(chosen.id);
        }
        if (!this.#isStopping && (await slot.recycle()))
          logger.info({ slot: slot.report() }, 'a fresh inference process');
      } finally {
        this.#busy.delete(slot);
        await this.#feed();
      }
    } catch (err) {
      logger.error({ err, handedOut }, 'a generation could not be settled; it will be found again');
    }
  }

  /** Takes nothing new. */
  close(): void {
    this.#closed.abort();
  }

  get #isStopping(): boolean {
    return this.#closed.signal.aborted;
  }

  async #rest(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#closed.signal }).catch(() => undefined);
  }

  /** A free slot: one that holds the model, else one that holds none, on the device with the least to do. */
  #take(bundleId: number | undefined): Slot {
    const busyOn = (device: string) => [...this.#busy].filter((slot) => slot.device === device).length;
    const rank = ({ bundle }: Slot) => (bundle?.id === bundleId ? 0 : bundle === undefined ? 1 : 2);
    const free = this.options.slots.filter((slot) => !this.#busy.has(slot));
    const [best] = free.sort((a, b) => rank(a) - rank(b) || busyOn(a.device) - busyOn(b.device));
    if (!best) throw new Error('More generations were handed out than there are slots.');
    this.#busy.add(best);
    return best;
  }

  async #run(slot: Slot, { id, bundleId, skips }: Choice & { skips?: boolean }): Promise<Attempted> {
    const { work, kind, dataSource, store, registration, leases, timings, logger } = this.options;
    let fed: Promise<void> | undefined;
    const onClaim = () => {
      if (skips) slot.skipped++;
      else if (slot.bundle?.id !== bundleId) slot.skipped = 0;
      slot.generationId = id;
      // One more is running: the next one may be taken by whoever is idle.
      fed = this.#feed();
      registration.report();
    };
    try {
      const resources = { store, slot, worker: registration.name };
      const shared = { registry: work, kind, dataSource, resources, leases, logger, onClaim };
      return await attemptWork({ ...shared, ...(timings ? { timings } : {}) }, id);
    } finally {
      slot.generationId = undefined;
      slot.fraction = undefined;
      registration.report();
      await fed;
    }
  }

  /** Sees to it that what should run next is in the queue. */
  async #feed(): Promise<void> {
    const { dataSource, queue, logger } = this.options;
    await topUp(dataSource, queue).catch((err: unknown) => logger.warn({ err }, 'the queue could not be topped up'));
  }
}
