import { ApiToken } from './api-token.js';
import { ArrivalRule } from './arrival-rule.js';
import { Asset } from './asset.js';
import { AuditEntry } from './audit-entry.js';
import { AuditKey } from './audit-key.js';
import { BatchEvent } from './batch-event.js';
import { BatchMember } from './batch-member.js';
import { Batch } from './batch.js';
import { Bundle } from './bundle.js';
import { CohortMember } from './cohort-member.js';
import { CohortVersion } from './cohort-version.js';
import { DerivedVariable } from './derived-variable.js';
import { DerivedVariableVersion } from './derived-variable-version.js';
import { Cohort } from './cohort.js';
import { DicomPeer } from './dicom-peer.js';
import { DicomSendOrder } from './dicom-send-order.js';
import { DicomSendingEvent } from './dicom-sending-event.js';
import { DicomSending } from './dicom-sending.js';
import { DicomSeries } from './dicom-series.js';
import { Erasure } from './erasure.js';
import { EvaluationEvent } from './evaluation-event.js';
import { EvaluationExam } from './evaluation-exam.js';
import { EvaluationFile } from './evaluation-file.js';
import { EvaluationScore } from './evaluation-score.js';
import { Evaluation } from './evaluation.js';
import { ExportEvent } from './export-event.js';
import { Export } from './export.js';
import { FormerResult } from './former-result.js';
import { GenerationDifference } from './generation-difference.js';
import { GenerationEvent } from './generation-event.js';
import { GenerationOutput } from './generation-output.js';
import { GenerationSlice } from './generation-slice.js';
import { Generation } from './generation.js';
import { ImportRun } from './import-run.js';
import { ImportSource } from './import-source.js';
import { ImportedFile } from './imported-file.js';
import { JointOutcome } from './joint-outcome.js';
import { KneeExam } from './knee-exam.js';
import { Measurement } from './measurement.js';
import { MriSeries } from './mri-series.js';
import { Note } from './note.js';
import { OriginalObject } from './original-object.js';
import { Participant } from './participant.js';
import { Radiograph } from './radiograph.js';
import { ReaderSession } from './reader-session.js';
import { ReaderStudyEvent } from './reader-study-event.js';
import { ReaderStudy } from './reader-study.js';
import { ReaderStudyPair } from './reader-study-pair.js';
import { ReaderTrial } from './reader-trial.js';
import { Reading } from './reading.js';
import { Secret } from './secret.js';
import { QuarantinedImage } from './quarantined-image.js';
import { RadiographReading } from './radiograph-reading.js';
import { Tag } from './tag.js';
import { T2MapEvent } from './t2-map-event.js';
import { T2Map } from './t2-map.js';
import { UploadedMask } from './uploaded-mask.js';
import { UploadedRadiograph } from './uploaded-radiograph.js';
import { Visit } from './visit.js';
import { WebhookDeliveryEvent } from './webhook-delivery-event.js';
import { WebhookDelivery } from './webhook-delivery.js';
import { Webhook } from './webhook.js';
import { Worker } from './worker.js';

export {
  type Dropped,
  droppedSql,
  isDropped,
  type Origin,
  type Origins,
  STANDING,
  standingSql,
} from './import-source.js';
export type { ExamRelations } from './exam-relations.js';
export {
  ApiToken,
  Asset,
  AuditEntry,
  AuditKey,
  Batch,
  BatchEvent,
  BatchMember,
  Bundle,
  Cohort,
  CohortMember,
  CohortVersion,
  DerivedVariable,
  DerivedVariableVersion,
  DicomPeer,
  DicomSendOrder,
  DicomSending,
  DicomSendingEvent,
  DicomSeries,
  Erasure,
  Evaluation,
  EvaluationEvent,
  EvaluationExam,
  EvaluationFile,
  EvaluationScore,
  Export,
  ExportEvent,
  FormerResult,
  GenerationDifference,
  Generation,
  GenerationEvent,
  GenerationOutput,
  GenerationSlice,
  ImportRun,
  ImportSource,
  ImportedFile,
  JointOutcome,
  KneeExam,
  Measurement,
  MriSeries,
  Note,
  OriginalObject,
  Participant,
  Radiograph,
  ReaderSession,
  ReaderStudy,
  ReaderStudyEvent,
  ReaderStudyPair,
  ReaderTrial,
  Reading,
  Secret,
  Tag,
  T2Map,
  T2MapEvent,
  UploadedMask,
  UploadedRadiograph,
  ArrivalRule,
  QuarantinedImage,
  RadiographReading,
  Visit,
  Webhook,
  WebhookDelivery,
  WebhookDeliveryEvent,
  Worker,
};

export type { ExportedCohort } from './export.js';
export { columnList, type Columns, jsonReader, jsonRow, type Row, rowReader, tableOf } from './rows.js';
export { knownMigrations } from './migrations.js';
export { giveBack } from './give-back.js';
export { takenBack } from './taken-back.js';
export { type DatabaseFault, databaseFault, sqlState } from './database-faults.js';
export { readRows } from './read.js';
export { installationId, sharedSecret } from './shared-secret.js';
export { type ConnectionLimits, connectionSettings } from './connection.js';
export { queryRecords, queryRow, queryRows } from './query.js';
export { readKeyedTables, readReferences, type Reference } from './references.js';
export { askedBy, askedByNobody, askerLeft, carryThrough, isAskerLeft, SharedWork } from './asker.js';
export { leavablePostgres } from './pool.js';
export type { Work } from './work.js';
export type { AttritionCounts, CohortOrigin, CohortReference, NamedRows } from './cohort-version.js';

/** Every entity of the database, for the data source. */
export const ENTITIES = [
  ApiToken,
  Asset,
  AuditEntry,
  AuditKey,
  Batch,
  BatchEvent,
  BatchMember,
  Bundle,
  Cohort,
  CohortMember,
  CohortVersion,
  DerivedVariable,
  DerivedVariableVersion,
  DicomPeer,
  DicomSendOrder,
  DicomSending,
  DicomSendingEvent,
  DicomSeries,
  Erasure,
  Evaluation,
  EvaluationEvent,
  EvaluationExam,
  EvaluationFile,
  EvaluationScore,
  Export,
  ExportEvent,
  FormerResult,
  GenerationDifference,
  Generation,
  GenerationEvent,
  GenerationOutput,
  GenerationSlice,
  ImportRun,
  ImportSource,
  ImportedFile,
  JointOutcome,
  KneeExam,
  Measurement,
  MriSeries,
  Note,
  OriginalObject,
  Participant,
  Radiograph,
  ReaderSession,
  ReaderStudy,
  ReaderStudyEvent,
  ReaderStudyPair,
  ReaderTrial,
  Reading,
  Secret,
  Tag,
  T2Map,
  T2MapEvent,
  UploadedMask,
  UploadedRadiograph,
  ArrivalRule,
  QuarantinedImage,
  RadiographReading,
  Visit,
  Webhook,
  WebhookDelivery,
  WebhookDeliveryEvent,
  Worker,
];
