import { encodeId } from './global-ids.js';
import type { KneeNumber } from './knee-numbers.js';
import type { PairRequest } from './knee-pairs.js';
import type { SplitPlan } from './splits.js';
import type { EventRequest } from './survival.js';
import type { VisitCode } from './visits.js';

/** Tables of knee exams, one row per exam, or of participants. */
export const TABLE_FORMATS = ['CSV', 'NDJSON', 'PARQUET'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

/** Archives of MRI volumes. */
export const VOLUME_FORMATS = ['NIFTI_ZIP', 'DICOM_ZIP'] as const;
export type VolumeFormat = (typeof VOLUME_FORMATS)[number];

/** Archives: of MRI volumes, or of whatever generations made, each file as it is kept. */
export const ARCHIVE_FORMATS = [...VOLUME_FORMATS, 'FILES_ZIP'] as const;
export type ArchiveFormat = (typeof ARCHIVE_FORMATS)[number];

/** How an export is written. */
export const EXPORT_FORMATS = [...TABLE_FORMATS, ...ARCHIVE_FORMATS] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export function isArchive(format: ExportFormat): format is ArchiveFormat {
  return ARCHIVE_FORMATS.some((archive) => archive === format);
}

/** What a browser or a blob store is told the file is, and how its name ends. */
export const EXPORT_FILES: Readonly<Record<ExportFormat, { mediaType: string; extension: string }>> = {
  CSV: { mediaType: 'text/csv', extension: 'csv' },
  NDJSON: { mediaType: 'application/x-ndjson', extension: 'ndjson' },
  PARQUET: { mediaType: 'application/vnd.apache.parquet', extension: 'parquet' },
  NIFTI_ZIP: { mediaType: 'application/zip', extension: 'zip' },
  DICOM_ZIP: { mediaType: 'application/zip', extension: 'zip' },
  FILES_ZIP: { mediaType: 'application/zip', extension: 'zip' },
};

/** Life of an export job. A file is offered in SUCCEEDED only. */
export const EXPORT_STATES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'] as const;
export type ExportState = (typeof EXPORT_STATES)[number];

/** What an archive holds: stored series, or what generations made. */
export interface ArchiveChoice {
  /** Conditions on the series; without one on `synthetic`, those that no bundle generated. */
  series?: object | null;
  /** Only what these generations made, by their keys. */
  generations?: readonly string[];
  /** Only what this batch made, by its key. */
  batch?: string;
  /** With the volumes of generations or a batch: the series of the same exams that no bundle generated. */
  withReal?: boolean;
}

/** A choice as the API speaks of it: ids as the API gives them. */
export function choiceInApi({ generations, batch, ...rest }: ArchiveChoice): object {
  return {
    ...rest,
    ...(generations ? { generationIds: generations.map((id) => encodeId('Generation', id)) } : {}),
    ...(batch ? { batchId: encodeId('Batch', batch) } : {}),
  };
}

/** What rows of a table are: knee exams, or participants, examined or not. */
export const EXPORT_UNITS = ['KNEE_EXAM', 'PARTICIPANT'] as const;
export type ExportUnit = (typeof EXPORT_UNITS)[number];

/** What a table has beside the exams' own columns. */
export interface TableShape {
  /** What its rows are, where they are no knee exams; it has nothing else then. */
  unit?: 'PARTICIPANT' | undefined;
  /** Columns that tell the time from a visit to an event, of the knee of each row. */
  event?: EventRequest | null | undefined;
  /** One row per knee: its exam at `origin`, with columns of later visits beside it. */
  asOf?: { origin: VisitCode; visits: readonly VisitCode[] } | null | undefined;
  /** Changes and slopes of the knee of each row, which get a column each. */
  numbers?: readonly KneeNumber[] | null | undefined;
  /** Its rows are the exams of these pairs, made among those that its filter selects; `written` has the filters in the API's words. */
  pairs?: (PairRequest & { written: { cases: object; controls: object } }) | null | undefined;
  /** A column that says which part of a split the participant of each row is in. */
  split?: SplitPlan | null | undefined;
}
