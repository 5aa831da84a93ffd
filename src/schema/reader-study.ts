import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { encodeId } from '../domain/global-ids.js';
import { type ReaderChoice, type ReaderStudyStage, type ReaderUnit, stageOf } from '../domain/reader-studies.js';
import type { ReaderSession, ReaderStudy } from '../entities/index.js';
import { connectionType } from './connections.js';
import { ReaderChoiceEnum, ReaderStratumEnum, ReaderStudyStateEnum, ReaderUnitEnum } from './evaluation-enums.js';
import { Interval } from './evaluation-results.js';
import { KneeExamFilter } from './filters.js';
import { listComplexity } from './limits.js';
import { Node } from './node.js';
import { DateTime } from './scalars.js';

@ObjectType({ simpleResolvers: true, description: 'How often readers named the imported image; half is guessing.' })
class ReaderAccuracy {
  @Field(() => Int, { description: 'Pairs where the imported image was named.' })
  correct!: number;

  @Field(() => Int, { description: 'Pairs answered.' })
  answers!: number;

  @Field(() => Float, {
    description: 'correct / answers, 0 to 1; 0.5 is guessing. Null without an answer.',
    nullable: true,
  })
  accuracy!: number | null;

  @Field(() => Interval, {
    description:
      "Wilson's 95 % interval. Answers of one reader are not independent: with few readers it is too narrow.",
  })
  interval!: Interval;
}

@ObjectType({ simpleResolvers: true, description: 'The same over the pairs of one kind.' })
export class ReaderStratum extends ReaderAccuracy {
  @Field(() => ReaderStratumEnum, { description: 'What the pairs are told apart by.' })
  by!: string;

  @Field(() => String, { description: 'E.g. "2", "LEFT", the label of an arm; "missing" without a KL grade.' })
  value!: string;
}

@ObjectType('ReaderResults', { simpleResolvers: true, description: 'What finished readers answered.' })
export class ReaderResultsItem extends ReaderAccuracy {
  @Field(() => Int, { description: 'Readers that have finished; only their answers count.' })
  readers!: number;

  @Field(() => [ReaderStratum], { description: 'The same by kind of pair.', complexity: listComplexity(12) })
  strata!: ReaderStratum[];
}

@ObjectType('ReaderTrial', {
  description: 'A pair of images of one knee: one is imported, one generated. Nothing else is told of it.',
})
export class ReaderTrialItem {
  @Field(() => Int, { description: 'From 0, in the order of the session.' })
  index: number;

  @Field(() => ReaderChoiceEnum, { nullable: true, description: 'What was answered.' })
  choice: ReaderChoice | null;

  constructor(
    trial: { index: number; choice: ReaderChoice | null },
    readonly leftAssetId: number,
    readonly rightAssetId: number,
  ) {
    this.index = trial.index;
    this.choice = trial.choice;
  }
}

@ObjectType('ReaderSession', { simpleResolvers: true, description: "One reader's way through a study." })
export class ReaderSessionItem {
  @Field(() => ID, { description: 'Opaque; `readerSession(id)` finds it again.' })
  id: string;

  @Field(() => Boolean, { description: 'Whether every pair is answered.' })
  finished: boolean;

  @Field(() => DateTime, { description: 'When it was begun.' })
  createdAt: Date;

  @Field(() => DateTime, { description: 'When the last pair was answered; null before.', nullable: true })
  finishedAt: Date | null;

  constructor(readonly row: ReaderSession) {
    this.id = encodeId('ReaderSession', row.id);
    this.finished = row.finishedAt !== null;
    this.createdAt = row.createdAt;
    this.finishedAt = row.finishedAt;
  }
}

@ObjectType('ReaderStudy', {
  implements: Node,
  simpleResolvers: true,
  description: 'Two-alternative forced choice: of two images of one knee, which one is imported and not generated?',
})
export class ReaderStudyNode extends Node {
  @Field(() => String, { description: 'What its maker calls it.' })
  name: string;

  @Field(() => ReaderStudyStateEnum, { description: 'Current state.' })
  state: ReaderStudyStage;

  @Field(() => ReaderUnitEnum, { description: 'What a pair shows.' })
  unit: ReaderUnit;

  @Field(() => Int, { description: 'Pairs that each reader is shown.' })
  pairs: number;

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

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt: Date;

  constructor(readonly row: ReaderStudy) {
    super('ReaderStudy', row.id);
    this.name = row.name;
    this.state = stageOf(row.state);
    this.unit = row.unit;
    this.pairs = row.pairCount;
    this.error = row.error;
    this.waitingReason = row.waitingReason;
    this.notBefore = row.notBefore;
    this.createdAt = row.createdAt;
  }
}

export const ReaderStudyConnection = connectionType('ReaderStudy', () => ReaderStudyNode);

@InputType({ description: 'Knees are dealt out evenly over arms and KL grades.' })
export class CreateReaderStudyInput {
  @Field(() => String, { description: 'Name that readers see.' })
  name!: string;

  @Field(() => ID, { description: 'A finished evaluation; its volumes are shown.' })
  evaluationId!: string;

  @Field(() => ReaderUnitEnum, { description: 'What a pair shows.', defaultValue: 'SLICE' })
  unit!: ReaderUnit;

  @Field(() => Int, { defaultValue: 50, description: '2 to 200; fewer where there are not so many.' })
  pairs!: number;

  @Field(() => [Int], { nullable: true, description: 'Arms whose volumes are shown; default: all.' })
  arms?: number[] | null;

  @Field(() => ID, { nullable: true, description: 'Only knees of this cohort.' })
  cohortId?: string | null;

  @Field(() => KneeExamFilter, { nullable: true, description: 'Only knees that this selects.' })
  where?: object | null;

  @Field(() => Int, { nullable: true, description: 'Decides which knees and slices; 0 to 2147483647, default 0.' })
  seed?: number | null;
}
