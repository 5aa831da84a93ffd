import { decimal } from '../../lib/words.ts';
import type { Slice } from './queries.ts';
import styles from './score-charts.module.css';

const WIDTH = 300;
const HEIGHT = 110;
const MARGIN = { left: 34, right: 6, top: 8, bottom: 18 };

interface ScoreChartsProps {
  slices: readonly Slice[];
  /** Slices of the whole volume: the axis is there from the start, the line grows along it. */
  count: number;
}

const SCORES = [
  { key: 'psnr', label: 'PSNR', unit: ' dB', digits: 1, color: 'var(--series-1)' },
  { key: 'ssim', label: 'SSIM', unit: '', digits: 3, color: 'var(--series-2)' },
  { key: 'rssim', label: 'RSSIM', unit: '', digits: 3, color: 'var(--series-3)' },
] as const;

/** PSNR, SSIM and RSSIM per slice, as they arrive. */
export function ScoreCharts({ slices, count }: ScoreChartsProps) {
  return (
    <div className={styles.charts}>
      {SCORES.map(({ key, ...score }) => {
        const points = slices.flatMap(({ index, [key]: value }) => (value === null ? [] : [{ index, value }]));
        return <Chart key={key} {...score} points={points} count={count} />;
      })}
    </div>
  );
}

interface ChartProps {
  label: string;
  unit: string;
  digits: number;
  color: string;
  points: { index: number; value: number }[];
  count: number;
}

function Chart({ label, unit, digits, color, points, count }: ChartProps) {
  const values = points.map(({ value }) => value).toSorted((a, b) => a - b);
  const median = middle(values);
  const [low, high] = range(values, digits);
  const x = (index: number) => MARGIN.left + (index / Math.max(count - 1, 1)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value: number) => MARGIN.top + (1 - (value - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  return (
    <figure className={styles.chart}>
      <figcaption>
        <strong>{label}</strong> median {decimal(median, digits, unit)}
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${label} of ${points.length} slices: median ${decimal(median, digits, unit)}, from ${decimal(values[0], digits)} to ${decimal(values.at(-1), digits)}`}
      >
        {[low, (low + high) / 2, high].map((tick) => (
          <g key={tick}>
            <line x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={y(tick)} y2={y(tick)} className={styles.rule} />
            <text x={MARGIN.left - 4} y={y(tick)} textAnchor="end" dominantBaseline="central">
              {tick.toFixed(digits > 1 ? 2 : 0)}
            </text>
          </g>
        ))}
        <text x={MARGIN.left} y={HEIGHT - 4}>
          1
        </text>
        <text x={WIDTH - MARGIN.right} y={HEIGHT - 4} textAnchor="end">
          {count}
        </text>
        {segments(points).map((run) => (
          <polyline
            key={run[0]!.index}
            points={run.map(({ index, value }) => `${x(index)},${y(value)}`).join(' ')}
            fill="none"
            stroke={color}
            strokeWidth={1.75}
            strokeLinejoin="round"
          />
        ))}
        {points.map(({ index, value }) => (
          <circle key={index} cx={x(index)} cy={y(value)} r={count > 100 ? 0.8 : 1.8} fill={color}>
            <title>{`Slice ${index + 1}: ${decimal(value, digits, unit)}`}</title>
          </circle>
        ))}
      </svg>
    </figure>
  );
}

/** Runs of neighbouring slices: nothing is drawn across one that is not there yet. */
function segments(points: ChartProps['points']): ChartProps['points'][] {
  const runs: ChartProps['points'][] = [];
  for (const point of points) {
    const run = runs.at(-1);
    if (run && run.at(-1)!.index === point.index - 1) run.push(point);
    else runs.push([point]);
  }
  return runs;
}

function middle(sorted: readonly number[]): number | null {
  if (sorted.length === 0) return null;
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
}

/** A little wider than the values, so that the line does not jump with each of them. */
function range(sorted: readonly number[], digits: number): [number, number] {
  const unit = digits > 1 ? 0.1 : 5;
  const low = Math.floor((sorted[0] ?? 0) / unit) * unit;
  const high = Math.ceil((sorted.at(-1) ?? unit) / unit) * unit;
  return high > low ? [low, high] : [low, low + unit];
}
