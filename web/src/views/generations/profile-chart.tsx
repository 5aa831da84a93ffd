import { useDeferredValue, useMemo } from 'react';
import { count, decimal } from '../../lib/words.ts';
import { Chart } from '../evaluations/chart.tsx';
import type { Stack } from '../viewer/stack.ts';
import { lengthOf, type Line, valuesAlong } from './profile.ts';

interface ChartProps {
  /** The slices that are shown. */
  before: { stack: Stack; slice: number };
  after: { stack: Stack; slice: number };
  line: Line;
  /** Width and height of the pictures, mm. */
  size: readonly [number, number];
}

/** Places along a line at which the values are read. */
const PLACES = 200;

const [BEFORE, AFTER] = ['before', 'after, synthetic'];

/** Both series' values along a line: how steep an edge was, and has become. */
export function ProfileChart({ before, after, line, size }: ChartProps) {
  const length = lengthOf(line, size);
  const [taken, made] = [before, after].map(({ stack, slice }) => valuesAlong(stack, slice, line, PLACES));
  const caption =
    `${decimal(length, 1, ' mm')} from start to end. ` +
    `Values before from ${span(taken!)}, after from ${span(made!)}.`;
  // Dragging does not wait for drawing.
  const shown = useDeferredValue(JSON.stringify({ length, taken, made }));
  const spec = useMemo(() => specOf(JSON.parse(shown) as Profile), [shown]);
  return (
    <Chart
      chart={{ title: 'Profile', caption, spec }}
      fault="The chart could not be drawn; the values are named below it."
    />
  );
}

interface Profile {
  length: number;
  taken: number[];
  made: number[];
}

function specOf({ length, taken, made }: Profile): object {
  const points = (series: string | undefined, values: number[]) =>
    values.map((value, place) => ({ series, value, mm: (length * place) / (PLACES - 1) }));
  return {
    width: 'container',
    height: 180,
    data: { values: [...points(BEFORE, taken), ...points(AFTER, made)] },
    mark: { type: 'line', interpolate: 'linear' },
    encoding: {
      x: { field: 'mm', type: 'quantitative', title: 'Along the line, mm' },
      y: { field: 'value', type: 'quantitative', title: 'Value', scale: { zero: false } },
      color: {
        field: 'series',
        type: 'nominal',
        title: null,
        scale: { domain: [BEFORE, AFTER] },
        legend: { orient: 'top' },
      },
    },
  };
}

function span(values: readonly number[]): string {
  return `${count(Math.round(Math.min(...values)))} to ${count(Math.round(Math.max(...values)))}`;
}
