/** The only door to exports for other layers. */
export { COLUMN_GROUPS, EXPORT_COLUMNS } from './columns.js';
export { archiveChoice } from './archive/request.js';
export { sliceName } from './archive/volumes.js';
export { writeArchive } from './archive/write.js';
export {
  describeColumns,
  dictionary,
  type DictionaryEntry,
  type ExportManifest,
  type ExportSpec,
  type TableSpec,
} from './manifest.js';
export {
  cancelExport,
  cohortFilter,
  EXPORT_LISTING,
  type ExportRequest,
  EXPORTS,
  exportSpec,
  findExport,
  ownExports,
  requestExport,
} from './requests.js';
export type { ExportProgress } from './rows.js';
export { EXPORT, EXPORT_KEEP_MS, type ExportResources } from './kind.js';
export { writeTable } from './table.js';
export type { ExportHooks, ExportStream } from './stream.js';
export { holdExports, withdrawArchives, withdrawExports } from './withdraw.js';
export { writeExport } from './write.js';
