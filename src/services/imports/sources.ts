import { basename } from 'node:path';
import type { EntityManager } from 'typeorm';
import { ImportSource } from '../../entities/index.js';
import type { Standing } from './precedence.js';

/**
 * The files and versions that stored values come from. They are read anew for each table: what a rolled-back transaction added is not
 * there.
 */
export class Sources {
  /** The table that is imported, e.g. "kxr_sq_bu00". */
  readonly table: string;
  readonly #standings = new Map<number, Standing>();
  readonly #own = new Map<string, number>();

  private constructor(
    private readonly manager: EntityManager,
    private readonly file: { file: string; sha256: string },
  ) {
    this.table = tableName(file.file);
  }

  static async open(manager: EntityManager, file: { file: string; sha256: string }): Promise<Sources> {
    const sources = new Sources(manager, file);
    for (const row of await manager.find(ImportSource)) sources.#add(row);
    return sources;
  }

  /** What a stored source says of itself. */
  standing(source: number): Standing {
    return this.#standings.get(source) ?? { version: null, table: null };
  }

  /** Adds the imported file at these versions, where they are new. */
  async announce(versions: readonly (string | null)[]): Promise<void> {
    for (const version of new Set(versions.map((one) => one ?? ''))) {
      if (this.#own.has(version)) continue;
      this.#add(
        await this.manager.save(this.manager.create(ImportSource, { ...this.file, name: this.table, version })),
      );
    }
  }

  /** The imported file at a version that was announced. */
  own(version: string | null): number {
    return this.#own.get(version ?? '')!;
  }

  /** Other files of the same table. */
  others(): number[] {
    const own = new Set(this.#own.values());
    return [...this.#standings].filter(([id, { table }]) => table === this.table && !own.has(id)).map(([id]) => id);
  }

  #add({ id, file, sha256, name, version }: ImportSource): void {
    this.#standings.set(id, { version: version === '' ? null : version, table: name });
    if (file === this.file.file && sha256 === this.file.sha256) this.#own.set(version, id);
  }
}

/** A table's name whatever form it comes in: "kxr_sq_bu00" of kXR_SQ_BU00.txt and of kxr_sq_bu00.csv. */
function tableName(file: string): string {
  return basename(file)
    .toLowerCase()
    .replace(/\.[^.]+$/, '');
}
