import { footOn, type Frame, type Point, type Sight, toPane } from './geometry.ts';
import { type Measurement, valueText } from './measure.ts';
import type { Marks } from './planes.ts';
import styles from './desk.module.css';

interface OverlayProps {
  frame: Frame;
  sight: Sight;
  marks: Marks;
  measurements: readonly Measurement[];
  /** Points of the measurement that is being made, and the one under the pointer. */
  draft: readonly Point[];
  cursor: Point | undefined;
  /** Where the crosshair is, in pixels of the picture. */
  cross: Point | undefined;
}

/** What is drawn over a picture: orientation, crosshair, and measurements. The same is told in words elsewhere. */
export function Overlay({ frame, sight, marks, measurements, draft, cursor, cross }: OverlayProps) {
  const { width, height } = frame;
  const at = (point: Point) => toPane(frame, sight, point);
  const middle = cross && at(cross);
  return (
    <svg className={styles.overlay} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {middle && (
        <g className={styles.cross}>
          <path d={`M0 ${middle[1]}H${middle[0] - 8}M${middle[0] + 8} ${middle[1]}H${width}`} />
          <path d={`M${middle[0]} 0V${middle[1] - 8}M${middle[0]} ${middle[1] + 8}V${height}`} />
        </g>
      )}
      {measurements.map((measurement) => (
        <Drawn key={measurement.id} measurement={measurement} at={at} pixel={frame.pixel} />
      ))}
      {draft.length > 0 && (
        <polyline
          className={styles.draft}
          points={[...draft, ...(cursor ? [cursor] : [])].map((point) => at(point).join(',')).join(' ')}
        />
      )}
      {[...draft, ...(cursor ? [cursor] : [])].map((point, index) => {
        const [x, y] = at(point);
        return <path key={index} className={styles.draft} d={`M${x - 6} ${y}H${x + 6}M${x} ${y - 6}V${y + 6}`} />;
      })}
      <g className={styles.letters}>
        <text x={8} y={height / 2} dominantBaseline="middle">
          {marks.left}
        </text>
        <text x={width - 8} y={height / 2} dominantBaseline="middle" textAnchor="end">
          {marks.right}
        </text>
        <text x={width / 2} y={8} dominantBaseline="hanging" textAnchor="middle">
          {marks.top}
        </text>
        <text x={width / 2} y={height - 8} textAnchor="middle">
          {marks.bottom}
        </text>
      </g>
    </svg>
  );
}

interface DrawnProps {
  measurement: Measurement;
  at: (point: Point) => Point;
  pixel: readonly [number, number];
}

function Drawn({ measurement, at, pixel }: DrawnProps) {
  const { kind, points, name } = measurement;
  const [a, b, c] = points;
  const lines: Point[][] =
    kind === 'joint-space' && a && b && c
      ? [
          [a, b],
          [c, footOn([a, b], c, pixel)],
        ]
      : [[...points]];
  const [x, y] = at(points.at(-1) ?? [0, 0]);
  return (
    <g className={styles.measured}>
      {lines.map((line, index) => (
        <polyline key={index} points={line.map((point) => at(point).join(',')).join(' ')} />
      ))}
      {points.map((point, index) => {
        const [left, top] = at(point);
        return <circle key={index} cx={left} cy={top} r={3.5} />;
      })}
      <text x={x + 8} y={y - 8}>
        {name}: {valueText(measurement)}
      </text>
    </g>
  );
}
