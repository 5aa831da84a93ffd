import { AggregateResolver } from './aggregates.js';
import { BundleResolver } from './bundles.js';
import { CohortMutationResolver } from './cohort-mutations.js';
import { CohortResolver, CohortVersionResolver } from './cohorts.js';
import { ExportResolver } from './exports.js';
import { GenerationMutationResolver } from './generate.js';
import { GenerationResolver, GenerationSliceResolver } from './generations.js';
import { MriSeriesResolver, RadiographResolver } from './images.js';
import { KneeExamResolver } from './knee-exams.js';
import { NodeResolver } from './node.js';
import { ParticipantResolver, VisitResolver } from './participants.js';
import { GenerationCompletedResolver, ProgressResolver, SliceProgressResolver } from './progress.js';
import { ViewerResolver } from './viewer.js';

export { createContext } from './context.js';
export type { Context, Platform } from './context.js';

/** Every resolver of the API. */
export const RESOLVERS = [
  NodeResolver,
  ViewerResolver,
  ParticipantResolver,
  VisitResolver,
  KneeExamResolver,
  AggregateResolver,
  RadiographResolver,
  MriSeriesResolver,
  BundleResolver,
  CohortResolver,
  CohortVersionResolver,
  CohortMutationResolver,
  ExportResolver,
  GenerationResolver,
  GenerationSliceResolver,
  GenerationMutationResolver,
  ProgressResolver,
  SliceProgressResolver,
  GenerationCompletedResolver,
] as const;
