import { EVALUATION_STATES } from '../../domain/evaluations.js';
import { Evaluation, EvaluationScore } from '../../entities/index.js';
import { column, type Table } from '../filters/index.js';
import type { Listing } from '../paging/index.js';

export const EVALUATIONS: Table = {
  name: 'evaluation',
  joins: {},
  fields: {
    id: column({ kind: 'id', of: 'Evaluation' }, 'id'),
    name: column('text', 'name'),
    state: column({ kind: 'choice', of: EVALUATION_STATES }, 'state'),
    comparisonKey: column('text', 'comparison_key'),
    examCount: column('integer', 'exam_count'),
    participantCount: column('integer', 'participant_count'),
    createdAt: column('timestamp', 'created_at'),
    finishedAt: column('timestamp', 'finished_at'),
  },
};

/** The newest first. */
export const EVALUATION_LISTING: Listing<Evaluation> = {
  table: EVALUATIONS,
  entity: Evaluation,
  key: column({ kind: 'id', of: 'Evaluation' }, 'id'),
  orders: { CREATED_AT: column('timestamp', 'created_at') },
  defaultOrder: [{ field: 'CREATED_AT', direction: 'DESC' }],
};

const EVALUATION_SCORES: Table = {
  name: 'evaluation_score',
  joins: {},
  fields: { arm: column('integer', 'arm') },
};

/** By exam and arm; one page belongs to one evaluation. */
export const EVALUATION_SCORE_LISTING: Listing<EvaluationScore> = {
  table: EVALUATION_SCORES,
  entity: EvaluationScore,
  key: column('integer', 'arm'),
  orders: { EXAM: column('integer', 'exam_id') },
  defaultOrder: [{ field: 'EXAM', direction: 'ASC' }],
};
