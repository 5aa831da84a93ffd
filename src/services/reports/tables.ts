import { METRIC_WORDS, REFERENCE_NAMES } from '../../domain/evaluations.js';
import { kneeTables } from './knee-tables.js';
import { number, range, type ReportTable, signed } from './cells.js';
import type { Spread } from './results.js';
import type { ReportInput } from './input.js';

const STRATUM_NAMES = { KL: 'KL grade', SIDE: 'side', SEX: 'sex' } as const;

/** The tables of an evaluation. */
export function evaluationTables(input: ReportInput): ReportTable[] {
  return [
    summaryTable(input),
    ...kneeTables(input),
    ...(input.arms.length > 1 ? [comparisonTable(input)] : []),
    strataTable(input),
    armTable(input),
    ...(input.compartments.length > 0 ? [compartmentTable(input)] : []),
    ...(input.results.failures.length > 0 ? [failureTable(input)] : []),
  ];
}

function summaryTable({ results, arms, note, reference }: ReportInput): ReportTable {
  const rows = results.summaries.map(({ arm, metric, ...spread }) => [
    arms[arm]!.label,
    METRIC_WORDS[metric].name,
    ...spreadCells(spread, METRIC_WORDS[metric].digits),
  ]);
  const references = results.references.map(({ reference, metric, ...spread }) => [
    REFERENCE_NAMES[reference],
    METRIC_WORDS[metric].name,
    ...spreadCells(spread, METRIC_WORDS[metric].digits),
  ]);
  const own = [
    `own series of the ${reference}`,
    METRIC_WORDS.ADJACENT_CORRELATION.name,
    ...spreadCells(results.series, 3),
  ];
  return {
    name: 'summary',
    title: 'Scores',
    caption:
      `Over knees; the score of a knee is the median over its slices. The rows after the arms are volumes that say nothing of the knee, ` +
      `or too little, on ten slices of up to 100 knees: a score that does not beat them says nothing about the knee. RSSIM does not tell a knee from ` +
      `black, blur raises PSNR and lowers the sharpness (1 is as sharp as the real slice). ${note}`,
    columns: [
      'arm',
      'score',
      'median',
      'quartiles',
      '95 % interval of the median',
      'lowest to highest',
      'knees',
      'people',
    ],
    rows: [...rows, ...references, own],
  };
}

function comparisonTable({ results, arms, note }: ReportInput): ReportTable {
  const rows = results.comparisons.map(({ first, second, metric, ...found }) => [
    `${arms[second]!.label} against ${arms[first]!.label}`,
    METRIC_WORDS[metric].name,
    signed(found.medianDifference, METRIC_WORDS[metric].digits),
    range(found.interval?.lower, found.interval?.upper, METRIC_WORDS[metric].digits),
    probability(found.pValue),
    probability(found.adjustedPValue),
    String(found.participants),
  ]);
  const fewest = Math.min(...results.comparisons.map(({ participants }) => participants));
  const floor =
    fewest < 6 ? ` With ${fewest} people no difference, however large, can reach p = 0.05: the test needs six.` : '';
  return {
    name: 'comparisons',
    title: 'Paired differences',
    caption:
      `Median difference over people (the mean over one person's knees) with its 95 % bootstrap interval; Wilcoxon's signed-rank ` +
      `test, exact up to 50 people; p corrected by Holm for all ${results.comparisons.length} comparisons of this report.${floor} ${note}`,
    columns: ['arms', 'score', 'median difference', '95 % interval', 'p', 'p, corrected', 'people'],
    rows,
  };
}

function strataTable({ results, arms, note }: ReportInput): ReportTable {
  return {
    name: 'strata',
    title: 'By KL grade, side and sex',
    caption: `An interval needs at least two people. ${note}`,
    columns: [
      'arm',
      'by',
      'value',
      'score',
      'median',
      'quartiles',
      '95 % interval of the median',
      'lowest to highest',
      'knees',
      'people',
    ],
    rows: results.strata.map(({ arm, by, value, metric, ...spread }) => [
      arms[arm]!.label,
      STRATUM_NAMES[by],
      value?.toLowerCase() ?? 'missing',
      METRIC_WORDS[metric].name,
      ...spreadCells(spread, METRIC_WORDS[metric].digits),
    ]),
  };
}

function armTable({ arms, settings, note }: ReportInput): ReportTable {
  const rule = settings.seedRule === 'FIXED' ? 'for every knee' : "from which each knee's own is drawn";
  return {
    name: 'arms',
    title: 'What was compared',
    caption: `Seed ${settings.seed}, ${rule}: the arms of one knee share it. ${note}`,
    columns: ['arm', 'bundle', 'sampler', 'steps', 'eta', 'slices', 'noise', 'grades', 'overridden'],
    rows: arms.map((arm) => [
      arm.label,
      arm.bundle,
      arm.sampler,
      String(arm.steps),
      String(arm.eta),
      String(arm.sliceCount),
      arm.noise.toLowerCase().replace('_', ' '),
      arm.featureSet,
      Object.entries(arm.overrides)
        .map(([code, grade]) => `${code} = ${grade ?? 'missing'}`)
        .join(', ') || 'none',
    ]),
  };
}

function compartmentTable({ compartments, arms, note }: ReportInput): ReportTable {
  return {
    name: 'compartments',
    title: 'Where other grades change the volume',
    caption: `Mean absolute difference, share of the intensity range; median and quartiles over knees. ${note}`,
    columns: ['arms', 'region', 'median', 'quartiles', 'knees'],
    rows: compartments.flatMap(({ arm, against, knees, regions }) =>
      regions.map(({ region, median, lower, upper }) => [
        `${arms[arm]!.label} against ${arms[against]!.label}`,
        region.toLowerCase().replaceAll('_', ' '),
        median.toFixed(4),
        range(lower, upper, 4),
        String(knees),
      ]),
    ),
  };
}

function failureTable({ results, arms }: ReportInput): ReportTable {
  return {
    name: 'failures',
    title: 'Volumes without scores',
    caption: 'They are in none of the figures above.',
    columns: ['arm', 'knee', 'why'],
    rows: results.failures.map(({ arm, exam, error }) => [arms[arm]!.label, exam, error]),
  };
}

function spreadCells(spread: Spread, digits: number): string[] {
  return [
    number(spread.median, digits),
    range(spread.lowerQuartile, spread.upperQuartile, digits),
    range(spread.interval?.lower, spread.interval?.upper, digits),
    range(spread.minimum, spread.maximum, digits),
    String(spread.exams),
    String(spread.participants),
  ];
}

function probability(p: number): string {
  return p < 0.0001 ? '< 0.0001' : p.toFixed(4);
}
