import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { GenerationState, NoiseMode } from '../domain/generations.js';
import type { SquareBox } from '../domain/knee-box.js';
import type { Generation, GenerationSlice } from '../entities/index.js';
import type { SamplerName } from '../inference/index.js';
import { connectionType } from './connections.js';
import { GenerationStateEnum, GenerationTaskEnum, NoiseModeEnum, SamplerEnum } from './work-enums.js';
import { SsimModeEnum } from './evaluation-enums.js';
import { Grade, gradeList, overrideList } from './grade.js';
import { filteredComplexity } from './limits.js';
import { Node } from './node.js';
import { DateTime } from './scalars.js';

/** Slices that cost rules assume a generation to have. */
const TYPICAL_SLICES = 50;

@ObjectType('GenerationSlice', { simpleResolvers: true, description: 'One finished coronal slice.' })
export class GenerationSliceNode {
  @Field(() => Int, { description: '0 (posterior) to sliceCount - 1 (anterior).' })
  index: number;

  @Field(() => Float, { description: '0 (posterior) to 1 (anterior).' })
  depth: number;

  @Field(() => Float, {
    nullable: true,
    description: 'dB against the real slice; null without a real MRI of the exam.',
  })
  psnr: number | null;

  @Field(() => Float, { description: 'Against the real slice; null without a real MRI of the exam.', nullable: true })
  ssim: number | null;

  @Field(() => Float, {
    description: 'SSIM of edges against the real slice; null without a real MRI of the exam.',
    nullable: true,
  })
  rssim: number | null;

  constructor(readonly row: GenerationSlice) {
    this.index = row.index;
    this.depth = row.depth;
    this.psnr = row.psnr;
    this.ssim = row.ssim;
    this.rssim = row.rssim;
  }
}

@ObjectType({ simpleResolvers: true, description: 'A square of a film around one knee, film pixels.' })
export class KneeBox implements SquareBox {
  @Field(() => Float, { description: 'Its left edge, pixels from the left of the film.' })
  left!: number;

  @Field(() => Float, { description: 'Its upper edge, pixels from the top of the film.' })
  top!: number;

  @Field(() => Float, { description: 'Length of its sides, pixels.' })
  side!: number;
}

@ObjectType('Generation', {
  implements: Node,
  simpleResolvers: true,
  description: 'One run of a bundle for the radiograph or an MRI series of an exam, or for an uploaded radiograph.',
})
export class GenerationNode extends Node {
  @Field(() => GenerationStateEnum, { description: 'Current state.' })
  state: GenerationState;

  @Field(() => Int, { description: 'How often it has been started.' })
  attempt: number;

  @Field(() => Boolean, { description: 'Whether somebody asked to stop it.' })
  cancelRequested: boolean;

  @Field(() => GenerationTaskEnum, { description: 'What is made.' })
  task: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Slices of the volume; null for a task that makes none. The same holds for `sampler` and `noise`.',
  })
  sliceCount: number | null;

  @Field(() => Int, { description: 'Steps of the network asked for.' })
  steps: number;

  @Field(() => SamplerEnum, { nullable: true, description: 'How noise becomes an image.' })
  sampler: SamplerName | null;

  @Field(() => Float, { description: 'Noise that DDIM injects at each step, 0-1.' })
  eta: number;

  @Field(() => Int, {
    nullable: true,
    description:
      'Seed of the noise, 0 to 2147483647; null where nothing is drawn: the mean of all likely results is wanted.',
  })
  seed: number | null;

  @Field(() => NoiseModeEnum, { nullable: true, description: 'Where the initial noise of each slice comes from.' })
  noise: NoiseMode | null;

  @Field(() => KneeBox, {
    nullable: true,
    description: 'What of the film the model sees; null until it is found, unless the request gave it.',
  })
  box: SquareBox | null;

  @Field(() => [Grade], {
    description:
      "The grades that condition the volume: the exam's preferred reading, if there is an exam, with the request's overrides.",
    complexity: ({ childComplexity }) => 1 + 2 * childComplexity,
  })
  features: () => Grade[];

  @Field(() => [Grade], { description: 'What the request overrode; a null grade means "treat as missing".' })
  featureOverrides: () => Grade[];

  @Field(() => String, { nullable: true, description: "The caller's own key." })
  clientKey: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'SHA-256 of everything that decides the result: what has the same key need not be made again. Null for the oldest ones.',
  })
  key: string | null;

  @Field(() => Int, { description: 'Sequence number of the newest event; pass it as `after` to follow from here.' })
  lastSeq: number;

  @Field(() => String, { nullable: true, description: 'Worker that has it.' })
  worker: string | null;

  @Field(() => String, { nullable: true, description: 'Device that computed it: cuda, webgpu or cpu.' })
  device: string | null;

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

  @Field(() => Float, {
    nullable: true,
    description: 'Median over the slices, dB; null without a real MRI of the exam.',
  })
  psnr: number | null;

  @Field(() => Float, { nullable: true, description: 'Median over the slices.' })
  ssim: number | null;

  @Field(() => Float, { nullable: true, description: 'Median over the slices.' })
  rssim: number | null;

  @Field(() => SsimModeEnum, { description: 'Window of SSIM and RSSIM.' })
  ssimMode: string;

  @Field(() => Float, { nullable: true, description: 'Mean Pearson correlation of neighbouring slices.' })
  adjacentCorrelation: number | null;

  @Field(() => Int, { description: 'Milliseconds from its first start to its end; null before.', nullable: true })
  durationMs: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'True number of evaluations of the network, of each slice or tile by itself.',
  })
  denoiserEvaluations: number | null;

  @Field(() => DateTime, { description: 'When it was asked for.' })
  createdAt: Date;

  @Field(() => DateTime, { description: 'When it was first started; null while it waits.', nullable: true })
  startedAt: Date | null;

  @Field(() => DateTime, { description: 'When it reached a final state; null before.', nullable: true })
  finishedAt: Date | null;

  constructor(readonly row: Generation) {
    super('Generation', row.id);
    this.state = row.state;
    this.attempt = row.attempt;
    this.cancelRequested = row.cancelRequested;
    this.task = row.task;
    this.sliceCount = row.sliceCount;
    this.steps = row.steps;
    this.sampler = row.sampler;
    this.eta = row.eta;
    this.seed = row.seed;
    this.noise = row.noise;
    this.box = row.box;
    this.features = () => gradeList(row.features);
    this.featureOverrides = () => overrideList(row.featureOverrides);
    this.clientKey = row.clientKey;
    this.key = row.key;
    this.lastSeq = row.lastSeq;
    this.worker = row.worker;
    this.device = row.device;
    this.error = row.error;
    this.waitingReason = row.waitingReason;
    this.notBefore = row.notBefore;
    this.psnr = row.psnr;
    this.ssim = row.ssim;
    this.rssim = row.rssim;
    this.ssimMode = row.ssimMode;
    this.adjacentCorrelation = row.adjacentCorrelation;
    this.durationMs = row.durationMs;
    this.denoiserEvaluations = row.denoiserEvaluations;
    this.createdAt = row.createdAt;
    this.startedAt = row.startedAt;
    this.finishedAt = row.finishedAt;
  }
}

/** What a list of slices costs: their number is not among the arguments. */
export const sliceListComplexity = filteredComplexity(TYPICAL_SLICES);

/** What a list of files costs: their number is not among the arguments. */
export const outputListComplexity = filteredComplexity(8);

export const GenerationConnection = connectionType('Generation', () => GenerationNode);
