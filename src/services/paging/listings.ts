import { FEATURES } from '../../domain/features.js';
import type { KneeKeys } from '../../domain/knees.js';
import type { Side } from '../../domain/participants.js';
import {
  AuditEntry,
  type ExamRelations,
  Generation,
  KneeExam,
  Participant,
  UploadedMask,
  UploadedRadiograph,
} from '../../entities/index.js';
import {
  AUDIT_ENTRIES,
  column,
  type ColumnField,
  GENERATIONS,
  KNEE_EXAMS,
  KNEES,
  MASKS,
  PARTICIPANTS,
  UPLOADS,
  variableOrders,
} from '../filters/index.js';
import type { Listing } from './pages.js';
import { EXAM_RELATIONS } from './relations.js';

export const PARTICIPANT_LISTING: Listing<Participant> = {
  table: PARTICIPANTS,
  entity: Participant,
  key: column('integer', 'id'),
  orders: {
    OAI_ID: column('text', 'oai_id'),
    ...variableOrders('participant'),
  },
  defaultOrder: [],
};

export const KNEE_LISTING: Listing<KneeKeys> = {
  table: KNEES,
  rows: {
    columns: ['participant_id', 'side'],
    read: ({ participant_id, side }) => ({ participantId: participant_id as number, side: side as Side }),
  },
  key: column({ kind: 'id', of: 'Knee' }, 'id'),
  orders: {
    OAI_ID: column('text', 'oai_id', 'participant'),
    SIDE: column('text', 'side'),
    ...variableOrders('participant', 'participant'),
  },
  defaultOrder: [],
};

export const KNEE_EXAM_LISTING: Listing<KneeExam, ExamRelations> = {
  table: KNEE_EXAMS,
  entity: KneeExam,
  key: column('integer', 'id'),
  orders: {
    KL: column('integer', 'xrkl'),
    VISIT: column('text', 'code', 'visit'),
    SIDE: column('text', 'side'),
    OAI_ID: column('text', 'oai_id', 'participant'),
    ...variableOrders('participant', 'participant'),
    ...variableOrders('visit', 'visit'),
    ...variableOrders('knee_exam'),
    ...Object.fromEntries(
      FEATURES.map(({ code }): [string, ColumnField] => [code, column('integer', code.toLowerCase())]),
    ),
  },
  defaultOrder: [],
  relations: EXAM_RELATIONS,
};

export const GENERATION_LISTING: Listing<Generation> = {
  table: GENERATIONS,
  entity: Generation,
  key: column({ kind: 'id', of: 'Generation' }, 'id'),
  orders: {
    CREATED_AT: column('timestamp', 'created_at'),
    FINISHED_AT: column('timestamp', 'finished_at'),
    STATE: column('text', 'state'),
    PSNR: column('double', 'psnr'),
    SSIM: column('double', 'ssim'),
    RSSIM: column('double', 'rssim'),
    DURATION: column('integer', 'duration_ms'),
  },
  defaultOrder: [{ field: 'CREATED_AT', direction: 'DESC' }],
};

export const UPLOAD_LISTING: Listing<UploadedRadiograph> = {
  table: UPLOADS,
  entity: UploadedRadiograph,
  key: column({ kind: 'id', of: 'UploadedRadiograph' }, 'id'),
  orders: { CREATED_AT: column('timestamp', 'created_at') },
  defaultOrder: [{ field: 'CREATED_AT', direction: 'DESC' }],
};

export const MASK_LISTING: Listing<UploadedMask> = {
  table: MASKS,
  entity: UploadedMask,
  key: column({ kind: 'id', of: 'UploadedMask' }, 'id'),
  orders: { CREATED_AT: column('timestamp', 'created_at') },
  defaultOrder: [{ field: 'CREATED_AT', direction: 'DESC' }],
};

export const AUDIT_LISTING: Listing<AuditEntry> = {
  table: AUDIT_ENTRIES,
  entity: AuditEntry,
  key: column({ kind: 'id', of: 'AuditEntry' }, 'id'),
  orders: { AT: column('timestamp', 'at') },
  defaultOrder: [{ field: 'AT', direction: 'DESC' }],
};
