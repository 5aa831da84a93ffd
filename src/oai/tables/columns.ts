import { refuseFile } from '../../imaging/refuse.js';

/** Where the columns of a table are, by upper-case name. */
export class Columns {
  readonly #indexes = new Map<string, number>();
  readonly #asked = new Set<string>();
  readonly #repeated = new Set<string>();

  /**
   * @param file what messages call the table
   * @param labels what the columns are called in words, in the order of their names; null where the file does not say
   */
  constructor(
    readonly file: string,
    names: readonly string[],
    private readonly labels: readonly (string | null)[] = [],
  ) {
    for (const [index, name] of names.entries()) {
      const key = name.trim().toUpperCase();
      if (!this.#indexes.has(key)) this.#indexes.set(key, index);
      else if (key !== '') this.#repeated.add(key);
    }
  }

  /** Names that several columns have, of which the first one is read. */
  repeated(): string[] {
    return [...this.#repeated];
  }

  /** Columns that nobody has asked for by name, with what the file calls them. Blank names are of no column. */
  rest(): (Column & { label: string | null })[] {
    return [...this.#indexes]
      .filter(([name]) => name !== '' && !this.#asked.has(name))
      .map(([name, index]) => ({ name, index, label: this.labels[index]?.trim() || null }));
  }

  /** The first of these columns that the table has. */
  find(...names: readonly string[]): Column | null {
    for (const name of names) {
      const index = this.#indexes.get(name);
      if (index === undefined) continue;
      this.#asked.add(name);
      return { name, index };
    }
    return null;
  }

  /** All of these columns that the table has, in the order given. */
  all(...names: readonly string[]): Column[] {
    return names.flatMap((name) => this.find(name) ?? []);
  }

  /**
   * The first of these columns, without which no row can be told from another.
   * @throws UserError FILE_REFUSED naming the accepted columns
   */
  key(what: string, ...names: readonly string[]): Column {
    return (
      this.find(...names) ??
      refuseFile(this.file, `lacks its key column ${names[0]} (${what}); accepted names: ${names.join(', ')}`)
    );
  }
}

/** One column of one table. */
export interface Column {
  readonly name: string;
  readonly index: number;
}
