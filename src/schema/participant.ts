import { Field, ObjectType } from 'type-graphql';
import { isDropped, type Participant } from '../entities/index.js';
import { connectionType } from './connections.js';
import { Node } from './node.js';
import { addVariables, copyVariables, nodeWith } from './variables.js';

@ObjectType('Participant', { implements: Node, simpleResolvers: true, description: 'One subject of the OAI release.' })
export class ParticipantNode extends nodeWith('participant') {
  @Field(() => String, { description: 'Seven digits.' })
  oaiId: string;

  @Field(() => Boolean, { description: 'True for a phantom of the synthetic release, who is no real person.' })
  phantom: boolean;

  @Field(() => Boolean, { description: 'True when a newer release of a table of participants lists them no more.' })
  dropped: boolean;

  constructor(readonly row: Participant) {
    super('Participant', row.id);
    this.oaiId = row.oaiId;
    copyVariables('participant', this, row);
    this.phantom = row.phantom;
    this.dropped = isDropped(row);
  }
}

addVariables('participant', ParticipantNode);

export const ParticipantConnection = connectionType('Participant', () => ParticipantNode);
