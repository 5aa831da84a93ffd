import type { VisitCode } from '../../domain/visits.js';
import type { Columns } from './columns.js';
import { participantReader, readStatements, type RowReader, versionReader, visitReader } from './reader.js';
import type { ClinicalRecord } from './records.js';
import { variableFields } from './variables.js';

/** AllClinicalXX and SubjectCharXX: one row per participant; and NDA's questionnaires, one per participant and visit. */
export function clinicalReader(columns: Columns, visit: VisitCode | null): RowReader<ClinicalRecord> {
  const participant = participantReader(columns);
  const visitOf = visitReader(columns, visit);
  const version = versionReader(columns);
  const fields = variableFields(columns, 'visit', visit);
  const right = variableFields(columns, 'knee_exam', visit, 'RIGHT');
  const left = variableFields(columns, 'knee_exam', visit, 'LEFT');
  return {
    key: (record) => `${record.oaiId} ${record.visit}`,
    read: (cells, refuseCell) => ({
      oaiId: participant(cells),
      visit: visitOf(cells),
      version: version(cells),
      said: readStatements(cells, fields, refuseCell),
      knees: {
        RIGHT: readStatements(cells, right, refuseCell),
        LEFT: readStatements(cells, left, refuseCell),
      },
    }),
  };
}
