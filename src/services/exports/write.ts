import type { DataSource } from 'typeorm';
import { describeExport } from './manifest.js';
import type { ExportDescription, ExportSpec } from './manifest.js';
import { encodeParquet } from './parquet.js';
import { readRows } from './rows.js';
import type { ExportProgress } from './rows.js';
import { encodeCsv, encodeNdjson } from './text.js';

/** An export under way. */
export interface ExportStream {
  /** The file; nothing is read from the database before somebody asks for the next piece. */
  pieces: AsyncIterable<Buffer>;
  /** What was written; complete once the last piece is out. */
  description(): ExportDescription;
}

/** Writes an export as a stream that holds one batch at a time. */
export function writeExport(
  dataSource: DataSource,
  spec: ExportSpec,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (progress: ExportProgress) => void } = {},
): ExportStream {
  let last: ExportProgress = { done: 0, total: 0, rows: 0, phantoms: 0 };
  let described: ExportDescription | undefined;
  const description = () => (described ??= describeExport(spec, last));
  const batches = readRows(dataSource, {
    where: spec.selection,
    columns: spec.columns,
    signal,
    onProgress: (progress) => {
      last = progress;
      onProgress?.(progress);
    },
  });
  switch (spec.format) {
    case 'CSV':
      return { pieces: encodeCsv(batches, spec.columns), description };
    case 'NDJSON':
      return { pieces: encodeNdjson(batches, spec.columns), description };
    case 'PARQUET': {
      const metadata = () => ({ osteograph: JSON.stringify(description()) });
      return { pieces: encodeParquet(batches, spec.columns, metadata), description };
    }
  }
}
