import { ApiToken } from './api-token.js';
import { Asset } from './asset.js';
import { AuditEntry } from './audit-entry.js';
import { Bundle } from './bundle.js';
import { CohortMember } from './cohort-member.js';
import { CohortVersion } from './cohort-version.js';
import { Cohort } from './cohort.js';
import { Export } from './export.js';
import { GenerationEvent } from './generation-event.js';
import { GenerationSlice } from './generation-slice.js';
import { Generation } from './generation.js';
import { ImportedFile } from './imported-file.js';
import { KneeExam } from './knee-exam.js';
import { MriSeries } from './mri-series.js';
import { Participant } from './participant.js';
import { Radiograph } from './radiograph.js';
import { Reading } from './reading.js';
import { Secret } from './secret.js';
import { Visit } from './visit.js';

export type { ExamRelations } from './exam-relations.js';
export {
  ApiToken,
  Asset,
  AuditEntry,
  Bundle,
  Cohort,
  CohortMember,
  CohortVersion,
  Export,
  Generation,
  GenerationEvent,
  GenerationSlice,
  ImportedFile,
  KneeExam,
  MriSeries,
  Participant,
  Radiograph,
  Reading,
  Secret,
  Visit,
};

export type { AttritionCounts, CohortOrigin, CohortReference } from './cohort-version.js';

/** Every entity of the database, for the data source. */
export const ENTITIES = [
  ApiToken,
  Asset,
  AuditEntry,
  Bundle,
  Cohort,
  CohortMember,
  CohortVersion,
  Export,
  Generation,
  GenerationEvent,
  GenerationSlice,
  ImportedFile,
  KneeExam,
  MriSeries,
  Participant,
  Radiograph,
  Reading,
  Secret,
  Visit,
];
