/** How an export is written. */
export const EXPORT_FORMATS = ['CSV', 'NDJSON', 'PARQUET'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What a browser or a blob store is told the file is, and how its name ends. */
export const EXPORT_FILES: Readonly<Record<ExportFormat, { mediaType: string; extension: string }>> = {
  CSV: { mediaType: 'text/csv', extension: 'csv' },
  NDJSON: { mediaType: 'application/x-ndjson', extension: 'ndjson' },
  PARQUET: { mediaType: 'application/vnd.apache.parquet', extension: 'parquet' },
};

/** Life of an export job. A file is offered in SUCCEEDED only. */
export const EXPORT_STATES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'] as const;
export type ExportState = (typeof EXPORT_STATES)[number];
