import {
  EVALUATION_METRICS,
  EVALUATION_REFERENCES,
  type EvaluationArm,
  type EvaluationMetric,
  type EvaluationReference,
  type EvaluationSettings,
  STRATA,
  type Stratum,
  type VolumeFigures,
} from '../../domain/evaluations.js';
import type { EvaluationExam, EvaluationScore } from '../../entities/index.js';
import {
  bootstrapMedian,
  holm,
  type Interval,
  median,
  quantile,
  wilcoxonSignedRank,
} from '../../metrics/statistics/index.js';
import { kneeResults, type KneeResults } from './knee-results.js';

/** Exams and scores of an evaluation, as the figures are made from them. */
export interface ScoredVolumes {
  arms: readonly EvaluationArm[];
  settings: EvaluationSettings;
  exams: readonly Omit<EvaluationExam, 'evaluation' | 'exam' | 'series'>[];
  scores: readonly Omit<EvaluationScore, 'evaluation' | 'generation'>[];
}

/** Order statistics over knees; never a mean alone. */
export interface Spread {
  exams: number;
  participants: number;
  median: number | null;
  lowerQuartile: number | null;
  upperQuartile: number | null;
  minimum: number | null;
  maximum: number | null;
  /** Percentile bootstrap of the median, by participant; null with fewer than two of them. */
  interval: Interval | null;
}

export interface ArmSummary extends Spread {
  arm: number;
  metric: EvaluationMetric;
  /** Lowest and highest value within 1.5 quartile distances of the quartiles. */
  whiskers: { lower: number | null; upper: number | null };
  /** Values beyond them, the farthest first, at most 50. */
  outliers: number[];
}

export interface StratumSummary extends Spread {
  by: Stratum;
  /** E.g. "2", "LEFT", "FEMALE"; null where it is missing. */
  value: string | null;
  arm: number;
  metric: EvaluationMetric;
}

/** Two arms on the same participants: the second minus the first. */
export interface ArmComparison {
  first: number;
  second: number;
  metric: EvaluationMetric;
  exams: number;
  /** Pairs of the test: one value per participant, the mean over their exams. */
  participants: number;
  medianDifference: number | null;
  interval: Interval | null;
  pValue: number;
  /** Corrected by Holm for every comparison of the evaluation. */
  adjustedPValue: number;
  method: 'EXACT' | 'NORMAL';
}

/** A volume that says nothing of the knee, over up to a hundred knees. */
export interface ReferenceSummary extends Spread {
  reference: EvaluationReference;
  metric: EvaluationMetric;
}

export interface EvaluationResults extends KneeResults {
  summaries: ArmSummary[];
  references: ReferenceSummary[];
  comparisons: ArmComparison[];
  strata: StratumSummary[];
  /** The real stacks' own adjacent-slice correlation. */
  series: Spread;
  failures: { arm: number; exam: string; error: string }[];
}

const OUTLIERS = 50;

type Score = ScoredVolumes['scores'][number];

/** Where each score stands. */
const VALUE: Record<EvaluationMetric, (score: ScoreValues) => number | null> = {
  PSNR: ({ psnr }) => psnr,
  SSIM: ({ ssim }) => ssim,
  RSSIM: ({ rssim }) => rssim,
  EDGE_F1: ({ figures }) => figures?.edgeF1 ?? null,
  BONE_DICE: ({ figures }) => figures?.boneDice ?? null,
  SHARPNESS: ({ figures }) => figures?.sharpness ?? null,
  ADJACENT_CORRELATION: ({ adjacentCorrelation }) => adjacentCorrelation,
};

type ScoreValues = Pick<Score, 'psnr' | 'ssim' | 'rssim' | 'adjacentCorrelation'> & {
  figures: Pick<VolumeFigures, 'edgeF1' | 'boneDice' | 'sharpness'> | null;
};

/** Every figure of an evaluation. Deterministic: the seed of the resampling is the evaluation's own. */
export function evaluationResults(volumes: ScoredVolumes): EvaluationResults {
  const { arms, settings, exams, scores } = volumes;
  const byExam = new Map(exams.map((exam) => [exam.examId, exam]));
  const values = new Map<string, Value[]>();
  for (const score of scores) {
    const exam = byExam.get(score.examId);
    if (!exam || score.state !== 'SUCCEEDED') continue;
    for (const metric of EVALUATION_METRICS) {
      const value = VALUE[metric](score);
      if (value === null) continue;
      const key = `${score.arm} ${metric}`;
      const found = values.get(key);
      if (found) found.push({ exam, value });
      else values.set(key, [{ exam, value }]);
    }
  }
  const of = (arm: number, metric: EvaluationMetric) => values.get(`${arm} ${metric}`) ?? [];
  const places = arms.map((_, arm) => arm);
  const pairs = places.flatMap((second) => places.slice(0, second).map((first) => ({ first, second })));
  return {
    summaries: places.flatMap((arm) =>
      EVALUATION_METRICS.map((metric) => {
        const found = of(arm, metric);
        const spread = spreadOf(found, settings);
        return { arm, metric, ...spread, ...tukey(found, spread) };
      }),
    ),
    comparisons: corrected(
      EVALUATION_METRICS.flatMap((metric) =>
        pairs.map(({ first, second }) => ({
          first,
          second,
          metric,
          ...compare(of(first, metric), of(second, metric), settings),
        })),
      ),
    ),
    strata: STRATA.flatMap((by) =>
      places.flatMap((arm) =>
        EVALUATION_METRICS.flatMap((metric) => {
          const groups = Map.groupBy(of(arm, metric), ({ exam }) => stratumOf(exam, by));
          return [...groups]
            .sort(([a], [b]) => ((a ?? '~') < (b ?? '~') ? -1 : 1))
            .map(([value, found]) => ({ by, value, arm, metric, ...spreadOf(found, settings) }));
        }),
      ),
    ),
    references: EVALUATION_REFERENCES.flatMap((reference) => {
      const measured = exams.flatMap((exam) => {
        const figures = exam.referenceFigures?.[reference];
        return figures ? { exam, score: { ...figures, figures } } : [];
      });
      if (measured.length === 0) return [];
      return EVALUATION_METRICS.map((metric) => {
        const found = measured.flatMap(({ exam, score }) => {
          const value = VALUE[metric](score);
          return value === null ? [] : { exam, value };
        });
        return { reference, metric, ...spreadOf(found, settings) };
      });
    }),
    ...kneeResults(volumes),
    series: spreadOf(
      exams.flatMap((exam) => (exam.seriesCorrelation === null ? [] : { exam, value: exam.seriesCorrelation })),
      settings,
    ),
    failures: scores
      .filter(({ state }) => state === 'FAILED')
      .map(({ arm, examId, error }) => ({ arm, exam: byExam.get(examId)?.label ?? '', error: error ?? '' })),
  };
}

type Exam = ScoredVolumes['exams'][number];

interface Value {
  exam: Exam;
  value: number;
}

function stratumOf({ kl, side, sex }: Exam, by: Stratum): string | null {
  if (by === 'KL') return kl === null ? null : String(kl);
  return by === 'SIDE' ? side : sex;
}

function spreadOf(found: readonly Value[], { seed, resamples, confidence }: EvaluationSettings): Spread {
  const sorted = found.map(({ value }) => value).sort((a, b) => a - b);
  const people = [...Map.groupBy(found, ({ exam }) => exam.participantId).values()];
  const groups = people.map((own) => own.map(({ value }) => value));
  return {
    exams: found.length,
    participants: people.length,
    median: finite(quantile(sorted, 0.5)),
    lowerQuartile: finite(quantile(sorted, 0.25)),
    upperQuartile: finite(quantile(sorted, 0.75)),
    minimum: finite(sorted[0] ?? NaN),
    maximum: finite(sorted.at(-1) ?? NaN),
    interval: interval(bootstrapMedian(groups, { seed, resamples, confidence })),
  };
}

/** Whiskers and outliers of a box. */
function tukey(
  found: readonly Value[],
  { lowerQuartile, upperQuartile, median: middle }: Spread,
): Pick<ArmSummary, 'whiskers' | 'outliers'> {
  if (lowerQuartile === null || upperQuartile === null) return { whiskers: { lower: null, upper: null }, outliers: [] };
  const reach = 1.5 * (upperQuartile - lowerQuartile);
  const inside = (value: number) => value >= lowerQuartile - reach && value <= upperQuartile + reach;
  const values = found.map(({ value }) => value);
  const near = values.filter(inside);
  const far = values.filter((value) => !inside(value));
  far.sort((a, b) => Math.abs(b - middle!) - Math.abs(a - middle!));
  return { whiskers: { lower: Math.min(...near), upper: Math.max(...near) }, outliers: far.slice(0, OUTLIERS) };
}

type Compared = Omit<ArmComparison, 'first' | 'second' | 'metric' | 'adjustedPValue'>;

/** Pairs participants: two knees, or two visits, of one person are not two people. */
function compare(first: readonly Value[], second: readonly Value[], settings: EvaluationSettings): Compared {
  const before = new Map(first.map(({ exam, value }) => [exam.examId, value]));
  const differences = second.flatMap(({ exam, value }) => {
    const other = before.get(exam.examId);
    return other === undefined ? [] : { participant: exam.participantId, difference: value - other };
  });
  const people = [...Map.groupBy(differences, ({ participant }) => participant).values()];
  const means = people.map((own) => own.reduce((sum, { difference }) => sum + difference, 0) / own.length);
  const { seed, resamples, confidence } = settings;
  const { pValue, method } = wilcoxonSignedRank(means);
  return {
    exams: differences.length,
    participants: people.length,
    medianDifference: finite(median(means)),
    interval: interval(
      bootstrapMedian(
        means.map((value) => [value]),
        { seed, resamples, confidence },
      ),
    ),
    pValue,
    method,
  };
}

function corrected(comparisons: Omit<ArmComparison, 'adjustedPValue'>[]): ArmComparison[] {
  const adjusted = holm(comparisons.map(({ pValue }) => pValue));
  return comparisons.map((comparison, index) => ({ ...comparison, adjustedPValue: adjusted[index]! }));
}

function interval({ lower, upper }: Interval): Interval | null {
  return Number.isFinite(lower) && Number.isFinite(upper) ? { lower, upper } : null;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
