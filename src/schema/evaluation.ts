import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { SeedRule } from '../domain/batches.js';
import type { EvaluationArm, EvaluationState } from '../domain/evaluations.js';
import type { NoiseMode } from '../domain/generations.js';
import type { Evaluation, EvaluationScore } from '../entities/index.js';
import type { SamplerName } from '../inference/index.js';
import { connectionType } from './connections.js';
import { NoiseModeEnum, SamplerEnum, SeedRuleEnum } from './work-enums.js';
import { EvaluationStateEnum, SsimModeEnum } from './evaluation-enums.js';
import { ExportedCohortItem } from './export.js';
import { Grade, overrideList } from './grade.js';
import { listComplexity } from './limits.js';
import { EvaluationReportItem } from './evaluation-report.js';
import { EvaluationResultsItem, TYPICAL_ARMS } from './evaluation-results.js';
import { Node } from './node.js';
import { DateTime } from './scalars.js';

@ObjectType('EvaluationArm', { simpleResolvers: true, description: 'One way of making volumes that is compared.' })
export class EvaluationArmItem {
  @Field(() => Int, { description: 'From 0; figures name their arm by it.' })
  index: number;

  @Field(() => String, { description: 'What tells it from the others.' })
  label: string;

  @Field(() => String, { description: '`name@version`' })
  bundle: string;

  @Field(() => SamplerEnum, { description: 'How noise becomes an image.' })
  sampler: SamplerName;

  @Field(() => Int, { description: 'Denoiser steps.' })
  steps: number;

  @Field(() => Float, { description: 'Noise that DDIM injects at each step, 0-1.' })
  eta: number;

  @Field(() => Int, { description: 'Slices of each volume.' })
  sliceCount: number;

  @Field(() => NoiseModeEnum, { description: 'Where the initial noise of each volume comes from.' })
  noise: NoiseMode;

  @Field(() => String, { description: 'Name of its set of grades, e.g. "preferred reading".' })
  featureSet: string;

  @Field(() => [Grade], { description: 'Grades that replace the preferred reading; null = treat as missing.' })
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
    this.featureOverrides = () => overrideList(arm.overrides);
  }
}

/** What evaluations of earlier versions have no figures of. */
const NOT_MEASURED = { references: [], retrieval: [], jointSpace: [], film: [] };

@ObjectType({ simpleResolvers: true, description: 'How many volumes of an evaluation are where.' })
export class EvaluationCounters {
  @Field(() => Int, { description: 'Volumes that have ended, the failed ones among them.' })
  done!: number;

  @Field(() => Int, { description: 'Volumes that have failed.' })
  failed!: number;

  @Field(() => Int, { description: 'Volumes of the evaluation: exams times arms.' })
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
  @Field(() => String, { description: 'As it was asked for, or made from the bundles.' })
  name: string;

  @Field(() => EvaluationStateEnum, { description: 'Current state.' })
  state: EvaluationState;

  @Field(() => String, { description: 'Digest of arms, exams and settings: asking again finds the same evaluation.' })
  digest: string;

  @Field(() => String, {
    description: 'Digest of exams and settings: figures of evaluations that share it can stand side by side.',
  })
  comparisonKey: string;

  @Field(() => [EvaluationArmItem], {
    description: 'The ways of making volumes that are compared.',
    complexity: listComplexity(TYPICAL_ARMS),
  })
  arms: () => EvaluationArmItem[];

  @Field(() => Int, { description: 'The seed, or what the seeds are derived from, 0 to 2147483647.' })
  seed: number;

  @Field(() => SeedRuleEnum, { description: 'Whether every exam has the same seed.' })
  seedRule: SeedRule;

  @Field(() => SsimModeEnum, { description: 'Window of SSIM and RSSIM.' })
  ssimMode: string;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'As it can be given to `where`; null selects all.' })
  filter: object | null;

  @Field(() => [ExportedCohortItem], { description: 'Cohorts that the filter speaks of.' })
  cohorts: ExportedCohortItem[];

  @Field(() => Int, { description: 'Knee exams compared.' })
  examCount: number;

  @Field(() => Int, { description: 'Different people behind the exams.' })
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

  @Field(() => String, {
    nullable: true,
    description:
      'One sentence that says why it waits although it could be started, e.g. for the blob store; null otherwise.',
  })
  waitingReason: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'While it waits for something: when it is tried again at the earliest.',
  })
  notBefore: Date | null;

  @Field(() => EvaluationResultsItem, { nullable: true, description: 'Null before it has succeeded.' })
  results: EvaluationResultsItem | null;

  @Field(() => EvaluationReportItem, { nullable: true, description: 'Null before it has succeeded.' })
  report: EvaluationReportItem | null;

  @Field(() => DateTime, { description: 'When it was asked for.' })
  createdAt: Date;

  @Field(() => DateTime, { description: 'When it was first started; null while it waits.', nullable: true })
  startedAt: Date | null;

  @Field(() => DateTime, { description: 'When it reached a final state; null before.', nullable: true })
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
    this.waitingReason = row.waitingReason;
    this.notBefore = row.notBefore;
    this.results = row.results && { ...NOT_MEASURED, ...(row.results as EvaluationResultsItem) };
    this.report = row.report && new EvaluationReportItem(row.id, row.report as EvaluationReportItem);
    this.createdAt = row.createdAt;
    this.startedAt = row.startedAt;
    this.finishedAt = row.finishedAt;
  }
}

export const EvaluationConnection = connectionType('Evaluation', () => EvaluationNode);

@ObjectType('EvaluationScore', { simpleResolvers: true, description: 'One volume of an evaluation: an arm on a knee.' })
export class EvaluationScoreItem {
  @Field(() => Int, { description: 'Index of the arm.' })
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

  @Field(() => Float, { description: 'Mean Pearson correlation of neighbouring slices.', nullable: true })
  adjacentCorrelation: number | null;

  @Field(() => Float, { nullable: true, description: 'Median over the slices; null where it was not measured.' })
  edgeF1: number | null;

  @Field(() => Float, { nullable: true, description: 'Median over the slices; null where it was not measured.' })
  boneDice: number | null;

  @Field(() => Float, { nullable: true, description: 'Median over the slices; null where it was not measured.' })
  sharpness: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Bone to bone, mm; null where it is not seen or was not measured.',
  })
  medialJointSpace: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Bone to bone, mm; null where it is not seen or was not measured.',
  })
  lateralJointSpace: number | null;

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
    const { figures } = row;
    this.edgeF1 = figures?.edgeF1 ?? null;
    this.boneDice = figures?.boneDice ?? null;
    this.sharpness = figures?.sharpness ?? null;
    this.medialJointSpace = figures?.jointSpace.medial ?? null;
    this.lateralJointSpace = figures?.jointSpace.lateral ?? null;
    this.error = row.error;
  }
}

export const EvaluationScoreConnection = connectionType('EvaluationScore', () => EvaluationScoreItem);
