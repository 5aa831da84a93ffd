import { parse } from 'node:path';
import { VISIT_CODES, type VisitCode } from '../../domain/visits.js';
import { clinicalReader } from './clinical.js';
import type { Columns } from './columns.js';
import { enrolleeReader } from './enrollees.js';
import { filmReader, seriesReader } from './images.js';
import { assessmentReader } from './assessments.js';
import { isTableForm } from './open-table.js';
import { outcomeReader } from './outcomes.js';
import { readingReader } from './readings.js';

/**
 * Kinds of tables that are imported, in the order in which they are: what others refer to first. What makes exams comes before the clinical
 * tables, because a code of why there is no value makes none: that of a knee that was examined later in the import would be lost.
 */
export const TABLE_KINDS = ['enrollees', 'films', 'series', 'readings', 'clinical', 'assessments', 'outcomes'] as const;
export type TableKind = (typeof TABLE_KINDS)[number];

/** How rows of each kind are read. */
export const ROW_READERS = {
  enrollees: (columns: Columns) => enrolleeReader(columns),
  clinical: clinicalReader,
  readings: readingReader,
  films: filmReader,
  series: seriesReader,
  outcomes: (columns: Columns) => outcomeReader(columns),
  assessments: assessmentReader,
} as const satisfies Record<TableKind, (columns: Columns, visit: VisitCode | null) => unknown>;

/** What a file's name says of it. */
export type TableName =
  { readonly kind: TableKind; readonly visit: VisitCode | null } | { readonly refusal: string } | null;

/** Names without extension; a group holds the visit's number. NDA's tables have a VISIT column instead. */
const NAMES: readonly (readonly [RegExp, TableKind])[] = [
  [/^enrollees$|^oai_enrollee01$/, 'enrollees'],
  [
    /^(?:allclinical|subjectchar|physexam|jointsx|medhist|medications?|nutrition)(\d\d)$|^oai_koos_womac01$/,
    'clinical',
  ],
  [/^kxr_sq_bu_?(\d\d)$|^oai_kxrsemiquant01$/, 'readings'],
  [/^xray(\d\d)$|^oai_xrmeta01$/, 'films'],
  [/^mri(\d\d)$|^oai_mrimeta01$/, 'series'],
  [/^outcomes99$/, 'outcomes'],
  // Readings and measurements of images by region: kXR_QJSW_Duryea00, kMRI_SQ_MOAKS_BICL00, kMRI_QCart_Eckstein00, hxr_sq_summary00.
  [/^(?:k|h|fl|p|t|x)?(?:xr|mri)_\w+?(\d\d)$/, 'assessments'],
  // Of hands and pelves the summary of all visits is one file, hxr_sq_summary.
  [/^[hp]xr_\w+$/, 'assessments'],
];

/**
 * Tells a table by its file name, in any letter case: `kXR_SQ_BU00.txt`, `ALLCLINICAL06.TXT`, `enrollees.sas7bdat`,
 * `oai_kxrsemiquant01.txt`.
 * Null for files that are none of the tables imported.
 */
export function identifyTable(fileName: string): TableName {
  const stem = parse(fileName.toLowerCase()).name;
  if (!isTableForm(fileName)) return null;
  for (const [pattern, kind] of NAMES) {
    const match = pattern.exec(stem);
    if (!match) continue;
    if (match[1] === undefined) return { kind, visit: null };
    const visit = VISIT_CODES.find((code) => code === `V${match[1]}`);
    return visit
      ? { kind, visit }
      : { refusal: `${fileName} is named after a visit ${match[1]}, which OAI does not have.` };
  }
  return null;
}
