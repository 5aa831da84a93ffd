import { Field, Float, Int, ObjectType } from 'type-graphql';
import { USAGE_DIMENSIONS, type Usage as UsageRow } from '../domain/usage.js';
import { choices } from './enum-types.js';
import { LargeInt } from './scalars.js';
import { GenerationTaskEnum } from './work-enums.js';

export const UsageDimensionEnum = choices('UsageDimension', USAGE_DIMENSIONS, 'What a report of use tells apart.', {
  REQUESTER: 'Who asked for the generations.',
  BATCH: 'The batch that they belong to.',
  TASK: 'What was made.',
  DEVICE: 'What computed them.',
  MONTH: 'The month in which they ended, UTC.',
});

@ObjectType('Usage', {
  simpleResolvers: true,
  description:
    'What generations that ended in a period have taken. Those that were deleted since are not in it, and volumes that a batch found made already took nothing.',
})
export class UsageNode {
  @Field(() => GenerationTaskEnum, {
    nullable: true,
    description: 'What was made; null where it was not asked for.',
  })
  task: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The device, e.g. "cuda:0"; null where it was not asked for, or where none had begun.',
  })
  device: string | null;

  @Field(() => String, { nullable: true, description: 'The month, e.g. "2026-11"; null where it was not asked for.' })
  month: string | null;

  @Field(() => Int, { description: 'Generations that succeeded.' })
  succeeded: number;

  @Field(() => Int, { description: 'Generations that failed.' })
  failed: number;

  @Field(() => Int, { description: 'Generations that were canceled.' })
  canceled: number;

  @Field(() => Float, {
    description:
      'From the first start of each to its end, waiting between attempts included, seconds; of one that was retried the last time alone.',
  })
  seconds: number;

  @Field(() => LargeInt, { description: 'Size of the files that they made and that are still there, bytes.' })
  bytes: number;

  constructor(readonly row: UsageRow) {
    this.task = row.task;
    this.device = row.device;
    this.month = row.month;
    this.succeeded = row.succeeded;
    this.failed = row.failed;
    this.canceled = row.canceled;
    this.seconds = row.seconds;
    this.bytes = row.bytes;
  }
}
