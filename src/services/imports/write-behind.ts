/**
 * Writes batches one after the other, each while the next one is read: the database has half of the work of an import, and this process the
 * other half. Leaving its scope waits for what is being written, since nothing else may use the transaction before.
 */
export class WriteBehind<T> implements AsyncDisposable {
  #writing: Promise<T> | null = null;

  /** @param written told what became of each batch, in the order of the batches */
  constructor(private readonly written: (outcome: T) => void) {}

  /** Waits for the batch before, and begins to write this one. @throws what the writing of the batch before threw */
  async start(write: () => Promise<T>): Promise<void> {
    await this.end();
    this.#writing = write();
    // A failure is thrown where somebody waits for the batch.
    this.#writing.catch(() => undefined);
  }

  /** Waits for the last batch. @throws what its writing threw */
  async end(): Promise<void> {
    const writing = this.#writing;
    this.#writing = null;
    if (writing) this.written(await writing);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing?.catch(() => undefined);
  }
}
