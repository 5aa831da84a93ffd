import { Field, ObjectType } from 'type-graphql';
import type { Side } from '../domain/participants.js';
import { SideEnum } from './enums.js';

@ObjectType('Knee', { simpleResolvers: true, description: 'One knee of one participant over the whole study.' })
export class KneeNode {
  @Field(() => SideEnum, { description: 'Which knee it is.' })
  readonly side: Side;

  constructor(
    readonly participantId: number,
    side: Side,
  ) {
    this.side = side;
  }
}
