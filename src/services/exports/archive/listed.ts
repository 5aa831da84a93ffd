import { createHash } from 'node:crypto';
import { stringify } from 'csv-stringify/sync';

/** A file of an archive as its manifest lists it. */
export interface ListedFile {
  path: string;
  bytes: number;
  sha256: string;
}

export function listedFile(path: string, bytes: Uint8Array): ListedFile {
  return { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Columns of a manifest.csv, which has a row for each file of an entry. */
export type Columns<T> = Readonly<Record<string, (entry: T, file: ListedFile) => unknown>>;

/** The line of names. */
export function csvHead<T>(columns: Columns<T>): string {
  return csv([Object.keys(columns)]);
}

/** The rows of one entry. */
export function csvRows<T extends { files: ListedFile[] }>(columns: Columns<T>, entry: T): string {
  return csv(entry.files.map((file) => Object.values(columns).map((read) => read(entry, file))));
}

function csv(rows: unknown[][]): string {
  return stringify(rows, { cast: { boolean: (value) => (value ? 'true' : 'false') } });
}
