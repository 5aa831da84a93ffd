import { basename } from 'node:path';
import type { EntityManager } from 'typeorm';
import { ImportSource } from '../../entities/index.js';
import { Changes } from './changes.js';
import type { Standing } from './precedence.js';

/**
 * The files and versions that stored values come from. They are read anew for each table: what a rolled-back transaction added is not
 * there.
 */
export class Sources {
  /** The table that is imported, e.g. "kxr_sq_bu00". */
  readonly table: string;
  /** What the table changes. */
  readonly changes = new Changes();
  readonly #standings = new Map<number, Standing & { importId: number | null }>();
  /** How many values of each source the table spoke of. */
  readonly #met: number[] = [];
  readonly #own = new Map<string, number>();

  private constructor(
    private readonly manager: EntityManager,
    /** The import that reads the table. */
    readonly run: number,
    private readonly file: { file: string; sha256: string },
  ) {
    this.table = tableName(file.file);
  }

  static async open(manager: EntityManager, run: number, file: { file: string; sha256: string }): Promise<Sources> {
    const sources = new Sources(manager, run, file);
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
        await this.manager.save(
          this.manager.create(ImportSource, { ...this.file, importId: this.run, name: this.table, version }),
        ),
      );
    }
  }

  /** The imported file at a version that was announced. */
  own(version: string | null): number {
    return this.#own.get(version ?? '')!;
  }

  /** The imported file, at all of its versions. */
  owned(): number[] {
    return [...this.#own.values()];
  }

  /** Other files of the same table. */
  others(): number[] {
    const own = new Set(this.#own.values());
    return [...this.#standings].filter(([id, { table }]) => table === this.table && !own.has(id)).map(([id]) => id);
  }

  /** Notes that the table speaks of a value that a source has brought. */
  met(source: number): void {
    this.#met[source] = (this.#met[source] ?? 0) + 1;
  }

  /** Notes, for good, on which earlier imports' values the import rests: those that it repeats, replaces or gives way to. */
  async noteBases(): Promise<void> {
    const bases = new Map<number, number>();
    for (const [source, { importId }] of this.#standings) {
      const cells = this.#met[source] ?? 0;
      if (cells > 0 && importId !== null && importId !== this.run)
        bases.set(importId, (bases.get(importId) ?? 0) + cells);
    }
    if (bases.size === 0) return;
    await this.manager.query(
      `INSERT INTO import_basis (import_id, on_id, cells) SELECT $1, * FROM unnest($2::integer[], $3::integer[])
       ON CONFLICT (import_id, on_id) DO UPDATE SET cells = import_basis.cells + excluded.cells`,
      [this.run, [...bases.keys()], [...bases.values()]],
    );
  }

  #add({ id, importId, file, sha256, name, version }: ImportSource): void {
    this.#standings.set(id, { version: version === '' ? null : version, table: name, importId });
    if (importId === this.run && file === this.file.file && sha256 === this.file.sha256) this.#own.set(version, id);
  }
}

/** A table's name whatever form it comes in: "kxr_sq_bu00" of kXR_SQ_BU00.txt and of kxr_sq_bu00.csv. */
function tableName(file: string): string {
  return basename(file)
    .toLowerCase()
    .replace(/\.[^.]+$/, '');
}
