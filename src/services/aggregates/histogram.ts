import { UserError } from '../../domain/errors.js';

/** Bins by their edges, or `bins` of equal width between `from` and `to`. */
export interface HistogramRequest {
  edges?: readonly number[] | null | undefined;
  from?: number | null | undefined;
  to?: number | null | undefined;
  bins?: number | null | undefined;
}

/** Counts by bin, numpy's way: a bin takes its lower edge in, the last one both. */
export interface Histogram {
  bins: HistogramBin[];
  /** Values below the first edge. */
  below: number;
  /** Values above the last edge. */
  above: number;
}

export interface HistogramBin {
  from: number;
  to: number;
  count: number;
}

const MAX_BINS = 200;

/**
 * The edges of the bins, in the single precision of the columns.
 *
 * @throws UserError BAD_USER_INPUT when they do not describe 1 to 200 bins of some width.
 */
export function histogramEdges({ edges, from, to, bins }: HistogramRequest): number[] {
  if (edges) {
    if (from != null || to != null || bins != null) {
      throw new UserError('BAD_USER_INPUT', 'histogram takes either edges, or from, to and bins.');
    }
    return checked(edges);
  }
  if (from == null || to == null || bins == null) {
    throw new UserError('BAD_USER_INPUT', 'histogram needs edges, or from, to and bins.');
  }
  if (bins < 1 || bins > MAX_BINS) throw tooMany(bins);
  return checked(Array.from({ length: bins + 1 }, (_, index) => from + ((to - from) * index) / bins));
}

/** @param filled counts by number of the bin: 0 is below the first edge, the last is above the last one. */
export function histogramOf(edges: readonly number[], filled: Readonly<Record<string, number>>): Histogram {
  return {
    bins: edges.slice(1).map((to, index) => ({
      from: shortest(edges[index]!),
      to: shortest(to),
      count: filled[index + 1] ?? 0,
    })),
    below: filled[0] ?? 0,
    above: filled[edges.length] ?? 0,
  };
}

function checked(edges: readonly number[]): number[] {
  if (edges.length < 2 || edges.length > MAX_BINS + 1) throw tooMany(edges.length - 1);
  const single = edges.map(Math.fround);
  const unordered = single.findIndex(
    (edge, index) => !Number.isFinite(edge) || (index > 0 && !(edge > single[index - 1]!)),
  );
  if (unordered >= 0) {
    throw new UserError(
      'BAD_USER_INPUT',
      `histogram: edges must be numbers, each greater than the one before; edge ${unordered + 1} is ${edges[unordered]!}.`,
    );
  }
  return single;
}

function tooMany(bins: number): UserError {
  return new UserError('BAD_USER_INPUT', `histogram takes 1 to ${MAX_BINS} bins, got ${bins}.`);
}

/** The shortest decimal of a single-precision number: 18.1, not 18.100000381469727. */
function shortest(single: number): number {
  return Number(single.toPrecision(7));
}
