import { Field, Float, ID, Int, InterfaceType, ObjectType } from 'type-graphql';
import { encodeId } from '../domain/global-ids.js';
import type { EvaluationState } from '../domain/evaluations.js';
import { EvaluationStateEnum } from './evaluation-enums.js';
import { DateTime } from './scalars.js';

/** What every event of an evaluation's log has. */
export interface EvaluationEventRow {
  evaluationId: string;
  seq: number;
  at: Date;
}

@InterfaceType({
  description: "One line of an evaluation's log; `seq` runs 1, 2, 3, ... without a gap.",
  resolveType: (value: EvaluationEvent) => value.constructor.name,
})
export abstract class EvaluationEvent {
  @Field(() => Int, { description: '1, 2, 3, ... in the order of the log.' })
  seq: number;

  @Field(() => DateTime, { description: 'When it happened.' })
  at: Date;

  @Field(() => ID, { description: 'Node id of the evaluation.' })
  evaluationId: string;

  constructor(row: EvaluationEventRow) {
    this.seq = row.seq;
    this.at = row.at;
    this.evaluationId = encodeId('Evaluation', row.evaluationId);
  }
}

@ObjectType({ implements: EvaluationEvent, simpleResolvers: true, description: 'The evaluation entered a state.' })
export class EvaluationStateChanged extends EvaluationEvent {
  @Field(() => EvaluationStateEnum, { description: 'The state it is in from now on.' })
  state: EvaluationState;

  @Field(() => String, { nullable: true, description: 'Why, where there is more to say than the state does.' })
  message: string | null;

  constructor(row: EvaluationEventRow, payload: { state: EvaluationState; message: string | null }) {
    super(row);
    this.state = payload.state;
    this.message = payload.message;
  }
}

/** What a volume came to, as the log keeps it. */
interface ScoredPayload {
  arm: number;
  examId: number;
  generationId: string | null;
  reused: boolean;
  psnr: number | null;
  ssim: number | null;
  rssim: number | null;
  adjacentCorrelation: number | null;
  error: string | null;
  done: number;
  failed: number;
  total: number;
}

@ObjectType({
  implements: EvaluationEvent,
  simpleResolvers: true,
  description: 'A volume has ended: with scores, or with an error.',
})
export class EvaluationVolumeScored extends EvaluationEvent {
  @Field(() => Int, { description: 'Index of the arm.' })
  arm: number;

  @Field(() => ID, { description: 'Node id of the knee exam.' })
  examId: string;

  @Field(() => ID, { nullable: true, description: 'Node id of the generation.' })
  generationId: string | null;

  @Field(() => Boolean, { description: 'True for a volume that was there, or under way, before.' })
  reused: boolean;

  @Field(() => Float, { description: 'Median over the slices, dB.', nullable: true })
  psnr: number | null;

  @Field(() => Float, { description: 'Median over the slices.', nullable: true })
  ssim: number | null;

  @Field(() => Float, { description: 'Median over the slices.', nullable: true })
  rssim: number | null;

  @Field(() => Float, { description: 'Mean Pearson correlation of neighbouring slices.', nullable: true })
  adjacentCorrelation: number | null;

  @Field(() => String, { description: 'One sentence that says why there are no scores.', nullable: true })
  error: string | null;

  @Field(() => Int, { description: 'Volumes that have ended by now, this one included.' })
  done: number;

  @Field(() => Int, { description: 'Volumes that have failed by now.' })
  failed: number;

  @Field(() => Int, { description: 'Volumes of the evaluation.' })
  total: number;

  constructor(row: EvaluationEventRow, payload: ScoredPayload) {
    super(row);
    this.arm = payload.arm;
    this.examId = encodeId('KneeExam', payload.examId);
    this.generationId = payload.generationId && encodeId('Generation', payload.generationId);
    this.reused = payload.reused;
    this.psnr = payload.psnr;
    this.ssim = payload.ssim;
    this.rssim = payload.rssim;
    this.adjacentCorrelation = payload.adjacentCorrelation;
    this.error = payload.error;
    this.done = payload.done;
    this.failed = payload.failed;
    this.total = payload.total;
  }
}
