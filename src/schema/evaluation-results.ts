import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { EvaluationMetric, EvaluationReference, JointSide, Stratum } from '../domain/evaluations.js';
import type { Agreement } from '../metrics/statistics/index.js';
import {
  EvaluationMetricEnum,
  EvaluationReferenceEnum,
  JointSideEnum,
  StratumEnum,
  TestMethodEnum,
} from './evaluation-enums.js';
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

@ObjectType({
  simpleResolvers: true,
  description: 'A score of volumes that say nothing of the knee, over up to a hundred knees; on ten slices of each.',
})
export class EvaluationReferenceSummary extends ScoreSpread {
  @Field(() => EvaluationReferenceEnum, { description: 'Which volumes.' })
  reference!: EvaluationReference;

  @Field(() => EvaluationMetricEnum, { description: 'The score.' })
  metric!: EvaluationMetric;
}

@ObjectType({ simpleResolvers: true, description: 'Whose volumes: those of an arm, or volumes that say nothing.' })
class EvaluationSubject {
  @Field(() => Int, { nullable: true, description: 'Index of the arm; null for other volumes.' })
  arm!: number | null;

  @Field(() => EvaluationReferenceEnum, { nullable: true, description: 'Volumes that say nothing; null for an arm.' })
  reference!: EvaluationReference | null;
}

@ObjectType({
  simpleResolvers: true,
  description: "How often a volume's joint is nearer to that of its own series than to those of other people.",
})
export class EvaluationRetrieval extends EvaluationSubject {
  @Field(() => Int, { description: 'Knees that were compared.' })
  exams!: number;

  @Field(() => Float, { description: 'Share of the knees whose own series is the nearest of all.' })
  first!: number;

  @Field(() => Interval, {
    description: "95 % interval of `first` (Wilson's), as if every knee were another person's.",
  })
  interval!: Interval;

  @Field(() => Float, {
    description: 'Share of comparisons with one other knee that the own one wins; a guess wins half.',
  })
  pairs!: number;

  @Field(() => Float, {
    description: "Other people's knees that each was held against, at most 99; a guess is first once in one more.",
  })
  others!: number;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Limits of agreement (Bland and Altman), mm: the volume minus the series.',
})
export class EvaluationAgreement {
  @Field(() => Int, { description: 'Knees with both.' })
  pairs!: number;

  @Field(() => Float, { description: 'Mean difference.' })
  bias!: number;

  @Field(() => Float, { description: 'Standard error of the mean difference.' })
  biasError!: number;

  @Field(() => Float, { description: 'Lower limit: 95 % of normal differences lie between the limits.' })
  lower!: number;

  @Field(() => Float, { description: 'Upper limit.' })
  upper!: number;

  @Field(() => Float, { description: 'Standard error of each limit.' })
  limitError!: number;

  @Field(() => Float, {
    nullable: true,
    description: "Pearson's correlation; null where one of the two does not vary.",
  })
  correlation!: number | null;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'Joint space of a compartment, bone to bone, against that of the own series. With neither arm nor reference: that of the film.',
})
export class EvaluationJointSpace extends EvaluationSubject {
  @Field(() => JointSideEnum, { description: 'The compartment.' })
  compartment!: JointSide;

  @Field(() => Int, { description: 'Knees whose own series shows it.' })
  exams!: number;

  @Field(() => Int, { description: 'Those whose volume, or film, shows it as well.' })
  found!: number;

  @Field(() => Float, { nullable: true, description: 'Median distance from the own series, mm.' })
  medianError!: number | null;

  @Field(() => EvaluationAgreement, { nullable: true, description: 'Null with fewer than three knees.' })
  agreement!: Agreement | null;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Slope of the joint line, mm from lateral to medial, against the film.',
})
export class EvaluationSlope {
  @Field(() => Int, { description: 'Volumes whose film and volume show the joint line in both compartments.' })
  exams!: number;

  @Field(() => Float, { description: 'Median distance, mm.' })
  medianError!: number;

  @Field(() => Float, { nullable: true, description: "Pearson's correlation; null with fewer than three." })
  correlation!: number | null;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Whether the volumes of an arm show the joints that their films show.',
})
export class EvaluationFilmConsistency {
  @Field(() => Int, { description: 'Index of the arm.' })
  arm!: number;

  @Field(() => Int, { description: 'Volumes whose film could be read.' })
  exams!: number;

  @Field(() => Float, { description: 'Share with a joint line in each compartment.' })
  found!: number;

  @Field(() => Float, { description: 'Share with exactly one joint line in each compartment, as a knee has.' })
  oneLine!: number;

  @Field(() => Interval, { description: "95 % interval of `oneLine` (Wilson's)." })
  interval!: Interval;

  @Field(() => Float, { nullable: true, description: "Median distance of the joint's row from the film's, mm." })
  rowError!: number | null;

  @Field(() => EvaluationSlope, { nullable: true, description: 'Null where no film and volume both show it.' })
  slope!: EvaluationSlope | null;

  @Field(() => Int, { description: 'Knees whose film says no pixel spacing: its crop is taken to show 95 mm.' })
  assumedWidths!: number;
}

@ObjectType('EvaluationResults', { simpleResolvers: true, description: 'The figures of a finished evaluation.' })
export class EvaluationResultsItem {
  @Field(() => [EvaluationSummary], {
    description: 'Each arm over all knees, by metric.',
    complexity: listComplexity(7 * TYPICAL_ARMS),
  })
  summaries!: EvaluationSummary[];

  @Field(() => [EvaluationReferenceSummary], {
    description:
      'Volumes that say nothing of the knee, by metric: what a score is worth. Empty where it was not measured.',
    complexity: listComplexity(35),
  })
  references!: EvaluationReferenceSummary[];

  @Field(() => [EvaluationRetrieval], {
    description: 'Each arm, then the volumes that say nothing. Empty where it was not measured, or with one person.',
    complexity: listComplexity(5 + TYPICAL_ARMS),
  })
  retrieval!: EvaluationRetrieval[];

  @Field(() => [EvaluationJointSpace], {
    description: 'Each arm, the volumes that say nothing, then the films. Empty where it was not measured.',
    complexity: listComplexity(2 * (6 + TYPICAL_ARMS)),
  })
  jointSpace!: EvaluationJointSpace[];

  @Field(() => [EvaluationFilmConsistency], {
    description: 'Each arm whose films could be read. Empty where it was not measured.',
    complexity: listComplexity(TYPICAL_ARMS),
  })
  film!: EvaluationFilmConsistency[];

  @Field(() => [EvaluationComparison], { description: 'Each pair of arms, by metric.', complexity: listComplexity(42) })
  comparisons!: EvaluationComparison[];

  @Field(() => [EvaluationStratum], {
    description: 'Each arm over the knees of one kind, by metric.',
    complexity: listComplexity(175),
  })
  strata!: EvaluationStratum[];

  @Field(() => ScoreSpread, { description: "The imported series' own adjacent-slice correlation, on 50 slices." })
  series!: ScoreSpread;
}
