import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { WorkerSlot, WorkerState } from '../domain/workers.js';
import type { Worker } from '../entities/index.js';
import { WorkerStateEnum } from './work-enums.js';
import { Node } from './node.js';
import { DateTime, LargeInt } from './scalars.js';

@ObjectType('WorkerSlot', {
  simpleResolvers: true,
  description: 'A place of a worker where one generation at a time is computed, as of `seenAt`.',
})
export class WorkerSlotNode {
  @Field(() => String, { description: 'As the operator chose it: auto, cuda, cuda:1, webgpu or cpu.' })
  device: string;

  @Field(() => String, { nullable: true, description: 'What models run on there: cuda, webgpu or cpu.' })
  provider: string | null;

  @Field(() => String, { nullable: true, description: 'The bundle it has loaded, `name@version`.' })
  bundle: string | null;

  @Field(() => Float, { nullable: true, description: 'Share of its generation that is done, 0 to 1.' })
  fraction: number | null;

  @Field(() => Int, { nullable: true, description: 'Process id of its inference process.' })
  pid: number | null;

  @Field(() => Int, { description: 'Generations that this process has finished since it was started or replaced.' })
  generations: number;

  @Field(() => LargeInt, { description: 'Memory of the process after the last of them, in bytes; 0 before the first.' })
  memoryBytes: number;

  constructor(readonly row: WorkerSlot) {
    this.device = row.device;
    this.provider = row.provider;
    this.bundle = row.bundle;
    this.fraction = row.fraction;
    this.pid = row.pid;
    this.generations = row.generations;
    this.memoryBytes = row.memory;
  }
}

@ObjectType('Worker', {
  implements: Node,
  simpleResolvers: true,
  description: 'A process that computes generations. It is forgotten a day after it was last seen.',
})
export class WorkerNode extends Node {
  @Field(() => String, { description: 'As generations name it.' })
  name: string;

  @Field(() => String, { description: 'Name of the machine it runs on.' })
  host: string;

  @Field(() => Int, { description: 'Process id.' })
  pid: number;

  @Field(() => String, { description: 'Version of osteograph.' })
  version: string;

  @Field(() => WorkerStateEnum, { description: 'Current state.' })
  state: WorkerState;

  @Field(() => [WorkerSlotNode], {
    description: 'Its places, one generation at a time in each.',
    complexity: ({ childComplexity }) => 1 + 2 * childComplexity,
  })
  slots: WorkerSlotNode[];

  @Field(() => DateTime, { description: 'When the process was started.' })
  startedAt: Date;

  @Field(() => DateTime, { description: 'When it last told what it does; every 5 s while it lives.' })
  seenAt: Date;

  constructor(readonly row: Worker) {
    super('Worker', row.id);
    this.name = row.name;
    this.host = row.host;
    this.pid = row.pid;
    this.version = row.version;
    this.state = row.state;
    this.slots = row.slots.map((slot) => new WorkerSlotNode(slot));
    this.startedAt = row.startedAt;
    this.seenAt = row.seenAt;
  }
}
