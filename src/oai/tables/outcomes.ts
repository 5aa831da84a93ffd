import { JOINT_FIELDS, JOINTS } from '../../domain/outcomes.js';
import { SIDES } from '../../domain/participants.js';
import type { Columns } from './columns.js';
import { fieldOf, participantReader, readStatements, type RowReader, versionReader } from './reader.js';
import type { OutcomeRecord } from './records.js';
import { parserOf, variableFields } from './variables.js';

/** Outcomes99: what became of each participant and of their knees and hips; one row per participant. */
export function outcomeReader(columns: Columns): RowReader<OutcomeRecord> {
  const participant = participantReader(columns);
  const version = versionReader(columns);
  const fields = variableFields(columns, 'participant', null);
  const joints = JOINTS.flatMap((joint) =>
    Object.values(SIDES).map((side) => ({
      joint,
      side,
      fields: JOINT_FIELDS.flatMap(({ code, ending, domain }) =>
        fieldOf(code, columns.all(`V99E${side[0]}${joint[0]}${ending}`), parserOf(domain)),
      ),
    })),
  );
  return {
    key: ({ oaiId }) => oaiId,
    read: (cells, refuseCell) => ({
      oaiId: participant(cells),
      version: version(cells),
      said: readStatements(cells, fields, refuseCell),
      joints: joints.map(({ joint, side, fields: own }) => ({
        joint,
        side,
        said: readStatements(cells, own, refuseCell),
      })),
    }),
  };
}
