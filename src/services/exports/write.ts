import type { DataSource } from 'typeorm';
import type { BlobStore } from '../../storage/index.js';
import { writeArchive } from './archive/write.js';
import type { ExportSpec } from './manifest.js';
import type { ExportHooks, ExportStream } from './stream.js';
import { writeTable } from './table.js';

/** Writes an export as a stream that holds one batch of exams, or one volume, at a time. */
export function writeExport(
  sources: { dataSource: DataSource; store: BlobStore },
  spec: ExportSpec,
  hooks: ExportHooks = {},
): ExportStream {
  return 'archive' in spec ? writeArchive(sources, spec, hooks) : writeTable(sources.dataSource, spec, hooks);
}
