import type { Side } from '../../../domain/participants.js';
import { visitMonth, type VisitCode } from '../../../domain/visits.js';
import type { ClinicalRecord, EnrolleeRecord, OutcomeRecord } from '../../../oai/index.js';
import { FIELDS } from '../cells.js';
import { mergeRows } from '../merge.js';
import { type BatchOutcome, countedOnce, type Destination, hasValue, type Note, type Sourced } from './batches.js';

/** Participants as they were enrolled. */
export async function writeEnrollees(
  { manager, registry, sources }: Destination,
  sourced: readonly Sourced<EnrolleeRecord>[],
): Promise<BatchOutcome> {
  const ids = sourced.map(({ record }) => record.oaiId);
  const { outcomes } = await mergeRows(manager, sources, {
    table: 'participant',
    key: { oai_id: ['text', ids] },
    insert: { phantom: ['boolean', ids.map(() => registry.phantoms)] },
    fields: FIELDS.participant,
    rows: sourced.map(({ line, record: { version, said } }) => ({ line, version, said })),
  });
  return { outcomes, refused: [] };
}

/** Visits and exams come to be only where a row says something of them: who missed a visit has a row of missing codes. */
export async function writeClinical(
  to: Destination,
  sourced: readonly Sourced<ClinicalRecord>[],
): Promise<BatchOutcome> {
  const { manager, registry } = to;
  const participants = await registry.participants(
    manager,
    sourced.map(({ record }) => record.oaiId),
  );
  const rows = sourced.map((row, index) => ({ ...row, participant: participants[index]! }));
  // A row of the table is a visit and two exams.
  const { note, outcomes } = countedOnce(rows);
  await writeVisits(to, rows, note);
  await writeScores(to, rows, note);
  return { outcomes: outcomes(), refused: [] };
}

/** Joints come to be only where a row says something of them. */
export async function writeOutcomes(
  to: Destination,
  sourced: readonly Sourced<OutcomeRecord>[],
): Promise<BatchOutcome> {
  const { manager, registry, sources } = to;
  const ids = sourced.map(({ record }) => record.oaiId);
  // A row of the table is a participant and four joints.
  const { note, outcomes } = countedOnce(sourced);
  const { outcomes: ofParticipants } = await mergeRows(manager, sources, {
    table: 'participant',
    key: { oai_id: ['text', ids] },
    insert: { phantom: ['boolean', ids.map(() => registry.phantoms)] },
    fields: FIELDS.participant,
    rows: sourced.map(({ line, record: { version, said } }) => ({ line, version, said })),
  });
  for (const [index, { line }] of sourced.entries()) note(line, ofParticipants[index]!);
  const participants = await registry.participants(manager, ids);
  const rows = sourced.flatMap(({ line, record: { version, joints } }, index) =>
    joints
      .filter(({ said }) => hasValue(said))
      .map(({ joint, side, said }) => ({ line, version, participant: participants[index]!, joint, side, said })),
  );
  const { outcomes: ofJoints } = await mergeRows(manager, sources, {
    table: 'joint_outcome',
    key: {
      participant_id: ['integer', rows.map(({ participant }) => participant)],
      joint: ['text', rows.map(({ joint }) => joint)],
      side: ['text', rows.map(({ side }) => side)],
    },
    fields: FIELDS.joint_outcome,
    rows,
  });
  for (const [index, { line }] of rows.entries()) note(line, ofJoints[index]!);
  return { outcomes: outcomes(), refused: [] };
}

interface ClinicalRow extends Sourced<ClinicalRecord> {
  participant: number;
}

async function writeVisits(
  { manager, registry, sources }: Destination,
  clinical: readonly ClinicalRow[],
  note: Note,
): Promise<void> {
  const rows = clinical.filter(
    ({ record: { visit, said, knees }, participant, keeps }) =>
      [said, knees.RIGHT, knees.LEFT].some(hasValue) ||
      keeps?.visit ||
      registry.visitOf(participant, visit) !== undefined,
  );
  const { outcomes, written } = await mergeRows<{ id: number; participantId: number; code: VisitCode }>(
    manager,
    sources,
    {
      table: 'visit',
      key: {
        participant_id: ['integer', rows.map(({ participant }) => participant)],
        code: ['text', rows.map(({ record }) => record.visit)],
      },
      insert: { month: ['smallint', rows.map(({ record }) => visitMonth(record.visit))] },
      fields: FIELDS.visit,
      rows: rows.map(({ line, record: { version, said } }) => ({ line, version, said })),
      returning: ['id', 'participant_id AS "participantId"', 'code'],
    },
  );
  for (const { id, participantId, code } of written) registry.addVisit(participantId, code, id);
  for (const [index, { line }] of rows.entries()) note(line, outcomes[index]!);
}

async function writeScores(
  { manager, registry, sources }: Destination,
  clinical: readonly ClinicalRow[],
  note: Note,
): Promise<void> {
  const rows = clinical.flatMap(({ line, record, participant, keeps }) => {
    const visit = registry.visitOf(participant, record.visit);
    if (visit === undefined) return [];
    return (['RIGHT', 'LEFT'] as const).flatMap((side) => {
      const said = record.knees[side];
      const known = registry.examOf(visit, side) !== undefined && Object.keys(said).length > 0;
      const spoken = hasValue(said) || keeps?.[side] || known;
      return spoken ? [{ line, version: record.version, visit, participant, side, said }] : [];
    });
  });
  const { outcomes, written } = await mergeRows<{ id: number; visitId: number; side: Side }>(manager, sources, {
    table: 'knee_exam',
    key: {
      visit_id: ['integer', rows.map(({ visit }) => visit)],
      side: ['text', rows.map(({ side }) => side)],
    },
    insert: { participant_id: ['integer', rows.map(({ participant }) => participant)] },
    fields: FIELDS.knee_exam,
    rows,
    returning: ['id', 'visit_id AS "visitId"', 'side'],
  });
  for (const { id, visitId, side } of written) registry.addExam(visitId, side, id);
  for (const [index, { line }] of rows.entries()) note(line, outcomes[index]!);
}
