import { Field, Float, InputType, Int, ObjectType } from 'type-graphql';
import { PAIRINGS, type Pairing, UNPAIRED_REASONS } from '../domain/knee-pairs.js';
import { KneeExamFacetEnum } from './aggregates.js';
import { connectionType } from './connections.js';
import { choices } from './enum-types.js';
import { KneeExamFilter } from './filters.js';
import { KneeNumberInput } from './knee-numbers.js';

const PairingEnum = choices('KneePairing', PAIRINGS, 'Which control a case gets.', {
  SAME_PERSON: 'The other knee of the same person at the same visit; where several visits are selected, the first.',
  NEAREST:
    'The nearest knee that is left, of another person who has no case. Cases choose in order of participant, visit and side.',
});

const UnpairedReasonEnum = choices(
  'UnpairedReason',
  UNPAIRED_REASONS,
  'Why a case is in no pair: the first that holds.',
  {
    VALUE_MISSING: 'A number or a facet that it is paired by is missing.',
    PERSON_PAIRED: 'Its person is in a pair already, by another exam.',
    NO_CONTROL: 'No control is left for it.',
  },
);

@InputType({
  description: 'A number by which a control is near to its case. Differences count in standard deviations.',
})
export class NearNumberInput extends KneeNumberInput {
  @Field(() => Float, {
    nullable: true,
    description: "The largest difference that is allowed, in the number's own unit; default: any.",
  })
  caliper?: number | null;
}

@InputType({
  description:
    'Which knee exams are paired: cases, each with one control. A person is in one pair at most. The same data give the same pairs.',
})
export class KneePairsInput {
  @Field(() => PairingEnum, { description: 'Which control a case gets.' })
  of!: Pairing;

  @Field(() => KneeExamFilter, { description: 'Which exams are cases.' })
  cases!: object;

  @Field(() => KneeExamFilter, { description: 'Which exams may be controls. One that is a case too is no control.' })
  controls!: object;

  @Field(() => [KneeExamFacetEnum], {
    nullable: true,
    description: 'Of NEAREST: facets in which a control equals its case; default: the visit.',
  })
  exactly?: string[] | null;

  @Field(() => [NearNumberInput], {
    nullable: true,
    description: 'Of NEAREST: 1 to 8 numbers, e.g. age and body mass index.',
  })
  nearest?: NearNumberInput[] | null;
}

@ObjectType({ simpleResolvers: true, description: 'How many cases are in no pair for one reason.' })
export class UnpairedCount {
  @Field(() => UnpairedReasonEnum, { description: 'Why.' })
  reason!: string;

  @Field(() => Int, { description: 'Cases.' })
  cases!: number;
}

@ObjectType({ simpleResolvers: true, description: 'Means of one number over cases and over controls.' })
export class PairMeans {
  @Field(() => Float, { nullable: true, description: 'Mean of the cases; null where there are none.' })
  cases!: number | null;

  @Field(() => Float, { nullable: true, description: 'Mean of the controls; null where there are none.' })
  controls!: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'Mean of the cases minus that of the controls, in standard deviations (root of the mean of both variances before pairing).',
  })
  difference!: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'How alike cases and controls are in one number.' })
export class PairBalance {
  @Field(() => String, { description: 'The number, e.g. `AGE` or `WOMKP V00-V06`.' })
  number!: string;

  @Field(() => PairMeans, { description: 'Over all exams that could be paired.' })
  before!: PairMeans;

  @Field(() => PairMeans, { description: 'Over the pairs.' })
  after!: PairMeans;
}

/** A pair; its exams are read when they are asked for. */
@ObjectType('KneePair', { simpleResolvers: true, description: 'A case with its control.' })
export class KneePairItem {
  @Field(() => Int, { description: 'Number of the pair, from 1; an export has the same.' })
  number!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      'Root of the sum of squares of the differences in standard deviations; null of the knees of one person.',
  })
  distance!: number | null;

  caseId!: number;
  controlId!: number;
}

export const KneePairConnection = connectionType('KneePair', () => KneePairItem);

/** What pairing gave; the page of pairs is read when it is asked for. */
@ObjectType('KneePairs', { simpleResolvers: true, description: 'Cases, each with a control.' })
export class KneePairsItem {
  @Field(() => Int, { description: 'Exams that fit as cases.' })
  cases!: number;

  @Field(() => Int, { description: 'Exams that fit as controls; of NEAREST those of persons without a case.' })
  controls!: number;

  @Field(() => [UnpairedCount], { description: 'Cases in no pair; reasons of which there are none are left out.' })
  unpaired!: UnpairedCount[];

  @Field(() => [PairBalance], { description: 'In the order of `nearest`; empty of SAME_PERSON.' })
  balance!: PairBalance[];
}
