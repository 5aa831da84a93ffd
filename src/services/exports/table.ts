import type { DataSource } from 'typeorm';
import { describeTable } from './manifest.js';
import type { TableDescription, TableSpec } from './manifest.js';
import { encodeParquet } from './parquet.js';
import { readRows } from './rows.js';
import type { ExportProgress } from './rows.js';
import { encodeCsv, encodeNdjson } from './text.js';
import type { ExportHooks, ExportStream } from './stream.js';

/** Writes a table of knee exams as a stream that holds one batch at a time. */
export function writeTable(
  dataSource: DataSource,
  spec: TableSpec,
  { signal, onProgress }: ExportHooks = {},
): ExportStream<TableDescription> {
  let last: ExportProgress = { done: 0, total: 0, rows: 0, phantoms: 0 };
  let described: TableDescription | undefined;
  const description = () => (described ??= describeTable(spec, last));
  const manifestFile = () => undefined;
  const batches = readRows(dataSource, {
    where: spec.selection,
    columns: spec.columns,
    shape: spec.shape,
    signal,
    onProgress: (progress) => {
      last = progress;
      onProgress?.(progress);
    },
  });
  switch (spec.format) {
    case 'CSV':
      return { pieces: encodeCsv(batches, spec.columns), description, manifestFile };
    case 'NDJSON':
      return { pieces: encodeNdjson(batches, spec.columns), description, manifestFile };
    case 'PARQUET': {
      const metadata = () => ({ osteograph: JSON.stringify(description()) });
      return { pieces: encodeParquet(batches, spec.columns, metadata), description, manifestFile };
    }
  }
}
