import type { DataSource } from 'typeorm';
import { describeTable } from './manifest.js';
import type { TableDescription, TableSpec } from './manifest.js';
import { encodeParquet } from './parquet.js';
import { readRows } from './rows.js';
import type { ExportProgress } from './rows.js';
import { encodeCsv, encodeNdjson } from './text.js';
import type { ExportHooks, TableStream } from './stream.js';

/** Writes a table of knee exams as a stream that holds one batch at a time. */
export function writeTable(
  dataSource: DataSource,
  spec: TableSpec,
  { signal, onProgress }: ExportHooks = {},
): TableStream {
  let last: ExportProgress = { done: 0, total: 0, rows: 0, phantoms: 0 };
  let described: TableDescription | undefined;
  const description = () => (described ??= describeTable(spec, last));
  const manifestFile = () => undefined;
  const source = readRows(dataSource, {
    where: spec.selection,
    columns: spec.columns,
    shape: spec.shape,
    signal,
    onProgress: (progress) => {
      last = progress;
      onProgress?.(progress);
    },
  });
  let first: ReturnType<typeof source.next> | undefined;
  const begin = async () => void (await (first ??= source.next()));
  const leave = async () => void (await source.return(undefined));
  async function* inTurn() {
    try {
      for (let next = await (first ??= source.next()); !next.done; next = await source.next()) yield next.value;
    } finally {
      await leave();
    }
  }
  const batches = inTurn();
  const rest = { description, manifestFile, begin, leave };
  switch (spec.format) {
    case 'CSV':
      return { pieces: encodeCsv(batches, spec.columns), ...rest };
    case 'NDJSON':
      return { pieces: encodeNdjson(batches, spec.columns), ...rest };
    case 'PARQUET': {
      const metadata = () => ({ osteograph: JSON.stringify(description()) });
      return { pieces: encodeParquet(batches, spec.columns, metadata), ...rest };
    }
  }
}
