import { ID, Int } from 'type-graphql';
import type { CohortVisibility } from '../domain/cohorts.js';
import type { ReaderChoice } from '../domain/reader-studies.js';
import { BatchNode } from './batch.js';
import { BundleNode } from './bundle.js';
import { CohortNode, CohortPart, UnknownExam } from './cohort.js';
import { CohortVisibilityEnum } from './work-enums.js';
import { ReaderChoiceEnum } from './evaluation-enums.js';
import { EvaluationNode } from './evaluation.js';
import { ExportNode } from './export.js';
import { GenerationNode } from './generation.js';
import { type IdInput, idInput, mutationInput, payloadType } from './mutation-types.js';
import { ReaderSessionItem, ReaderStudyNode } from './reader-study.js';
import { ApiTokenNode } from './viewer.js';

export type { IdInput };

export interface BatchPayload {
  batch: BatchNode;
}
export const SynthesizeCohortPayload = batchPayload(
  'synthesizeCohort',
  'The batch, also when its key was used before.',
);
export const PauseBatchInput = idInput('pauseBatch', 'batch');
export const PauseBatchPayload = batchPayload('pauseBatch', 'The batch, which starts no more of its generations.');
export const ResumeBatchInput = idInput('resumeBatch', 'batch');
export const ResumeBatchPayload = batchPayload('resumeBatch', 'The batch, which goes on.');
export const CancelBatchInput = idInput('cancelBatch', 'batch');
export const CancelBatchPayload = batchPayload('cancelBatch', 'The batch; what runs of it may take a moment to stop.');
export const RetryBatchInput = idInput('retryBatch', 'batch');
export const RetryBatchPayload = batchPayload('retryBatch', 'The batch, its failed generations queued again.');
export interface DeletedBatchPayload {
  deletedBatchId: string;
}
export const DeleteBatchInput = idInput('deleteBatch', 'batch');
export const DeleteBatchPayload = payloadType<DeletedBatchPayload>('deleteBatch', {
  deletedBatchId: [() => ID, 'Node id of the batch that is gone.'],
});

export interface GenerationPayload {
  generation: GenerationNode;
}
export const GenerateMriPayload = generationPayload(
  'generateMri',
  'The generation, also when its key was used before.',
);
export const CancelGenerationInput = idInput('cancelGeneration', 'generation');
export const CancelGenerationPayload = generationPayload(
  'cancelGeneration',
  'The generation; one that runs may take a moment to stop.',
);
export const RetryGenerationInput = idInput('retryGeneration', 'generation');
export const RetryGenerationPayload = generationPayload('retryGeneration', 'The generation, queued again.');
export interface DeletedGenerationPayload {
  deletedGenerationId: string;
}
export const DeleteGenerationInput = idInput('deleteGeneration', 'generation');
export const DeleteGenerationPayload = payloadType<DeletedGenerationPayload>('deleteGeneration', {
  deletedGenerationId: [() => ID, 'Node id of the generation that is gone.'],
});

export interface CohortPayload {
  cohort: CohortNode;
}
export interface CreatedCohortPayload extends CohortPayload {
  unknownExams: UnknownExam[];
}
export const CreateCohortPayload = payloadType<CreatedCohortPayload>('createCohort', {
  cohort: [() => CohortNode, 'The new cohort, at version 1.'],
  unknownExams: [() => [UnknownExam], 'Rows of `exams` that name no exam and were left out, in their order.'],
});
export const UpdateCohortPayload = payloadType<CreatedCohortPayload>('updateCohort', {
  cohort: [() => CohortNode, 'The cohort at its new version.'],
  unknownExams: [
    () => [UnknownExam],
    'Rows that name no exam and were left out, in their order: of `exams`, or of `add` and then of `remove`.',
  ],
});
export const ShareCohortInput = mutationInput<IdInput & { visibility: CohortVisibility }>('shareCohort', {
  id: [() => ID, 'Node id of the cohort.'],
  visibility: [() => CohortVisibilityEnum, 'Who may read it from now on.'],
});
export const ShareCohortPayload = cohortPayload('shareCohort', 'The cohort, at the version it had.');

export interface SplitPayload {
  parts: CohortPart[];
}
export const SplitCohortPayload = payloadType<SplitPayload>('splitCohort', {
  parts: [() => [CohortPart], 'The parts in the order in which they were asked for.'],
});

export interface DeletedCohortPayload {
  deletedCohortId: string;
}
export const DeleteCohortInput = idInput('deleteCohort', 'cohort');
export const DeleteCohortPayload = payloadType<DeletedCohortPayload>('deleteCohort', {
  deletedCohortId: [() => ID, 'Node id of the cohort that is gone.'],
});

export interface EvaluationPayload {
  evaluation: EvaluationNode;
}
export const EvaluateBundlesPayload = evaluationPayload(
  'evaluateBundles',
  'The evaluation, also when the same was asked for before.',
);
export const CancelEvaluationInput = idInput('cancelEvaluation', 'evaluation');
export const CancelEvaluationPayload = evaluationPayload('cancelEvaluation', 'The evaluation, canceled.');

export interface ExportPayload {
  export: ExportNode;
}
export const ExportCohortPayload = exportPayload('exportCohort', 'The export, which waits for its turn.');
export const ExportParticipantsPayload = exportPayload('exportParticipants', 'The export, which waits for its turn.');
export const ExportGenerationsPayload = exportPayload('exportGenerations', 'The export, which waits for its turn.');
export const CancelExportInput = idInput('cancelExport', 'export');
export const CancelExportPayload = exportPayload('cancelExport', 'The export, canceled.');

export interface StudyPayload {
  study: ReaderStudyNode;
}
export const CreateReaderStudyPayload = studyPayload('createReaderStudy', 'The study; its pictures are drawn next.');
export const CloseReaderStudyInput = idInput('closeReaderStudy', 'study');
export const CloseReaderStudyPayload = studyPayload('closeReaderStudy', 'The study, closed.');

export interface SessionPayload {
  session: ReaderSessionItem;
}
export const StartReaderSessionInput = mutationInput<{ studyId: string }>('startReaderSession', {
  studyId: [() => ID, 'Node id of the study.'],
});
export const StartReaderSessionPayload = sessionPayload(
  'startReaderSession',
  "The viewer's way through the study, begun now or before.",
);

export interface ReaderAnswer {
  sessionId: string;
  trial: number;
  imported: ReaderChoice;
}
export const AnswerReaderTrialInput = mutationInput<ReaderAnswer>('answerReaderTrial', {
  sessionId: [() => ID, 'Node id of the session.'],
  trial: [() => Int, 'Index of the pair in the session, from 0.'],
  imported: [() => ReaderChoiceEnum, 'Where the image is that looks imported.'],
});
export const AnswerReaderTrialPayload = sessionPayload('answerReaderTrial', 'The session with the answer in it.');

export interface DeletedUploadPayload {
  deletedUploadedRadiographId: string;
}
export const DeleteUploadedRadiographInput = idInput('deleteUploadedRadiograph', 'uploaded radiograph');
export const DeleteUploadedRadiographPayload = payloadType<DeletedUploadPayload>('deleteUploadedRadiograph', {
  deletedUploadedRadiographId: [() => ID, 'Node id of the radiograph that is gone.'],
});

export interface DeletedMaskPayload {
  deletedUploadedMaskId: string;
}
export const DeleteUploadedMaskInput = idInput('deleteUploadedMask', 'uploaded mask');
export const DeleteUploadedMaskPayload = payloadType<DeletedMaskPayload>('deleteUploadedMask', {
  deletedUploadedMaskId: [() => ID, 'Node id of the mask that is gone.'],
});

export interface BundlePayload {
  bundle: BundleNode;
}
export const RetireBundleInput = idInput('retireBundle', 'bundle');
export const RetireBundlePayload = payloadType<BundlePayload>('retireBundle', {
  bundle: [() => BundleNode, 'The bundle, which makes nothing new any more.'],
});
export const ReinstateBundleInput = idInput('reinstateBundle', 'bundle');
export const ReinstateBundlePayload = payloadType<BundlePayload>('reinstateBundle', {
  bundle: [() => BundleNode, 'The bundle: READY, or REFUSED where its files are not what they were.'],
});

export interface TokenPayload {
  token: ApiTokenNode;
}
export const CreateTokenPayload = payloadType<TokenPayload & { secret: string }>('createToken', {
  token: [() => ApiTokenNode, 'What the server keeps of it.'],
  secret: [() => String, 'The bearer token itself. It is shown this once.'],
});
export const RevokeTokenInput = idInput('revokeToken', 'token');
export const RevokeTokenPayload = payloadType<TokenPayload>('revokeToken', {
  token: [() => ApiTokenNode, 'The token, which opens nothing any more.'],
});

function batchPayload(mutation: string, description: string) {
  return payloadType<BatchPayload>(mutation, { batch: [() => BatchNode, description] });
}

export function generationPayload(mutation: string, description: string) {
  return payloadType<GenerationPayload>(mutation, { generation: [() => GenerationNode, description] });
}

function cohortPayload(mutation: string, description: string) {
  return payloadType<CohortPayload>(mutation, { cohort: [() => CohortNode, description] });
}

function evaluationPayload(mutation: string, description: string) {
  return payloadType<EvaluationPayload>(mutation, { evaluation: [() => EvaluationNode, description] });
}

function exportPayload(mutation: string, description: string) {
  return payloadType<ExportPayload>(mutation, { export: [() => ExportNode, description] });
}

function studyPayload(mutation: string, description: string) {
  return payloadType<StudyPayload>(mutation, { study: [() => ReaderStudyNode, description] });
}

function sessionPayload(mutation: string, description: string) {
  return payloadType<SessionPayload>(mutation, { session: [() => ReaderSessionItem, description] });
}
