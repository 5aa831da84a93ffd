import type { DataSource } from 'typeorm';
import type { BlobStore } from '../../storage/index.js';
import { writeArchive } from './archive/write.js';
import type { ExportDescription, ExportSpec } from './manifest.js';
import type { ExportProgress } from './rows.js';
import { writeTable } from './table.js';

/** An export under way. */
export interface ExportStream<T extends ExportDescription = ExportDescription> {
  /** The file; nothing is read from the database before somebody asks for the next piece. */
  pieces: AsyncIterable<Buffer>;
  /** What was written; complete once the last piece is out. */
  description(): T;
  /** Of an archive, once it is whole: its manifest.json. */
  manifestFile(): Buffer | undefined;
}

export interface ExportHooks {
  signal?: AbortSignal;
  onProgress?: (progress: ExportProgress) => void;
}

/** Writes an export as a stream that holds one batch of exams, or one volume, at a time. */
export function writeExport(
  sources: { dataSource: DataSource; store: BlobStore },
  spec: ExportSpec,
  hooks: ExportHooks = {},
): ExportStream {
  return 'archive' in spec ? writeArchive(sources, spec, hooks) : writeTable(sources.dataSource, spec, hooks);
}
