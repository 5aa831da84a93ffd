import { stringify } from 'csv-stringify/sync';
import type { ExportColumn } from './columns.js';

/** Rows encoded at once: some milliseconds, after which others have their turn. */
const PIECE = 250;

/** RFC 4180, UTF-8, one line of names first. A missing value is empty; booleans are `true` and `false`; dates are ISO 8601. */
export async function* encodeCsv(
  batches: AsyncIterable<unknown[][]>,
  columns: readonly ExportColumn[],
): AsyncGenerator<Buffer> {
  yield csv([columns.map(({ name }) => name)]);
  for await (const rows of batches) yield* pieces(rows, csv);
}

/** One JSON object per line, every column in each. A missing value is null. */
export async function* encodeNdjson(
  batches: AsyncIterable<unknown[][]>,
  columns: readonly ExportColumn[],
): AsyncGenerator<Buffer> {
  const lines = (rows: unknown[][]) =>
    Buffer.from(
      rows
        .map((row) => `${JSON.stringify(Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])))}\n`)
        .join(''),
    );
  for await (const rows of batches) yield* pieces(rows, lines);
}

function csv(rows: unknown[][]): Buffer {
  return Buffer.from(stringify(rows, { cast: { boolean: (value) => (value ? 'true' : 'false') } }));
}

function* pieces(rows: unknown[][], encode: (rows: unknown[][]) => Buffer): Generator<Buffer> {
  for (let start = 0; start < rows.length; start += PIECE) yield encode(rows.slice(start, start + PIECE));
}
