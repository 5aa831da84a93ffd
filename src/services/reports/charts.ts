import { type EvaluationArm, type EvaluationMetric, METRIC_WORDS } from '../../domain/evaluations.js';
import { agreementChart } from './agreement-chart.js';
import { chart, type Chart } from './chart.js';
import type { ReportInput } from './input.js';

/** The charts of an evaluation: boxes as the paper's Fig. 5, the correlation curve of its Fig. 6, grades, compartments. */
export function evaluationCharts(input: ReportInput): Chart[] {
  const charts: Chart[] = [
    boxChart(input, 'psnr', ['PSNR']),
    boxChart(input, 'similarity', ['SSIM', 'RSSIM']),
    boxChart(input, 'knees', ['EDGE_F1', 'BONE_DICE', 'SHARPNESS']),
    ...agreementChart(input),
    correlationChart(input),
    gradeChart(input),
  ];
  return input.compartments.length > 0 ? [...charts, compartmentChart(input)] : charts;
}

/** Boxes over knees: quartiles, median, whiskers to the last knee within 1.5 quartile distances, points beyond. */
function boxChart({ results, arms, note }: ReportInput, name: string, metrics: readonly EvaluationMetric[]): Chart {
  const many = metrics.length > 1;
  const names = metrics.map((metric) => METRIC_WORDS[metric].name);
  const boxes = results.summaries
    .filter(({ metric, median }) => metrics.includes(metric) && median !== null)
    .map(({ arm, metric, outliers, ...spread }) => ({
      arm: arms[arm]!.label,
      metric: METRIC_WORDS[metric].name,
      median: spread.median,
      lower: spread.lowerQuartile,
      upper: spread.upperQuartile,
      low: spread.whiskers.lower,
      high: spread.whiskers.upper,
      from: spread.interval?.lower ?? null,
      to: spread.interval?.upper ?? null,
      knees: spread.exams,
      outliers,
    }));
  const points = boxes.flatMap(({ arm, metric, outliers }) => outliers.map((value) => ({ arm, metric, value })));
  const labels = arms.map(({ label }) => label);
  const title = `${names.join(', ')} (median over the slices of each knee)`;
  const y = { field: 'arm', type: 'nominal', sort: labels, title: null };
  const yOffset = many ? { yOffset: { field: 'metric', type: 'nominal', sort: names } } : {};
  const x = (field: string) => ({ field, type: 'quantitative', scale: { zero: false }, title });
  const color = many
    ? { field: 'metric', type: 'nominal', sort: names, title: null }
    : { field: 'arm', type: 'nominal', sort: labels, legend: null };
  const size = 16;
  const tooltip = ['arm', 'metric', 'median', 'lower', 'upper', 'from', 'to', 'knees'].map((field) => ({ field }));
  const caption =
    `Boxes hold the middle half of the knees, the line is the median, whiskers reach the last knee within 1.5 quartile ` +
    `distances, the thick line is the 95 % bootstrap interval of the median. ${note}`;
  return chart(name, many ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : metrics[0]!, caption, {
    width: 480,
    height: { step: many ? 24 : 34 },
    data: { values: boxes.map(({ outliers: _, ...box }) => box) },
    encoding: { y, ...yOffset },
    layer: [
      { mark: { type: 'rule', style: 'spread' }, encoding: { x: x('low'), x2: { field: 'high' } } },
      {
        mark: { type: 'bar', size, opacity: 0.55, tooltip: true },
        encoding: { x: x('lower'), x2: { field: 'upper' }, color, tooltip },
      },
      {
        mark: { type: 'tick', style: 'median', thickness: 2, size, orient: 'vertical' },
        encoding: { x: x('median') },
      },
      { mark: { type: 'rule', style: 'median', strokeWidth: 3 }, encoding: { x: x('from'), x2: { field: 'to' } } },
      {
        data: { values: points },
        mark: { type: 'point', size: 18, filled: true, opacity: 0.6 },
        encoding: { x: x('value'), color },
      },
    ],
  });
}

/** Correlation of neighbouring slices over the number of slices, with the real stack's line: the paper's Fig. 6. */
function correlationChart({ results, arms, note, reference }: ReportInput): Chart {
  const series = seriesOf(arms);
  const points = results.summaries
    .filter(({ metric, median }) => metric === 'ADJACENT_CORRELATION' && median !== null)
    .map(({ arm, median, lowerQuartile, upperQuartile }) => ({
      series: series[arm]!,
      slices: arms[arm]!.sliceCount,
      median,
      lower: lowerQuartile,
      upper: upperQuartile,
    }));
  const x = {
    field: 'slices',
    type: 'quantitative',
    title: 'slices of the volume',
    scale: { zero: false, nice: true, padding: 12 },
    axis: { values: [...new Set(points.map(({ slices }) => slices))] },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative',
    scale: { zero: false },
    title: 'correlation of neighbouring slices',
  });
  const color = { field: 'series', type: 'nominal', title: null, legend: { orient: 'bottom', columns: 1 } };
  const { median: real } = results.series;
  const line =
    real === null
      ? []
      : [
          {
            data: { values: [{ real }] },
            mark: { type: 'rule', style: 'reference', strokeDash: [6, 4], strokeWidth: 1.5 },
            encoding: { y: y('real') },
          },
          {
            data: { values: [{ real, text: `own stacks of the ${reference}, 50 slices: ${real.toFixed(3)}` }] },
            mark: { type: 'text', style: 'reference', align: 'right', dx: -4, dy: -8, fontSize: 11, x: 'width' },
            encoding: { y: y('real'), text: { field: 'text' } },
          },
        ];
  const caption =
    `Points are medians over knees, bars the middle half. More slices lie closer together and so correlate more; the dashed ` +
    `line is the median of the ${reference}' own series at the 50 slices of the trained stack. ${note}`;
  return chart('correlation', 'Adjacent-slice correlation', caption, {
    width: 460,
    height: 280,
    data: { values: points },
    layer: [
      { mark: { type: 'line', strokeWidth: 2 }, encoding: { x, y: y('median'), color } },
      { mark: { type: 'rule', opacity: 0.6 }, encoding: { x, y: y('lower'), y2: { field: 'upper' }, color } },
      {
        mark: { type: 'point', filled: true, size: 60, tooltip: true },
        encoding: { x, y: y('median'), color },
      },
      ...line,
    ],
  });
}

/** The arms' labels without their slice counts: arms that differ in nothing else are one line. */
function seriesOf(arms: readonly EvaluationArm[]): string[] {
  return arms.map(({ label, bundle, sliceCount }) => {
    const rest = label
      .split(', ')
      .filter((part) => part !== `${sliceCount} slices`)
      .join(', ');
    return rest || bundle;
  });
}

/** Medians per KL grade as a table of colours. */
function gradeChart({ results, arms, note }: ReportInput): Chart {
  const metrics = ['PSNR', 'SSIM', 'RSSIM'] as const;
  const labels = arms.map(({ label }) => label);
  const cells = results.strata.filter(({ by }) => by === 'KL');
  const grades = [...new Set(cells.map(({ value }) => value ?? 'missing'))];
  const heat = (metric: EvaluationMetric, index: number) => {
    const digits = metric === 'PSNR' ? 1 : 3;
    const values = cells
      .filter((cell) => cell.metric === metric && cell.median !== null)
      .map(({ arm, value, median, exams }) => ({
        arm: labels[arm],
        kl: value ?? 'missing',
        median,
        text: median!.toFixed(digits),
        knees: `n ${exams}`,
      }));
    const [lowest, highest] = [
      Math.min(...values.map(({ median }) => median!)),
      Math.max(...values.map(({ median }) => median!)),
    ];
    const dark = lowest + 0.6 * (highest - lowest);
    const x = { field: 'kl', type: 'ordinal', sort: grades, title: 'KL grade', axis: { labelAngle: 0 } };
    const axis = index === 0 ? {} : null;
    const y = { field: 'arm', type: 'nominal', sort: labels, title: null, axis };
    const ink = { condition: { test: `datum.median > ${dark}`, value: 'white' }, value: '#111827' };
    return {
      title: { text: metric === 'PSNR' ? 'PSNR, dB' : metric, fontWeight: 'normal', fontSize: 12 },
      width: { step: 52 },
      height: { step: 42 },
      data: { values },
      encoding: { x, y },
      layer: [
        {
          mark: { type: 'rect', style: 'square' },
          encoding: { color: { field: 'median', type: 'quantitative', scale: { scheme: 'blues' }, legend: null } },
        },
        { mark: { type: 'text', dy: -6, fontSize: 12 }, encoding: { text: { field: 'text' }, color: ink } },
        { mark: { type: 'text', dy: 10, fontSize: 9 }, encoding: { text: { field: 'knees' }, color: ink } },
      ],
    };
  };
  const caption = `Medians over the knees of each Kellgren-Lawrence grade, with their number. ${note}`;
  return chart('kl', 'By KL grade', caption, {
    hconcat: metrics.map(heat),
    spacing: 14,
    resolve: { scale: { color: 'independent' } },
  });
}

/** Where a set of grades changes the volume: mean absolute difference by compartment. */
function compartmentChart({ compartments, arms, note }: ReportInput): Chart {
  const values = compartments.flatMap(({ arm, against, regions, knees }) =>
    regions.map(({ region, median, lower, upper }) => ({
      set: `${arms[arm]!.label} against ${arms[against]!.label}`,
      region: region.toLowerCase().replaceAll('_', ' '),
      median,
      lower,
      upper,
      knees,
    })),
  );
  const regions = [...new Set(values.map(({ region }) => region))];
  const sets = [...new Set(values.map(({ set }) => set))];
  const y = { field: 'region', type: 'nominal', sort: regions, title: null };
  const yOffset = { field: 'set', type: 'nominal', sort: sets };
  const color = { field: 'set', type: 'nominal', sort: sets, title: null, legend: { orient: 'bottom', columns: 1 } };
  const x = (field: string) => ({
    field,
    type: 'quantitative',
    title: 'mean absolute difference, share of the intensity range',
  });
  const caption =
    `Bars are medians over up to ${compartments[0]!.knees} knees, lines the middle half. Regions follow a fixed rule about the joint ` +
    `line, not a segmentation. ${note}`;
  return chart('compartments', 'Where other grades change the volume', caption, {
    width: 420,
    height: { step: Math.max(12, 26 / sets.length) },
    data: { values },
    encoding: { y, yOffset },
    layer: [
      { mark: { type: 'bar', opacity: 0.75 }, encoding: { x: x('median'), color } },
      { mark: { type: 'rule', style: 'spread' }, encoding: { x: x('lower'), x2: { field: 'upper' } } },
    ],
  });
}
