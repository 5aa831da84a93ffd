import { GraphQLDateTimeISO, GraphQLJSONObject } from 'graphql-scalars';
import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { SeedRule } from '../domain/batches.js';
import type { EvaluationArm, EvaluationMetric, EvaluationState, Stratum } from '../domain/evaluations.js';
import type { NoiseMode } from '../domain/generations.js';
import type { Evaluation, EvaluationScore } from '../entities/index.js';
import type { SamplerName } from '../inference/index.js';
import { connectionType } from './connections.js';
import {
  EvaluationMetricEnum,
  EvaluationStateEnum,
  NoiseModeEnum,
  SamplerEnum,
  SeedRuleEnum,
  StratumEnum,
} from './enums.js';
import { ExportedCohortItem } from './export.js';
import { KneeExamFilter } from './filters.js';
import { FeatureOverrideInput } from './generation.js';
import { Grade, gradeList } from './grade.js';
import { listComplexity } from './limits.js';
import { Node } from './node.js';

/** Arms that cost rules assume an evaluation to have. */
const TYPICAL_ARMS = 4;

@ObjectType('EvaluationArm', { simpleResolvers: true, description: 'One way of making volumes that is compared.' })
export class EvaluationArmItem {
  @Field(() => Int, { description: 'From 0; figures name their arm by it.' })
  index: number;

  @Field(() => String, { description: 'What tells it from the others.' })
  label: string;

  @Field(() => String, { description: '`name@version`' })
  bundle: string;

  @Field(() => SamplerEnum)
  sampler: SamplerName;

  @Field(() => Int)
  steps: number;

  @Field(() => Float)
  eta: number;

  @Field(() => Int)
  sliceCount: number;

  @Field(() => NoiseModeEnum)
  noise: NoiseMode;

  @Field(() => String)
  featureSet: string;

  @Field(() => [Grade], { description: 'Grades that replace the consensus; null = treat as missing.' })
  featureOverrides: () => Grade[];

  constructor(arm: EvaluationArm, index: number) {
    this.index = index;
    this.label = arm.label;
    this.bundle = arm.bundle;
    this.sampler = arm.sampler;
    this.steps = arm.steps;
    this.eta = arm.eta;
    this.sliceCount = arm.sliceCount;
    this.noise = arm.noise;
    this.featureSet = arm.featureSet;
    this.featureOverrides = () => gradeList(arm.overrides).filter(({ feature }) => feature in arm.overrides);
  }
}

@ObjectType({ simpleResolvers: true, description: 'An interval, both ends included.' })
export class Interval {
  @Field(() => Float)
  lower!: number;

  @Field(() => Float)
  upper!: number;
}

@ObjectType({ simpleResolvers: true, description: 'Order statistics over knees; null where there is none.' })
class ScoreSpread {
  @Field(() => Int)
  exams!: number;

  @Field(() => Int)
  participants!: number;

  @Field(() => Float, { nullable: true })
  median!: number | null;

  @Field(() => Float, { nullable: true })
  lowerQuartile!: number | null;

  @Field(() => Float, { nullable: true })
  upperQuartile!: number | null;

  @Field(() => Float, { nullable: true })
  minimum!: number | null;

  @Field(() => Float, { nullable: true })
  maximum!: number | null;

  @Field(() => Interval, {
    nullable: true,
    description: '95 % percentile bootstrap of the median, by participant; null with fewer than two of them.',
  })
  interval!: Interval | null;
}

@ObjectType({ simpleResolvers: true, description: 'A score of an arm over all knees.' })
export class EvaluationSummary extends ScoreSpread {
  @Field(() => Int)
  arm!: number;

  @Field(() => EvaluationMetricEnum)
  metric!: EvaluationMetric;
}

@ObjectType({ simpleResolvers: true, description: 'A score of an arm over the knees of one kind.' })
export class EvaluationStratum extends EvaluationSummary {
  @Field(() => StratumEnum)
  by!: Stratum;

  @Field(() => String, { nullable: true, description: 'E.g. "2", "LEFT", "FEMALE"; null where it is missing.' })
  value!: string | null;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Two arms on the same people, the second minus the first; one value per person.',
})
export class EvaluationComparison {
  @Field(() => Int)
  first!: number;

  @Field(() => Int)
  second!: number;

  @Field(() => EvaluationMetricEnum)
  metric!: EvaluationMetric;

  @Field(() => Int)
  exams!: number;

  @Field(() => Int)
  participants!: number;

  @Field(() => Float, { nullable: true })
  medianDifference!: number | null;

  @Field(() => Interval, { nullable: true, description: '95 % percentile bootstrap.' })
  interval!: Interval | null;

  @Field(() => Float, { description: "Wilcoxon's signed-rank test, two-sided." })
  pValue!: number;

  @Field(() => Float, { description: 'Corrected by Holm for every comparison of the evaluation.' })
  adjustedPValue!: number;

  @Field(() => String, { description: 'EXACT up to 50 people, NORMAL beyond.' })
  method!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The figures of a finished evaluation.' })
export class EvaluationResultsItem {
  @Field(() => [EvaluationSummary], { complexity: listComplexity(4 * TYPICAL_ARMS) })
  summaries!: EvaluationSummary[];

  @Field(() => [EvaluationComparison], { complexity: listComplexity(24) })
  comparisons!: EvaluationComparison[];

  @Field(() => [EvaluationStratum], { complexity: listComplexity(100) })
  strata!: EvaluationStratum[];

  @Field(() => ScoreSpread, { description: "The imported series' own adjacent-slice correlation, on 50 slices." })
  series!: ScoreSpread;
}

@ObjectType({ simpleResolvers: true, description: 'A chart of a report.' })
export class EvaluationChart {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  title!: string;

  @Field(() => String)
  caption!: string;

  @Field(() => GraphQLJSONObject, { description: 'vega-lite, with its data.' })
  spec!: object;
}

@ObjectType({ simpleResolvers: true, description: 'A table of a report, every cell as it is printed.' })
export class EvaluationTable {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  title!: string;

  @Field(() => String)
  caption!: string;

  @Field(() => [String])
  columns!: string[];

  @Field(() => [[String]])
  rows!: string[][];
}

@ObjectType({ simpleResolvers: true, description: 'A picture of a report that is no chart.' })
export class EvaluationSheet {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  title!: string;

  @Field(() => String)
  caption!: string;
}

@ObjectType({ description: 'The report of a finished evaluation. Its captions say whose data it speaks of.' })
export class EvaluationReportItem {
  @Field(() => [EvaluationChart])
  charts!: EvaluationChart[];

  @Field(() => [EvaluationTable])
  tables!: EvaluationTable[];

  @Field(() => [EvaluationSheet])
  sheets!: EvaluationSheet[];

  constructor(
    readonly evaluationId: string,
    report: Pick<EvaluationReportItem, 'charts' | 'tables' | 'sheets'>,
  ) {
    this.charts = report.charts;
    this.tables = report.tables;
    this.sheets = report.sheets;
  }
}

@ObjectType({ simpleResolvers: true, description: 'How far an evaluation is.' })
export class EvaluationProgressCounts {
  @Field(() => Int, { description: 'Volumes that have ended, the failed ones among them.' })
  done!: number;

  @Field(() => Int)
  failed!: number;

  @Field(() => Int)
  total!: number;

  @Field(() => Int, { description: 'Volumes that were there, or under way, before the evaluation needed them.' })
  reused!: number;
}

@ObjectType('Evaluation', {
  implements: Node,
  simpleResolvers: true,
  description: 'Bundles compared on the knees of a cohort that have an MRI series; frozen when it was asked for.',
})
export class EvaluationNode extends Node {
  @Field(() => String)
  name: string;

  @Field(() => EvaluationStateEnum)
  state: EvaluationState;

  @Field(() => String, { description: 'Digest of arms, exams and settings: asking again finds the same evaluation.' })
  digest: string;

  @Field(() => String, {
    description: 'Digest of exams and settings: figures of evaluations that share it can stand side by side.',
  })
  comparisonKey: string;

  @Field(() => [EvaluationArmItem], { complexity: listComplexity(TYPICAL_ARMS) })
  arms: () => EvaluationArmItem[];

  @Field(() => Float)
  seed: number;

  @Field(() => SeedRuleEnum)
  seedRule: SeedRule;

  @Field(() => String, { description: 'Window of SSIM and RSSIM.' })
  ssimMode: string;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'As it can be given to `where`; null selects all.' })
  filter: object | null;

  @Field(() => [ExportedCohortItem], { description: 'Cohorts that the filter speaks of.' })
  cohorts: ExportedCohortItem[];

  @Field(() => Int)
  examCount: number;

  @Field(() => Int)
  participantCount: number;

  @Field(() => Int, { description: 'Exams of phantoms of a synthetic release, who are no patients.' })
  phantomCount: number;

  @Field(() => Int, { description: 'Selected exams that were left out for want of an MRI series.' })
  withoutMri: number;

  @Field(() => Int, { description: 'Selected exams that were left out for want of a radiograph.' })
  withoutRadiograph: number;

  @Field(() => Int, { description: 'Sequence number of the newest event; pass it as `after` to follow from here.' })
  lastSeq: number;

  @Field(() => String, { nullable: true, description: 'One sentence that says why it failed.' })
  error: string | null;

  @Field(() => EvaluationResultsItem, { nullable: true, description: 'Null before it has succeeded.' })
  results: EvaluationResultsItem | null;

  @Field(() => EvaluationReportItem, { nullable: true, description: 'Null before it has succeeded.' })
  report: EvaluationReportItem | null;

  @Field(() => GraphQLDateTimeISO)
  createdAt: Date;

  @Field(() => GraphQLDateTimeISO, { nullable: true })
  startedAt: Date | null;

  @Field(() => GraphQLDateTimeISO, { nullable: true })
  finishedAt: Date | null;

  constructor(readonly row: Evaluation) {
    super('Evaluation', row.id);
    this.name = row.name;
    this.state = row.state;
    this.digest = row.key;
    this.comparisonKey = row.comparisonKey;
    this.arms = () => row.arms.map((arm, index) => new EvaluationArmItem(arm, index));
    this.seed = row.settings.seed;
    this.seedRule = row.settings.seedRule;
    this.ssimMode = row.settings.ssimMode;
    this.filter = row.filter;
    this.cohorts = row.cohorts;
    this.examCount = row.examCount;
    this.participantCount = row.participantCount;
    this.phantomCount = row.phantomCount;
    this.withoutMri = row.withoutMri;
    this.withoutRadiograph = row.withoutRadiograph;
    this.lastSeq = row.lastSeq;
    this.error = row.error;
    this.results = row.results as EvaluationResultsItem | null;
    this.report = row.report && new EvaluationReportItem(row.id, row.report as EvaluationReportItem);
    this.createdAt = row.createdAt;
    this.startedAt = row.startedAt;
    this.finishedAt = row.finishedAt;
  }
}

export const EvaluationConnection = connectionType('Evaluation', () => EvaluationNode);

@ObjectType('EvaluationScore', { simpleResolvers: true, description: 'One volume of an evaluation: an arm on a knee.' })
export class EvaluationScoreItem {
  @Field(() => Int)
  arm: number;

  @Field(() => EvaluationStateEnum, { description: 'QUEUED, SUCCEEDED or FAILED.' })
  state: EvaluationState;

  @Field(() => Boolean, { description: 'True for a volume that was there, or under way, before.' })
  reused: boolean;

  @Field(() => Float, { nullable: true, description: 'Median over the slices, dB.' })
  psnr: number | null;

  @Field(() => Float, { nullable: true, description: 'Median over the slices.' })
  ssim: number | null;

  @Field(() => Float, { nullable: true, description: 'Median over the slices.' })
  rssim: number | null;

  @Field(() => Float, { nullable: true })
  adjacentCorrelation: number | null;

  @Field(() => String, { nullable: true, description: 'One sentence that says why there are no scores.' })
  error: string | null;

  constructor(readonly row: EvaluationScore) {
    this.arm = row.arm;
    this.state = row.state;
    this.reused = row.reused;
    this.psnr = row.psnr;
    this.ssim = row.ssim;
    this.rssim = row.rssim;
    this.adjacentCorrelation = row.adjacentCorrelation;
    this.error = row.error;
  }
}

@InputType({ description: 'A set of grades to condition on: an ablation or a what-if.' })
export class FeatureSetInput {
  @Field(() => String, { description: 'E.g. "consensus", "without XRCHL".' })
  name!: string;

  @Field(() => [FeatureOverrideInput], { description: 'None: the consensus grades.' })
  overrides!: FeatureOverrideInput[];
}

@InputType({
  description:
    'Every combination of bundles, samplers, steps, slice counts and feature sets is an arm, at most 24. Without cohort and ' +
    'filter, all knees that have a radiograph and an MRI series are taken.',
})
export class EvaluateBundlesInput {
  @Field(() => String, { nullable: true, description: 'Default: made from the bundles.' })
  name?: string | null;

  @Field(() => [String], { description: '`name` or `name@version`.' })
  bundles!: string[];

  @Field(() => [SamplerEnum], { nullable: true, description: "Default: each bundle's own." })
  samplers?: SamplerName[] | null;

  @Field(() => [Int], { nullable: true, description: "Denoiser steps; default: each bundle's own." })
  steps?: number[] | null;

  @Field(() => Float, { nullable: true, description: "DDIM's eta, 0-1; default: each bundle's own." })
  eta?: number | null;

  @Field(() => [Int], { nullable: true, description: 'Default: 50, the trained stack.' })
  sliceCounts?: number[] | null;

  @Field(() => [FeatureSetInput], { nullable: true, description: 'Default: the consensus grades alone.' })
  featureSets?: FeatureSetInput[] | null;

  @Field(() => NoiseModeEnum, { nullable: true, description: 'Default: SHARED.' })
  noise?: NoiseMode | null;

  @Field(() => Float, { nullable: true, description: '0 to 2147483647; default 0.' })
  seed?: number | null;

  @Field(() => SeedRuleEnum, { nullable: true, description: 'Default: PER_EXAM.' })
  seedRule?: SeedRule | null;

  @Field(() => ID, { nullable: true, description: 'The cohort whose knees are taken.' })
  cohortId?: string | null;

  @Field(() => Int, { nullable: true, description: 'Version of the cohort; default: the newest.' })
  cohortVersion?: number | null;

  @Field(() => KneeExamFilter, { nullable: true, description: 'Further conditions.' })
  where?: object | null;
}
