import { counted } from '../../lib/words.ts';
import type { Transition } from './queries.ts';
import styles from './transition-flows.module.css';

const WIDTH = 420;
const HEIGHT = 260;
const NODE = 14;
const GAP = 13;

interface FlowsProps {
  cells: readonly Transition[];
  from: string;
  to: string;
}

/** A diagram of flows between grades; the matrix beside it says the same in numbers. */
export function TransitionFlows({ cells, from, to }: FlowsProps) {
  const left = stack(cells, 'from');
  const right = stack(cells, 'to');
  const offsets = new Map<string, number>();
  const take = (side: string, at: Stacked, height: number) => {
    const key = `${side} ${at.grade}`;
    const start = at.top + (offsets.get(key) ?? 0);
    offsets.set(key, (offsets.get(key) ?? 0) + height);
    return start;
  };
  const ordered = cells.toSorted((a, b) => order(a.from) - order(b.from) || order(a.to) - order(b.to));
  return (
    <figure className={styles.figure}>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT + 22}`}
        role="img"
        aria-label={`Flows of KL grades from ${from} to ${to}; the matrix has the numbers`}
      >
        {ordered.map((cell) => {
          const source = left.find(({ grade }) => grade === cell.from)!;
          const target = right.find(({ grade }) => grade === cell.to)!;
          const [a, b] = [
            take('from', source, cell.knees * source.scale),
            take('to', target, cell.knees * target.scale),
          ];
          return (
            <path
              key={`${cell.from} ${cell.to}`}
              d={ribbon(a, cell.knees * source.scale, b, cell.knees * target.scale)}
              fill={color(cell.from)}
              className={styles.flow}
            >
              <title>{`${name(cell.from)} to ${name(cell.to)}: ${counted(cell.knees, 'knee')}`}</title>
            </path>
          );
        })}
        {left.map((node) => (
          <Node key={`l${node.grade}`} {...node} x={46} label="left" />
        ))}
        {right.map((node) => (
          <Node key={`r${node.grade}`} {...node} x={WIDTH - 46 - NODE} label="right" />
        ))}
        <text x={46} y={HEIGHT + 18} className={styles.axis}>
          {from}
        </text>
        <text x={WIDTH - 46} y={HEIGHT + 18} textAnchor="end" className={styles.axis}>
          {to}
        </text>
      </svg>
    </figure>
  );
}

interface Stacked {
  grade: number | null;
  top: number;
  height: number;
  /** Units of height per knee. */
  scale: number;
}

function Node({ grade, top, height, x, label }: Stacked & { x: number; label: 'left' | 'right' }) {
  const end = label === 'left';
  return (
    <>
      <rect
        x={x}
        y={top}
        width={NODE}
        height={Math.max(height, 1)}
        rx={2}
        fill={color(grade)}
        className={styles.node}
      />
      <text
        x={end ? x - 6 : x + NODE + 6}
        y={top + height / 2}
        dominantBaseline="central"
        textAnchor={end ? 'end' : 'start'}
        className={styles.label}
      >
        {grade === null ? 'none' : `KL ${grade}`}
      </text>
    </>
  );
}

function stack(cells: readonly Transition[], key: 'from' | 'to'): Stacked[] {
  const sums = new Map<number | null, number>();
  for (const cell of cells) sums.set(cell[key], (sums.get(cell[key]) ?? 0) + cell.knees);
  const total = [...sums.values()].reduce((sum, knees) => sum + knees, 0);
  const scale = (HEIGHT - GAP * (sums.size - 1)) / Math.max(total, 1);
  let top = 0;
  return [...sums.keys()]
    .toSorted((a, b) => order(a) - order(b))
    .map((grade) => {
      const height = sums.get(grade)! * scale;
      const node = { grade, top, height, scale };
      top += height + GAP;
      return node;
    });
}

function ribbon(a: number, aHeight: number, b: number, bHeight: number): string {
  const [x0, x1] = [46 + NODE, WIDTH - 46 - NODE];
  const middle = (x0 + x1) / 2;
  return `M${x0} ${a}C${middle} ${a} ${middle} ${b} ${x1} ${b}V${b + bHeight}C${middle} ${b + bHeight} ${middle} ${a + aHeight} ${x0} ${a + aHeight}Z`;
}

function order(grade: number | null): number {
  return grade ?? 9;
}

function color(grade: number | null): string {
  return grade === null ? 'var(--kl-none)' : `var(--kl-${grade})`;
}

function name(grade: number | null): string {
  return grade === null ? 'missing' : `KL ${grade}`;
}
