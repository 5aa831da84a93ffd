import { Field, Int, ObjectType } from 'type-graphql';
import { type KneeKeys, kneeKey, type KneeProgression } from '../domain/knees.js';
import type { Side } from '../domain/participants.js';
import type { UngradedReason } from '../domain/survival.js';
import { connectionType } from './connections.js';
import { SideEnum } from './enums.js';
import { Node } from './node.js';
import { UngradedReasonEnum } from './ungraded.js';

@ObjectType('Knee', {
  implements: Node,
  simpleResolvers: true,
  description: 'One knee of one participant over the whole study.',
})
export class KneeNode extends Node {
  readonly participantId: number;

  @Field(() => SideEnum, { description: 'Which knee it is.' })
  readonly side: Side;

  constructor(keys: KneeKeys) {
    super('Knee', kneeKey(keys));
    this.participantId = keys.participantId;
    this.side = keys.side;
  }
}

@ObjectType('KneeProgression', {
  simpleResolvers: true,
  description: 'One grade of a knee, of the preferred reading, at two visits.',
})
export class KneeProgressionItem {
  @Field(() => Int, { nullable: true, description: 'Grade at the earlier visit; null where it has none.' })
  readonly from: number | null;

  @Field(() => Int, { nullable: true, description: 'Grade at the later visit; null where it has none.' })
  readonly to: number | null;

  @Field(() => Int, { nullable: true, description: 'The later grade minus the earlier; null where either is missing.' })
  readonly change: number | null;

  @Field(() => UngradedReasonEnum, {
    nullable: true,
    description: 'Why there is no grade at the later visit; null where there is one.',
  })
  readonly ungraded: UngradedReason | null;

  constructor({ from, to, ungraded }: KneeProgression) {
    this.from = from;
    this.to = to;
    this.change = from === null || to === null ? null : to - from;
    this.ungraded = ungraded;
  }
}

export const KneeConnection = connectionType('Knee', () => KneeNode);
