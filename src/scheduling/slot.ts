import { join } from 'node:path';
import { UserError } from '../domain/errors.js';
import type { WorkerSlot } from '../domain/workers.js';
import type { Bundle } from '../entities/index.js';
import type { DeviceChoice, InferenceHost } from '../inference/index.js';
import type { BlobStore } from '../storage/index.js';

/** What a kind of work that runs on a slot is given. */
export interface SlotResources {
  store: BlobStore;
  /** Where it is computed. */
  slot: Slot;
  /** Name of the worker, for the row. */
  worker: string;
}

/** A place of a worker where one generation at a time is computed: a device, the inference process on it, and the model there. */
export class Slot {
  /** The generation that it computes. */
  generationId: string | undefined;
  /** Share of it that is done, 0 to 1. */
  fraction: number | undefined;
  /** Generations of other models that were skipped in a row to keep the model that is loaded. */
  skipped = 0;
  #bundle: Bundle | undefined;
  #provider: string | undefined;

  /** @param modelsDir where this machine keeps the bundles, as `<name>/<version>`; absent: where they were registered */
  constructor(
    readonly device: DeviceChoice,
    readonly host: InferenceHost,
    private readonly modelsDir: string | undefined,
  ) {}

  /** The model whose graphs are loaded, or were loaded last. */
  get bundle(): Bundle | undefined {
    return this.#bundle;
  }

  /** Folder of a bundle on this machine. */
  folderOf({ name, version, directory }: Pick<Bundle, 'name' | 'version' | 'directory'>): string {
    return this.modelsDir === undefined ? directory : join(this.modelsDir, name, version);
  }

  /**
   * Loads a bundle, unless it is there, and checks that it is the model that was registered.
   *
   * @param warm runs it once, too
   * @returns its folder
   * @throws UserError BUNDLE_REFUSED, UNAVAILABLE
   */
  async load(bundle: Bundle, { warm = false } = {}): Promise<string> {
    const { name, version, sha256 } = bundle;
    const folder = this.folderOf(bundle);
    const loaded = await (warm ? this.host.warm(folder) : this.host.describe(folder));
    if (loaded.sha256 !== sha256) {
      throw new UserError(
        'BUNDLE_REFUSED',
        `The bundle in ${folder} is not the ${name} ${version} that was registered: its files have changed; give it a new version.`,
      );
    }
    this.#bundle = bundle;
    this.#provider = loaded.device;
    return folder;
  }

  /** Between two generations: replaces the inference process if it is due, and gives the new one the model of the old. */
  async recycle(): Promise<boolean> {
    const replaced = await this.host.recycle();
    if (replaced && this.#bundle) await this.load(this.#bundle);
    return replaced;
  }

  /** As the registry shows it. */
  report(): WorkerSlot {
    const { generations, memory } = this.host.use;
    return {
      device: this.device,
      provider: this.#provider ?? null,
      bundle: this.#bundle ? `${this.#bundle.name}@${this.#bundle.version}` : null,
      generationId: this.generationId ?? null,
      fraction: this.fraction ?? null,
      pid: this.host.pid ?? null,
      generations,
      memory,
    };
  }
}
