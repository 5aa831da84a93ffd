import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { EvaluationMetric, Stratum } from '../domain/evaluations.js';
import { EvaluationMetricEnum, StratumEnum, TestMethodEnum } from './evaluation-enums.js';
import { listComplexity } from './limits.js';

/** Arms that cost rules assume an evaluation to have. */
export const TYPICAL_ARMS = 4;

@ObjectType({ simpleResolvers: true, description: 'An interval, both ends included.' })
export class Interval {
  @Field(() => Float, { description: 'Lower end.' })
  lower!: number;

  @Field(() => Float, { description: 'Upper end.' })
  upper!: number;
}

@ObjectType({ simpleResolvers: true, description: 'Order statistics over knees; null where there is none.' })
class ScoreSpread {
  @Field(() => Int, { description: 'Knee exams with a score.' })
  exams!: number;

  @Field(() => Int, { description: 'Different people behind them.' })
  participants!: number;

  @Field(() => Float, { description: 'Median score.', nullable: true })
  median!: number | null;

  @Field(() => Float, { description: 'First quartile of the scores.', nullable: true })
  lowerQuartile!: number | null;

  @Field(() => Float, { description: 'Third quartile of the scores.', nullable: true })
  upperQuartile!: number | null;

  @Field(() => Float, { description: 'Lowest score.', nullable: true })
  minimum!: number | null;

  @Field(() => Float, { description: 'Highest score.', nullable: true })
  maximum!: number | null;

  @Field(() => Interval, {
    nullable: true,
    description: '95 % percentile bootstrap of the median, by participant; null with fewer than two of them.',
  })
  interval!: Interval | null;
}

@ObjectType({ simpleResolvers: true, description: 'A score of an arm over all knees.' })
export class EvaluationSummary extends ScoreSpread {
  @Field(() => Int, { description: 'Index of the arm.' })
  arm!: number;

  @Field(() => EvaluationMetricEnum, { description: 'The score.' })
  metric!: EvaluationMetric;
}

@ObjectType({ simpleResolvers: true, description: 'A score of an arm over the knees of one kind.' })
export class EvaluationStratum extends EvaluationSummary {
  @Field(() => StratumEnum, { description: 'What the knees are told apart by.' })
  by!: Stratum;

  @Field(() => String, { nullable: true, description: 'E.g. "2", "LEFT", "FEMALE"; null where it is missing.' })
  value!: string | null;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Two arms on the same people, the second minus the first; one value per person.',
})
export class EvaluationComparison {
  @Field(() => Int, { description: 'Index of the arm that is taken away.' })
  first!: number;

  @Field(() => Int, { description: 'Index of the arm it is taken from.' })
  second!: number;

  @Field(() => EvaluationMetricEnum, { description: 'The score that is compared.' })
  metric!: EvaluationMetric;

  @Field(() => Int, { description: 'Exams that both arms have a volume of.' })
  exams!: number;

  @Field(() => Int, { description: 'People that the test pairs.' })
  participants!: number;

  @Field(() => Float, {
    description: 'Median over the people, in units of the metric; null without any.',
    nullable: true,
  })
  medianDifference!: number | null;

  @Field(() => Interval, { nullable: true, description: '95 % percentile bootstrap.' })
  interval!: Interval | null;

  @Field(() => Float, { description: "Wilcoxon's signed-rank test, two-sided." })
  pValue!: number;

  @Field(() => Float, { description: 'Corrected by Holm for every comparison of the evaluation.' })
  adjustedPValue!: number;

  @Field(() => TestMethodEnum, { description: 'How the p value was found.' })
  method!: string;
}

@ObjectType('EvaluationResults', { simpleResolvers: true, description: 'The figures of a finished evaluation.' })
export class EvaluationResultsItem {
  @Field(() => [EvaluationSummary], {
    description: 'Each arm over all knees, by metric.',
    complexity: listComplexity(4 * TYPICAL_ARMS),
  })
  summaries!: EvaluationSummary[];

  @Field(() => [EvaluationComparison], { description: 'Each pair of arms, by metric.', complexity: listComplexity(24) })
  comparisons!: EvaluationComparison[];

  @Field(() => [EvaluationStratum], {
    description: 'Each arm over the knees of one kind, by metric.',
    complexity: listComplexity(100),
  })
  strata!: EvaluationStratum[];

  @Field(() => ScoreSpread, { description: "The imported series' own adjacent-slice correlation, on 50 slices." })
  series!: ScoreSpread;
}
