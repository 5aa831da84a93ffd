import { Field, Float, InputType, Int, ObjectType } from 'type-graphql';
import { AGE_BANDS, BMI_BANDS } from '../domain/bands.js';
import { FEATURES } from '../domain/features.js';
import { enumMeanings, variablesOf } from '../domain/variables/index.js';
import { described } from './enum-types.js';
import { UnknownCount } from './knee-numbers.js';
import { UngradedReasonEnum } from './ungraded.js';

/** What `by` takes; the resolvers check it against the facets that the services know. */
export const KneeExamFacetEnum = described('KneeExamFacet', 'What knee exams can be grouped by.', {
  KL: 'Kellgren-Lawrence grade of the preferred reading.',
  VISIT: 'Time point.',
  SIDE: 'Left or right.',
  ...enumMeanings(variablesOf(null, 'facet')),
  AGE_BAND: `Age at the visit: ${AGE_BANDS.map(({ name }) => name).join(', ')} years.`,
  BMI_BAND: `Body mass index at the visit: ${BMI_BANDS.map(({ name }) => name).join(', ')} kg/m²; the lower bound is included.`,
  ...Object.fromEntries(
    FEATURES.map(({ code, name, levels }) => [code, `${name}, 0-${levels - 1}, preferred reading.`]),
  ),
});

export const ParticipantFacetEnum = described(
  'ParticipantFacet',
  'What participants can be grouped by.',
  enumMeanings(variablesOf('participant', 'facet')),
);

export const KneeExamMeasureEnum = described(
  'KneeExamMeasure',
  'A number that knee exams have.',
  enumMeanings(variablesOf(null, 'measure')),
);

const GradeTransitionKindEnum = described('GradeTransitionKind', 'A cell of the matrix, or one of its margins.', {
  CELL: 'Knees with the grade `from` and then the grade `to`.',
  FROM_TOTAL: 'All knees with the grade `from`, whatever came of them.',
  TO_TOTAL: 'All knees with the grade `to`, wherever they came from.',
  TOTAL: 'All knees that were examined at the earlier visit.',
});

@ObjectType({ simpleResolvers: true, description: 'Where a bucket lies on one dimension.' })
export class FacetValue {
  @Field(() => KneeExamFacetEnum, { nullable: true, description: 'The dimension; null for a variable or a number.' })
  facet!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The variable, as `variables` named it, or the number: `XRKL V00-V06`; null for a facet.',
  })
  variable!: string | null;

  @Field(() => String, { nullable: true, description: 'Null: missing in the data, suppressed, or a total.' })
  value!: string | null;

  @Field(() => String, { nullable: true, description: 'What a coded value of a variable stands for.' })
  meaning!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "OAI's code of why a variable's value is missing, e.g. `.P`; null where the release is blank.",
  })
  missing!: string | null;

  @Field(() => Boolean, { description: 'Whether the bucket is a total over this dimension.' })
  total!: boolean;

  @Field(() => Boolean, {
    description: 'Whether several values are pooled because one of them is rare; happens to tokens of role SUMMARY.',
  })
  suppressed!: boolean;
}

const PARTICIPANTS =
  'Different people behind the exams. Null for a token of role SUMMARY, unless all exams are of one visit and one side.';

@ObjectType({ simpleResolvers: true, description: 'Knee exams with the same value on every dimension.' })
export class FacetBucket {
  @Field(() => [FacetValue], { description: 'In the order of `by`, `variables` and `numbers`.' })
  values!: FacetValue[];

  @Field(() => Int, { description: 'Knee exams; for a token of role SUMMARY rounded to fives.' })
  exams!: number;

  @Field(() => Int, { nullable: true, description: PARTICIPANTS })
  participants!: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'Participants with the same value on every dimension.' })
export class ParticipantBucket {
  @Field(() => [FacetValue], { description: 'In the order of `by` and `variables`.' })
  values!: FacetValue[];

  @Field(() => Int, { description: 'Participants, examined or not.' })
  participants!: number;
}

@ObjectType({ simpleResolvers: true, description: 'One bin of a histogram.' })
export class HistogramBin {
  @Field(() => Float, { description: 'Lower edge, included.' })
  from!: number;

  @Field(() => Float, { description: 'Upper edge; included in the last bin only.' })
  to!: number;

  @Field(() => Int, { description: 'Values in the bin.' })
  count!: number;
}

@ObjectType({ simpleResolvers: true, description: 'How many values lie in each of some bins.' })
export class Histogram {
  @Field(() => [HistogramBin], { description: 'From the lowest up.' })
  bins!: HistogramBin[];

  @Field(() => Int, { description: 'Values below the first edge.' })
  below!: number;

  @Field(() => Int, { description: 'Values above the last edge.' })
  above!: number;
}

@InputType({ description: 'Either `edges`, or `from`, `to` and `bins`; 1 to 200 bins.' })
export class HistogramInput {
  @Field(() => [Float], { nullable: true, description: 'Edges of the bins, each greater than the one before.' })
  edges?: number[] | null;

  @Field(() => Float, { nullable: true, description: 'First edge.' })
  from?: number | null;

  @Field(() => Float, { nullable: true, description: 'Last edge.' })
  to?: number | null;

  @Field(() => Int, { nullable: true, description: 'How many bins of equal width.' })
  bins?: number | null;
}

@ObjectType({
  simpleResolvers: true,
  description: 'What is known of one number over a group of knee exams. Figures are null where no exam has the number.',
})
export class KneeExamStatistics {
  @Field(() => [FacetValue], { description: 'In the order of `by`, `variables` and `numbers`.' })
  values!: FacetValue[];

  @Field(() => Int, { description: 'Knee exams of the group.' })
  exams!: number;

  @Field(() => Int, { nullable: true, description: 'Different people behind the exams.' })
  participants!: number | null;

  @Field(() => Int, { description: 'Exams that have the number.' })
  count!: number;

  @Field(() => Int, { description: 'Exams that do not.' })
  missing!: number;

  @Field(() => [UnknownCount], {
    description:
      'Of a change or a slope: why exams do not have it, reasons of which there are none left out. Empty for other numbers.',
  })
  missingReasons!: UnknownCount[];

  @Field(() => Float, { description: 'Lowest value.', nullable: true })
  minimum!: number | null;

  @Field(() => Float, { description: 'Highest value.', nullable: true })
  maximum!: number | null;

  @Field(() => Float, { description: 'Arithmetic mean.', nullable: true })
  mean!: number | null;

  @Field(() => Float, { nullable: true, description: "The sample's." })
  standardDeviation!: number | null;

  @Field(() => Float, { nullable: true, description: 'First quartile, interpolated.' })
  lowerQuartile!: number | null;

  @Field(() => Float, { description: 'Interpolated between the two in the middle.', nullable: true })
  median!: number | null;

  @Field(() => Float, { nullable: true, description: 'Third quartile, interpolated.' })
  upperQuartile!: number | null;

  @Field(() => Histogram, { nullable: true, description: 'Null unless bins were asked for.' })
  histogram!: Histogram | null;
}

@ObjectType({ simpleResolvers: true, description: 'A cell or margin of the matrix of one grade at two visits.' })
export class GradeTransition {
  @Field(() => GradeTransitionKindEnum, { description: 'Whether it is a cell or a margin, and which.' })
  kind!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Grade at the earlier visit; null = not graded, or a total over it.',
  })
  from!: number | null;

  @Field(() => Int, { nullable: true, description: 'Grade at the later visit; null = no grade, or a total over it.' })
  to!: number | null;

  @Field(() => UngradedReasonEnum, {
    nullable: true,
    description: 'Why there is no grade at the later visit; null where there is one, or of a total over it.',
  })
  ungraded!: string | null;

  @Field(() => Int, { description: 'Knees.' })
  knees!: number;

  @Field(() => Int, { description: 'Different people behind the knees.' })
  participants!: number;
}
