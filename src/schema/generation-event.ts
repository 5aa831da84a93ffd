import { Field, Float, ID, Int, InterfaceType, ObjectType } from 'type-graphql';
import { encodeId } from '../domain/global-ids.js';
import type { OutputKind } from '../domain/generation-outputs.js';
import type { GenerationState } from '../domain/generations.js';
import { GenerationStateEnum, OutputKindEnum } from './work-enums.js';
import { DateTime } from './scalars.js';

/** What every event of a generation's log has. */
export interface EventRow {
  generationId: string;
  seq: number;
  at: Date;
}

@InterfaceType({
  description: "One line of a generation's log; `seq` runs 1, 2, 3, ... without a gap.",
  resolveType: (value: GenerationEvent) => value.constructor.name,
})
export abstract class GenerationEvent {
  @Field(() => Int, { description: '1, 2, 3, ... in the order of the log.' })
  seq: number;

  @Field(() => DateTime, { description: 'When it happened.' })
  at: Date;

  @Field(() => ID, { description: 'Node id of the generation.' })
  generationId: string;

  constructor(readonly row: EventRow) {
    this.seq = row.seq;
    this.at = row.at;
    this.generationId = encodeId('Generation', row.generationId);
  }
}

@ObjectType({ implements: GenerationEvent, simpleResolvers: true, description: 'The generation entered a state.' })
export class GenerationStateChanged extends GenerationEvent {
  @Field(() => GenerationStateEnum, { description: 'The state it is in from now on.' })
  state: GenerationState;

  @Field(() => String, { nullable: true, description: 'Why, where there is more to say than the state does.' })
  message: string | null;

  constructor(row: EventRow, payload: { state: GenerationState; message?: string | null }) {
    super(row);
    this.state = payload.state;
    this.message = payload.message ?? null;
  }
}

@ObjectType({ implements: GenerationEvent, simpleResolvers: true, description: 'The denoiser finished a step.' })
export class GenerationStepProgress extends GenerationEvent {
  @Field(() => Int, { description: 'First slice of the batch that is being computed.' })
  firstSlice: number;

  @Field(() => Int, { description: 'Last slice of that batch.' })
  lastSlice: number;

  @Field(() => Int, { description: 'Steps done for this batch.' })
  step: number;

  @Field(() => Int, { description: 'Steps that this batch takes.' })
  steps: number;

  @Field(() => Float, { description: 'Part of the whole generation that is done, 0-1.' })
  fraction: number;

  constructor(
    row: EventRow,
    payload: { firstSlice: number; lastSlice: number; step: number; steps: number; fraction: number },
  ) {
    super(row);
    this.firstSlice = payload.firstSlice;
    this.lastSlice = payload.lastSlice;
    this.step = payload.step;
    this.steps = payload.steps;
    this.fraction = payload.fraction;
  }
}

/** A slice as an event tells of it. */
export interface SlicePayload {
  index: number;
  depth: number;
  psnr: number | null;
  ssim: number | null;
  rssim: number | null;
  assetId: number;
}

@ObjectType({ simpleResolvers: true, description: 'A finished slice as announced.' })
export class SliceProgress {
  @Field(() => Int, { description: '0 (posterior) to sliceCount - 1 (anterior).' })
  index: number;

  @Field(() => Float, { description: '0 (posterior) to 1 (anterior).' })
  depth: number;

  @Field(() => Float, { nullable: true, description: 'Null without a real MRI of the exam; so are ssim and rssim.' })
  psnr: number | null;

  @Field(() => Float, { description: 'Against the real slice; null without a real MRI of the exam.', nullable: true })
  ssim: number | null;

  @Field(() => Float, {
    description: 'SSIM of edges against the real slice; null without a real MRI of the exam.',
    nullable: true,
  })
  rssim: number | null;

  constructor(readonly payload: SlicePayload) {
    this.index = payload.index;
    this.depth = payload.depth;
    this.psnr = payload.psnr;
    this.ssim = payload.ssim;
    this.rssim = payload.rssim;
  }
}

@ObjectType({ implements: GenerationEvent, simpleResolvers: true, description: 'A slice is finished and stored.' })
export class GenerationSliceCompleted extends GenerationEvent {
  @Field(() => SliceProgress, { description: 'The slice.' })
  slice: SliceProgress;

  @Field(() => Int, { description: 'Slices finished so far, those of earlier attempts included.' })
  completed: number;

  @Field(() => Int, { description: 'Slices of the volume.' })
  total: number;

  constructor(row: EventRow, payload: { slice: SlicePayload; completed: number; total: number }) {
    super(row);
    this.slice = new SliceProgress(payload.slice);
    this.completed = payload.completed;
    this.total = payload.total;
  }
}

@ObjectType({
  implements: GenerationEvent,
  simpleResolvers: true,
  description: 'The network has finished a tile of a film, or a slice of a series or a plane across its slices.',
})
export class GenerationTileCompleted extends GenerationEvent {
  @Field(() => Int, { description: '0, 1, 2, ... within the step.' })
  index: number;

  @Field(() => Int, { description: 'Tiles of the film, slices of the series, or planes across its slices.' })
  total: number;

  @Field(() => Int, { description: 'The step that it was finished in, 1, 2, ...' })
  step: number;

  @Field(() => Int, { description: 'How often the network goes over it.' })
  steps: number;

  @Field(() => Float, { description: 'Part of the whole generation that is done, 0-1.' })
  fraction: number;

  constructor(row: EventRow, payload: TilePayload) {
    super(row);
    this.index = payload.index;
    this.total = payload.total;
    this.step = payload.step;
    this.steps = payload.steps;
    this.fraction = payload.fraction;
  }
}

/** A tile as its event tells of it. */
interface TilePayload {
  index: number;
  total: number;
  step: number;
  steps: number;
  fraction: number;
}

/** A frame as its event tells of it. */
interface FramePayload {
  index: number;
  total: number;
  position: number;
  kind: OutputKind;
  kl: number;
  jsw: number | null;
  expectedKl: number;
  leastDeterminant: number;
  assetId: number;
}

@ObjectType({
  implements: GenerationEvent,
  simpleResolvers: true,
  description: 'A frame of a progression is finished and stored.',
})
export class GenerationFrameCompleted extends GenerationEvent {
  @Field(() => Int, { description: '0, 1, 2, ...; 0 is the film itself.' })
  index: number;

  @Field(() => Int, { description: 'Frames of the progression.' })
  total: number;

  @Field(() => Float, { description: 'Share of the way from the film to the wished grade, 0-1.' })
  position: number;

  @Field(() => OutputKindEnum, { description: 'Which of the files of the generation it is.' })
  kind: OutputKind;

  @Field(() => Float, { description: 'The KL grade that it is to show.' })
  kl: number;

  @Field(() => Float, {
    nullable: true,
    description:
      "Narrowest joint space as measured on the frame, % of the width of the knee's square; null where it could not be traced.",
  })
  jsw: number | null;

  @Field(() => Float, { description: 'The KL grade as a grader reads the frame, 0-4.' })
  expectedKl: number;

  @Field(() => Float, { description: 'Least determinant of the Jacobian of its field; above 0 nothing is folded.' })
  leastDeterminant: number;

  constructor(
    row: EventRow,
    readonly payload: FramePayload,
  ) {
    super(row);
    this.index = payload.index;
    this.total = payload.total;
    this.position = payload.position;
    this.kind = payload.kind;
    this.kl = payload.kl;
    this.jsw = payload.jsw;
    this.expectedKl = payload.expectedKl;
    this.leastDeterminant = payload.leastDeterminant;
  }
}

/** A finished generation as its event tells of it. */
export interface CompletedPayload {
  psnr: number | null;
  ssim: number | null;
  rssim: number | null;
  adjacentCorrelation: number | null;
  mriSeriesId: number | null;
  durationMs: number;
  denoiserEvaluations: number;
  device: string;
}

@ObjectType({
  implements: GenerationEvent,
  simpleResolvers: true,
  description: 'The result is stored; a volume is scored, too.',
})
export class GenerationCompleted extends GenerationEvent {
  @Field(() => Float, {
    nullable: true,
    description: 'Median over the slices, dB; null without a real MRI of the exam.',
  })
  psnr: number | null;

  @Field(() => Float, { description: 'Median over the slices; null without a real MRI of the exam.', nullable: true })
  ssim: number | null;

  @Field(() => Float, { description: 'Median over the slices; null without a real MRI of the exam.', nullable: true })
  rssim: number | null;

  @Field(() => Float, { nullable: true, description: 'Mean Pearson correlation of neighbouring slices.' })
  adjacentCorrelation: number | null;

  @Field(() => Int, { description: 'Milliseconds from its first start to its end.' })
  durationMs: number;

  @Field(() => Int, { description: 'True number of evaluations of the network, of each slice or tile by itself.' })
  denoiserEvaluations: number;

  @Field(() => String, { description: 'cuda, webgpu or cpu.' })
  device: string;

  constructor(
    row: EventRow,
    readonly payload: CompletedPayload,
  ) {
    super(row);
    this.psnr = payload.psnr;
    this.ssim = payload.ssim;
    this.rssim = payload.rssim;
    this.adjacentCorrelation = payload.adjacentCorrelation;
    this.durationMs = payload.durationMs;
    this.denoiserEvaluations = payload.denoiserEvaluations;
    this.device = payload.device;
  }
}
