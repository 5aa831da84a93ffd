import { Field, Int, ObjectType } from 'type-graphql';
import type { Race, Sex, StudyCohort } from '../domain/participants.js';
import type { Participant } from '../entities/index.js';
import { RaceEnum, SexEnum, StudyCohortEnum } from './enums.js';
import { connectionType } from './connections.js';
import { Node } from './node.js';

@ObjectType('Participant', { implements: Node, simpleResolvers: true, description: 'One subject of the OAI release.' })
export class ParticipantNode extends Node {
  @Field(() => String, { description: 'Seven digits.' })
  oaiId: string;

  @Field(() => SexEnum, { description: 'As enrolled.', nullable: true })
  sex: Sex | null;

  @Field(() => RaceEnum, { description: "Race in OAI's four groups.", nullable: true })
  race: Race | null;

  @Field(() => Boolean, { description: 'Whether Hispanic or Latino.', nullable: true })
  hispanic: boolean | null;

  @Field(() => StudyCohortEnum, { description: 'Sub-cohort of the study.', nullable: true })
  cohort: StudyCohort | null;

  @Field(() => String, { nullable: true, description: 'Clinical site, a letter A-E.' })
  site: string | null;

  @Field(() => Int, { nullable: true, description: 'Half of the cohort, 1 or 2: decides the image release letter.' })
  cohortHalf: number | null;

  @Field(() => Boolean, { description: 'True for a phantom of the synthetic release, who is no real person.' })
  phantom: boolean;

  constructor(readonly row: Participant) {
    super('Participant', row.id);
    this.oaiId = row.oaiId;
    this.sex = row.sex;
    this.race = row.race;
    this.hispanic = row.hispanic;
    this.cohort = row.cohort;
    this.site = row.site;
    this.cohortHalf = row.cohortHalf;
    this.phantom = row.phantom;
  }
}

export const ParticipantConnection = connectionType('Participant', () => ParticipantNode);
