import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { EvaluationMetric, Stratum } from '../domain/evaluations.js';
import { EvaluationMetricEnum, StratumEnum } from './enums.js';
import { listComplexity } from './limits.js';

/** Arms that cost rules assume an evaluation to have. */
export const TYPICAL_ARMS = 4;

@ObjectType({ simpleResolvers: true, description: 'An interval, both ends included.' })
export class Interval {
  @Field(() => Float)
  lower!: number;

  @Field(() => Float)
  upper!: number;
}

@ObjectType({ simpleResolvers: true, description: 'Order statistics over knees; null where there is none.' })
class ScoreSpread {
  @Field(() => Int)
  exams!: number;

  @Field(() => Int)
  participants!: number;

  @Field(() => Float, { nullable: true })
  median!: number | null;

  @Field(() => Float, { nullable: true })
  lowerQuartile!: number | null;

  @Field(() => Float, { nullable: true })
  upperQuartile!: number | null;

  @Field(() => Float, { nullable: true })
  minimum!: number | null;

  @Field(() => Float, { nullable: true })
  maximum!: number | null;

  @Field(() => Interval, {
    nullable: true,
    description: '95 % percentile bootstrap of the median, by participant; null with fewer than two of them.',
  })
  interval!: Interval | null;
}

@ObjectType({ simpleResolvers: true, description: 'A score of an arm over all knees.' })
export class EvaluationSummary extends ScoreSpread {
  @Field(() => Int)
  arm!: number;

  @Field(() => EvaluationMetricEnum)
  metric!: EvaluationMetric;
}

@ObjectType({ simpleResolvers: true, description: 'A score of an arm over the knees of one kind.' })
export class EvaluationStratum extends EvaluationSummary {
  @Field(() => StratumEnum)
  by!: Stratum;

  @Field(() => String, { nullable: true, description: 'E.g. "2", "LEFT", "FEMALE"; null where it is missing.' })
  value!: string | null;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Two arms on the same people, the second minus the first; one value per person.',
})
export class EvaluationComparison {
  @Field(() => Int)
  first!: number;

  @Field(() => Int)
  second!: number;

  @Field(() => EvaluationMetricEnum)
  metric!: EvaluationMetric;

  @Field(() => Int)
  exams!: number;

  @Field(() => Int)
  participants!: number;

  @Field(() => Float, { nullable: true })
  medianDifference!: number | null;

  @Field(() => Interval, { nullable: true, description: '95 % percentile bootstrap.' })
  interval!: Interval | null;

  @Field(() => Float, { description: "Wilcoxon's signed-rank test, two-sided." })
  pValue!: number;

  @Field(() => Float, { description: 'Corrected by Holm for every comparison of the evaluation.' })
  adjustedPValue!: number;

  @Field(() => String, { description: 'EXACT up to 50 people, NORMAL beyond.' })
  method!: string;
}

@ObjectType('EvaluationResults', { simpleResolvers: true, description: 'The figures of a finished evaluation.' })
export class EvaluationResultsItem {
  @Field(() => [EvaluationSummary], { complexity: listComplexity(4 * TYPICAL_ARMS) })
  summaries!: EvaluationSummary[];

  @Field(() => [EvaluationComparison], { complexity: listComplexity(24) })
  comparisons!: EvaluationComparison[];

  @Field(() => [EvaluationStratum], { complexity: listComplexity(100) })
  strata!: EvaluationStratum[];

  @Field(() => ScoreSpread, { description: "The imported series' own adjacent-slice correlation, on 50 slices." })
  series!: ScoreSpread;
}
