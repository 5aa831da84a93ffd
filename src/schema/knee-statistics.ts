import { Field, Float, Int, ObjectType } from 'type-graphql';
import { FacetValue } from './aggregates.js';

const VALUES = { description: 'In the order of `by`, `variables` and `numbers`.' } as const;
const CLUSTERED = 'Exams of one person are taken to depend on one another.';

@ObjectType({ simpleResolvers: true, description: 'How common a condition is among the knee exams of one group.' })
export class KneePrevalence {
  @Field(() => [FacetValue], VALUES)
  values!: FacetValue[];

  @Field(() => Int, { description: 'Knee exams of the group.' })
  exams!: number;

  @Field(() => Int, { description: 'Different people behind the exams.' })
  participants!: number;

  @Field(() => Int, {
    description: 'Exams of which it is known whether the condition holds: those that the share is of.',
  })
  count!: number;

  @Field(() => Int, { description: 'Different people behind these.' })
  people!: number;

  @Field(() => Int, { description: 'Exams of which it is not known, because a value that it compares is missing.' })
  missing!: number;

  @Field(() => Int, { description: 'Exams of which it holds.' })
  cases!: number;

  @Field(() => Float, { nullable: true, description: '`cases` of `count`, 0 to 1; null where nothing is known.' })
  share!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: `Of the share. ${CLUSTERED} Null where the share is 0 or 1, and with fewer than two people.`,
  })
  standardError!: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      "Lower end of the 95 % interval: of a logistic model with the robust variance of clusters; where the share is 0 or 1, Wilson's interval with as " +
      'many trials as people. Null with fewer than two people.',
  })
  lower!: number | null;

  @Field(() => Float, { nullable: true, description: 'Upper end of the 95 % interval; as `lower`.' })
  upper!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Variance as a multiple of that of independent exams; null as `standardError`.',
  })
  designEffect!: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'A correlation with its interval.' })
export class CorrelationEstimate {
  @Field(() => Float, {
    nullable: true,
    description: '-1 to 1; null with fewer than three exams, and where one of the numbers is the same in all.',
  })
  coefficient!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: `${CLUSTERED} Null where the coefficient is null, 1 or -1, and with fewer than two people.`,
  })
  standardError!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "Lower end of the 95 % interval, on the scale of Fisher's z; null as `standardError`.",
  })
  lower!: number | null;

  @Field(() => Float, { nullable: true, description: 'Upper end of the 95 % interval; as `lower`.' })
  upper!: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'How two numbers go together in the knee exams of one group.' })
export class KneeCorrelation {
  @Field(() => [FacetValue], VALUES)
  values!: FacetValue[];

  @Field(() => Int, { description: 'Knee exams of the group.' })
  exams!: number;

  @Field(() => Int, { description: 'Exams that have both numbers.' })
  count!: number;

  @Field(() => Int, { description: 'Different people behind these.' })
  people!: number;

  @Field(() => Int, { description: 'Exams that lack one of the numbers, or both.' })
  missing!: number;

  @Field(() => CorrelationEstimate, { description: 'Of the numbers.' })
  pearson!: CorrelationEstimate;

  @Field(() => CorrelationEstimate, { description: 'Of their ranks; equal numbers share the mean of theirs.' })
  spearman!: CorrelationEstimate;
}
