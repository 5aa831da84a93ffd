import { ExamAnnotations, GenerationAnnotations, NoteResolver, TagResolver } from './annotations.js';
import { ArrivalRuleResolver } from './arrival-rules.js';
import { AggregateResolver } from './aggregates.js';
import { ParticipantFacetResolver } from './participant-facets.js';
import { AuditResolver } from './audit.js';
import { BatchMutationResolver } from './batches-change.js';
import { BatchMemberResolver, BatchResolver } from './batches.js';
import { BundleResolver } from './bundles.js';
import { QuarantineResolver } from './quarantine.js';
import { CohortMutationResolver } from './cohort-mutations.js';
import { CohortResolver, CohortVersionResolver } from './cohorts.js';
import { DerivedVariableMutationResolver } from './derived-variable-mutations.js';
import { DerivedVariableResolver, DerivedVariableVersionResolver } from './derived-variables.js';
import { ErasureResolver } from './erasures.js';
import { EvaluationReportResolver, EvaluationResolver, EvaluationScoreResolver } from './evaluations.js';
import { DicomSendingResolver } from './dicom-sendings.js';
import { DifferenceResolver } from './differences.js';
import { ExportResolver } from './exports.js';
import { GenerationMutationResolver } from './generate.js';
import { GenerationOutputResolver, GenerationResolver, GenerationSliceResolver } from './generations.js';
import { MriSeriesResolver, RadiographResolver } from './images.js';
import { KneeExamResolver } from './knee-exams.js';
import { KneePairResolver, KneePairsResolver } from './knee-pairs.js';
import { KneeStatisticsResolver } from './knee-statistics.js';
import { KneeResolver } from './knees.js';
import {
  ExamMeasurements,
  GenerationMeasurements,
  MeasurementResolver,
  RadiographMeasurements,
  SeriesMeasurements,
  UploadMeasurements,
} from './measurements.js';
import { NodeResolver } from './node.js';
import { ParticipantResolver, VisitResolver } from './participants.js';
import {
  FrameCompletedResolver,
  GenerationCompletedResolver,
  ProgressResolver,
  SliceProgressResolver,
} from './progress.js';
import { ExamReadingsResolver, RadiographReadingResolver, UploadReadingsResolver } from './radiograph-readings.js';
import { ProgressionResolver } from './progressions.js';
import { RestorationResolver } from './restorations.js';
import { ReleaseResolver } from './releases.js';
import { SearchResolver } from './search.js';
import { StorageResolver } from './storage.js';
import { ReaderSessionResolver, ReaderStudyResolver, ReaderTrialResolver } from './reader-studies.js';
import { InpaintingResolver } from './inpaintings.js';
import { MaskResolver } from './masks.js';
import { SuperResolutionResolver } from './super-resolutions.js';
import { T2MapResolver } from './t2-maps.js';
import { UploadResolver } from './uploads.js';
import { UsageResolver } from './usage.js';
import { KneeExamVariables, ParticipantVariables, VariableResolver, VisitVariables } from './variables.js';
import { ViewerResolver } from './viewer.js';
import { WebhookDeliveryResolver, WebhookResolver } from './webhooks.js';
import { WorkerResolver, WorkerSlotResolver } from './workers.js';

export { createContext } from './context.js';
export type { Context, Platform } from './context.js';

/** Every resolver of the API. */
export const RESOLVERS = [
  NodeResolver,
  ViewerResolver,
  ReleaseResolver,
  SearchResolver,
  AuditResolver,
  StorageResolver,
  UsageResolver,
  ParticipantResolver,
  VisitResolver,
  ErasureResolver,
  KneeExamResolver,
  KneeResolver,
  AggregateResolver,
  ParticipantFacetResolver,
  KneeStatisticsResolver,
  KneePairsResolver,
  KneePairResolver,
  VariableResolver,
  DerivedVariableResolver,
  DerivedVariableVersionResolver,
  DerivedVariableMutationResolver,
  ParticipantVariables,
  VisitVariables,
  KneeExamVariables,
  RadiographResolver,
  MriSeriesResolver,
  MeasurementResolver,
  RadiographMeasurements,
  SeriesMeasurements,
  GenerationMeasurements,
  UploadMeasurements,
  ExamMeasurements,
  TagResolver,
  NoteResolver,
  ExamAnnotations,
  GenerationAnnotations,
  UploadResolver,
  MaskResolver,
  UploadReadingsResolver,
  ExamReadingsResolver,
  RadiographReadingResolver,
  BundleResolver,
  QuarantineResolver,
  ArrivalRuleResolver,
  DicomSendingResolver,
  T2MapResolver,
  WebhookResolver,
  WebhookDeliveryResolver,
  WorkerResolver,
  WorkerSlotResolver,
  CohortResolver,
  CohortVersionResolver,
  CohortMutationResolver,
  ExportResolver,
  DifferenceResolver,
  ReaderStudyResolver,
  ReaderSessionResolver,
  ReaderTrialResolver,
  EvaluationResolver,
  EvaluationScoreResolver,
  EvaluationReportResolver,
  GenerationResolver,
  GenerationSliceResolver,
  GenerationOutputResolver,
  RestorationResolver,
  ProgressionResolver,
  SuperResolutionResolver,
  InpaintingResolver,
  GenerationMutationResolver,
  BatchResolver,
  BatchMemberResolver,
  BatchMutationResolver,
  ProgressResolver,
  SliceProgressResolver,
  FrameCompletedResolver,
  GenerationCompletedResolver,
] as const;
