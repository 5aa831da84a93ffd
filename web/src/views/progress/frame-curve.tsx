import { decimal } from '../../lib/words.ts';
import type { Frame, Measured } from './frames.ts';
import styles from './progress.module.css';

const WIDTH = 560;
const HEIGHT = 200;
const MARGIN = { left: 36, right: 30, top: 12, bottom: 26 };

/** Joint space (left axis) and grade as read (right axis) along the frames; the frame that is looked at is marked. */
export function FrameCurve({ frames, at }: { frames: readonly Frame[]; at: number }) {
  const points = frames.flatMap(({ index, measured }) => (measured ? [{ index, ...measured }] : []));
  if (points.length === 0) return <p className={styles.note}>Nothing is measured yet.</p>;
  const most = Math.max(1, ...points.map(({ jsw }) => jsw ?? 0)) * 1.1;
  const x = (position: number) => MARGIN.left + position * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (share: number) => HEIGHT - MARGIN.bottom - share * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const line = (value: (point: Measured) => number | null) =>
    points
      .flatMap((point) => {
        const share = value(point);
        return share === null ? [] : [`${x(point.position).toFixed(1)},${y(share).toFixed(1)}`];
      })
      .join(' ');
  const marked = points.find(({ index }) => index === frames[at]?.index);
  const first = points[0]!;
  const end = points.at(-1)!;
  const label = `Joint space from ${decimal(first.jsw, 1)} to ${decimal(end.jsw, 1)} %, grade as read from ${decimal(first.expectedKl, 1)} to ${decimal(end.expectedKl, 1)}`;
  return (
    <figure className={styles.curve}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
        {[0, 1, 2, 3, 4].map((grade) => (
          <g key={grade}>
            <line
              className={styles.rule}
              x1={MARGIN.left}
              x2={WIDTH - MARGIN.right}
              y1={y(grade / 4)}
              y2={y(grade / 4)}
            />
            <text x={WIDTH - MARGIN.right + 8} y={y(grade / 4) + 4}>
              {grade}
            </text>
            <text x={MARGIN.left - 6} y={y(grade / 4) + 4} textAnchor="end">
              {((most * grade) / 4).toFixed(1)}
            </text>
          </g>
        ))}
        {marked && (
          <line
            className={styles.mark}
            x1={x(marked.position)}
            x2={x(marked.position)}
            y1={MARGIN.top}
            y2={HEIGHT - MARGIN.bottom}
          />
        )}
        <polyline className={styles.width} points={line(({ jsw }) => (jsw === null ? null : jsw / most))} />
        <polyline className={styles.grade} points={line(({ expectedKl }) => expectedKl / 4)} />
        {points.map(({ index, position, kl }) => (
          <text key={index} x={x(position)} y={HEIGHT - 8} textAnchor="middle">
            {points.length <= 9 || index % 4 === 0 ? decimal(kl, 1) : ''}
          </text>
        ))}
      </svg>
      <figcaption className={styles.legend}>
        <span className={styles.widthKey}>joint space, %</span>
        <span className={styles.gradeKey}>KL grade as read</span>
        <span>along the KL grade that each frame is to show</span>
      </figcaption>
    </figure>
  );
}
