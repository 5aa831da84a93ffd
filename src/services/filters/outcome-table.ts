import { nominalDay, REPLACEMENT_CONFIRMATIONS, REPLACEMENT_TYPES, JOINTS } from '../../domain/outcomes.js';
import { SIDES } from '../../domain/participants.js';
import { VISIT_CODES, VISITS } from '../../domain/visits.js';
import { dayOfReplacement, isReplaced } from '../timeline/index.js';
import { column, type MaybeField, type Table } from './table.js';

const VISIT = { kind: 'choice', of: VISIT_CODES } as const;

/** What became of knees and hips. */
export const JOINT_OUTCOMES: Table = {
  name: 'joint_outcome',
  joins: {},
  fields: {
    joint: column({ kind: 'choice', of: JOINTS }, 'joint'),
    side: column({ kind: 'choice', of: Object.values(SIDES) }, 'side'),
    replaced: { kind: 'flag', sql: isReplaced },
    replacedBefore: column('boolean', 'replaced_before'),
    date: column('date', 'date'),
    dateDocumented: column('boolean', 'date_documented'),
    days: column('integer', 'days'),
    confirmation: column({ kind: 'choice', of: Object.values(REPLACEMENT_CONFIRMATIONS) }, 'confirmation'),
    type: column({ kind: 'choice', of: Object.values(REPLACEMENT_TYPES) }, 'type'),
    visitBefore: column(VISIT, 'visit_before'),
    visitAfter: column(VISIT, 'visit_after'),
  },
};

const EVER = 'EVER';

/** The outcome of an exam's knee. `replacedBy` names a visit by whose nominal day the knee had been replaced. */
export const KNEE_OUTCOME: MaybeField = {
  kind: 'maybe',
  table: () => JOINT_OUTCOMES,
  on: (exam, outcome) =>
    `${outcome}.participant_id = ${exam}.participant_id AND ${outcome}.joint = 'KNEE' AND ${outcome}.side = ${exam}.side`,
  choice: {
    by: 'replacedBy',
    default: EVER,
    choices: {
      ...Object.fromEntries(
        VISITS.map(({ code, month }) => [
          code,
          (_: string, outcome: string) =>
            `${isReplaced(outcome)} AND ${dayOfReplacement(outcome)} <= ${nominalDay(month)}`,
        ]),
      ),
      [EVER]: () => 'TRUE',
    },
  },
};
