import type { Columns } from './columns.js';
import { participantReader, readStatements, type RowReader, versionReader } from './reader.js';
import type { EnrolleeRecord } from './records.js';
import { variableFields } from './variables.js';

/** Who takes part: one row per participant. */
export function enrolleeReader(columns: Columns): RowReader<EnrolleeRecord> {
  const participant = participantReader(columns);
  const version = versionReader(columns);
  // The table is of the baseline visit, and of the screening before it.
  const fields = variableFields(columns, 'participant', 'V00');
  return {
    key: ({ oaiId }) => oaiId,
    read: (cells, refuseCell) => ({
      oaiId: participant(cells),
      version: version(cells),
      said: readStatements(cells, fields, refuseCell),
    }),
  };
}
