import { closeSync, openSync, renameSync, writeSync } from 'node:fs';

/**
 * A table being written row by row. It carries the suffix `.partial` until it is closed, so that a table under its own name is
 * whole. Rows end in CRLF, as in OAI's downloads.
 */
export class TableFile {
  private readonly file: number;
  private readonly columns: number;
  private pending = '';

  constructor(
    private readonly path: string,
    header: readonly string[],
    private readonly separator: '|' | ',',
  ) {
    this.file = openSync(`${path}.partial`, 'w');
    this.columns = header.length;
    this.row(header);
  }

  row(cells: readonly (string | number)[]): void {
    if (cells.length !== this.columns)
      throw new Error(`${this.path}: a row has ${cells.length} cells, the header ${this.columns}.`);
    this.pending += `${cells.join(this.separator)}\r\n`;
    if (this.pending.length > FLUSH_AT) this.flush();
  }

  close(): void {
    this.flush();
    closeSync(this.file);
    renameSync(`${this.path}.partial`, this.path);
  }

  private flush(): void {
    writeSync(this.file, this.pending);
    this.pending = '';
  }
}

/** Characters kept in memory before they go to disk. */
const FLUSH_AT = 1 << 20;
