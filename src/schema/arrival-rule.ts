import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { ARRIVAL_MODALITIES, type ArrivalModality, type ArrivalTask } from '../domain/arrival-rules.js';
import type { ArrivalRule } from '../entities/index.js';
import { CohortNode } from './cohort.js';
import { choices } from './enum-types.js';
import { mutationInput, payloadType } from './mutation-types.js';
import { Node } from './node.js';
import { DateTime } from './scalars.js';
import { GenerationTaskEnum } from './work-enums.js';

const ArrivalModalityEnum = choices('ArrivalModality', ARRIVAL_MODALITIES, 'Modality of a film that arrives.', {
  CR: 'Computed radiography.',
  DX: 'Digital radiography.',
  RF: 'A film taken by a fluoroscope.',
  OT: 'What a converter wrote.',
  SC: 'A screenshot.',
});

@ObjectType('ArrivalRule', {
  implements: Node,
  simpleResolvers: true,
  description:
    'What is made of each film that arrives in a participant by DICOMweb or from a PACS. Films that are imported from a folder are no arrivals.',
})
export class ArrivalRuleNode extends Node {
  @Field(() => ArrivalModalityEnum, { nullable: true, description: 'Only of films of this modality; null for all.' })
  modality: ArrivalModality | null;

  @Field(() => Boolean, { description: 'Whether it is for the knees of a cohort alone.' })
  hasCohort: boolean;

  @Field(() => CohortNode, {
    nullable: true,
    description: 'The cohort, as it is when a film arrives; null without one, and where it is not yours to read.',
  })
  cohort: CohortNode | null;

  @Field(() => GenerationTaskEnum, {
    description:
      'What is made: a volume of each knee (XRAY_TO_MRI), or the film without its noise (IMAGE_RESTORATION).',
  })
  task: ArrivalTask;

  @Field(() => String, {
    nullable: true,
    description: 'Name, or name@version, of the bundle; null for the newest that is ready when a film arrives.',
  })
  bundle: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the PACS that what is made is sent to; null for none.' })
  sendTo: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the token that added it; null for the command line.' })
  createdBy: string | null;

  @Field(() => DateTime, { description: 'When it was added; it is for films that arrive afterwards.' })
  createdAt: Date;

  /** @param withCohort whether its cohort is the viewer's to read */
  constructor(row: ArrivalRule, withCohort: boolean) {
    super('ArrivalRule', row.id);
    this.modality = row.modality;
    this.hasCohort = row.cohortId !== null;
    this.cohort = row.cohort && withCohort ? new CohortNode(row.cohort) : null;
    this.task = row.task;
    this.bundle = row.bundle;
    this.sendTo = row.sendTo?.name ?? null;
    this.createdBy = row.createdBy?.name ?? null;
    this.createdAt = row.createdAt;
  }
}

@InputType({ description: 'What is to be made of films that arrive.' })
export class CreateArrivalRuleInput {
  @Field(() => GenerationTaskEnum, { description: 'XRAY_TO_MRI or IMAGE_RESTORATION.' })
  task!: ArrivalTask;

  @Field(() => ArrivalModalityEnum, { nullable: true, description: 'Only of films of this modality; default: of all.' })
  modality?: ArrivalModality | null;

  @Field(() => ID, { nullable: true, description: 'Only of knees of this cohort; default: of all.' })
  cohortId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Name, or name@version, of a bundle that is ready; default: the newest when a film arrives.',
  })
  bundle?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Name of the PACS, see `dicomPeers`, that what is made is sent to; default: to none.',
  })
  sendTo?: string | null;
}

export interface ArrivalRulePayload {
  arrivalRule: ArrivalRuleNode;
}
export const CreateArrivalRulePayload = payloadType<ArrivalRulePayload>('createArrivalRule', {
  arrivalRule: [() => ArrivalRuleNode, 'The rule.'],
});

export interface DeleteArrivalRule {
  id: string;
}
export const DeleteArrivalRuleInput = mutationInput<DeleteArrivalRule>('deleteArrivalRule', {
  id: [() => ID, 'Node id of the rule.'],
});

export interface DeletedArrivalRulePayload {
  deletedArrivalRuleId: string;
}
export const DeleteArrivalRulePayload = payloadType<DeletedArrivalRulePayload>('deleteArrivalRule', {
  deletedArrivalRuleId: [() => ID, 'What was removed; what was made by it stays.'],
});
