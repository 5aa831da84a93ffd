import type { LoggedKind } from './states.js';

/** The kinds of work that a platform does. Only what is in it can be run. */
export class WorkRegistry {
  readonly #kinds: ReadonlySet<LoggedKind>;

  constructor(kinds: readonly LoggedKind[]) {
    this.#kinds = new Set(kinds);
    const tables = new Set(kinds.map(({ table }) => table));
    if (tables.size !== kinds.length) throw new Error('Two kinds of work share a table.');
  }

  get kinds(): LoggedKind[] {
    return [...this.#kinds];
  }

  /** @throws Error for a kind that was not registered */
  require(kind: LoggedKind): void {
    if (!this.#kinds.has(kind)) throw new Error(`Nobody has registered the kind of work "${kind.name}".`);
  }
}
