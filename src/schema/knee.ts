import { Field, ObjectType } from 'type-graphql';
import { type KneeKeys, kneeKey } from '../domain/knees.js';
import type { Side } from '../domain/participants.js';
import { connectionType } from './connections.js';
import { SideEnum } from './enums.js';
import { Node } from './node.js';

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

export const KneeConnection = connectionType('Knee', () => KneeNode);
