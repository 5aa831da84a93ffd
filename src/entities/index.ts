import { ApiToken } from './api-token.js';
import { Asset } from './asset.js';
import { AuditEntry } from './audit-entry.js';
import { Bundle } from './bundle.js';
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

export {
  ApiToken,
  Asset,
  AuditEntry,
  Bundle,
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

/** Every entity of the database, for the data source. */
export const ENTITIES = [
  ApiToken,
  Asset,
  AuditEntry,
  Bundle,
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
