import type { VisitCode } from '../../domain/visits.js';
import type { Columns } from './columns.js';
import {
  cell,
  parseSide,
  participantReader,
  prefixed,
  type RowReader,
  textIn,
  versionReader,
  visitReader,
} from './reader.js';
import type { AssessmentRecord } from './records.js';

/** Whether a table tells of all visits at once, in columns named after them: neither its name nor a column of it says which visit a row is of. */
export function isOfAllVisits(columns: Columns, visit: VisitCode | null): boolean {
  return visit === null && columns.find('VISIT') === null;
}

/**
 * Readings and measurements of images that no column of ours takes: kXR_QJSW_Duryea, kMRI_SQ_MOAKS, kMRI_QCart and others. One row per
 * participant, knee and reading project, as far as the table tells them apart.
 */
export function assessmentReader(columns: Columns, visit: VisitCode | null): RowReader<AssessmentRecord> {
  const participant = participantReader(columns);
  const visitOf = isOfAllVisits(columns, visit) ? null : visitReader(columns, visit);
  const side = columns.find(...prefixed(visit, 'SIDE').reverse());
  const project = columns.find(...prefixed(visit, 'READPRJ').reverse());
  const version = versionReader(columns);
  return {
    key: ({ oaiId, visit: at, side: knee, project: reader }) => [oaiId, at, knee, reader].filter(Boolean).join(' '),
    read: (cells) => ({
      oaiId: participant(cells),
      ...(visitOf && { visit: visitOf(cells) }),
      version: version(cells),
      side: side && parseSide(cell(cells, side), side.name),
      project:
        textIn(cells, project)
          ?.replace(/:.*$|\.0+$/, '')
          .trim() ?? '',
    }),
  };
}
