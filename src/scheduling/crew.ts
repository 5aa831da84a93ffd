import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { BlobStore } from '../storage/index.js';
import { chooseGeneration, type Choice, waitingGeneration } from './choose.js';
import { type Lease, WorkerStopping } from '../services/generations/index.js';
import type { GenerationQueue } from './queue.js';
import type { Registration } from './registry.js';
import { runGeneration } from '../services/generations/index.js';
import type { Slot } from './slot.js';
import { topUp } from './turns.js';

export interface CrewOptions {
  dataSource: DataSource;
  store: BlobStore;
  queue: Pick<GenerationQueue, 'enqueue'>;
  registration: Registration;
  slots: readonly Slot[];
  /** The generations that run here, by id: cancellations are delivered to them. */
  leases: Map<string, Lease>;
  logger: Logger;
}

/** The slots of a worker at work: gives each id that the queue hands out to a free one, which takes it or one that suits it. */
export class Crew {
  readonly #busy = new Set<Slot>();
  #stopping = false;

  constructor(private readonly options: CrewOptions) {}

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
          if (!chosen || (await this.#run(slot, chosen))) break;
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

  /** Makes all that run hand back what they compute; what is handed out from now on is left. */
  stop(): void {
    this.#stopping = true;
    for (const lease of this.options.leases.values()) lease.end(new WorkerStopping());
  }

  /** Whether nothing new is to be started. */
  get #isStopping(): boolean {
    return this.#stopping || this.options.registration.state === 'DRAINING';
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

  /** @returns whether the generation was claimed */
  async #run(slot: Slot, { id, bundleId, putsOff }: Choice & { putsOff?: boolean }): Promise<boolean> {
    const { dataSource, store, registration, leases, logger } = this.options;
    let fed: Promise<void> | undefined;
    const onLease = (lease: Lease) => {
      if (putsOff) slot.putOff++;
      else if (slot.bundle?.id !== bundleId) slot.putOff = 0;
      slot.generationId = id;
      leases.set(id, lease);
      // One more is running: the next one may be taken by whoever is idle.
      fed = this.#feed();
      registration.report();
      if (this.#stopping) lease.end(new WorkerStopping());
    };
    try {
      return await runGeneration(
        { dataSource, store, slot, worker: registration.name, logger, onLease, stopping: () => this.#isStopping },
        id,
      );
    } finally {
      leases.delete(id);
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
