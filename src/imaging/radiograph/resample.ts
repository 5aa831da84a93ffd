const { floor, max, min } = Math;

/** Brightness in C order; larger is brighter. */
export interface Raster {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/** A rectangle in pixel units of a raster; pixel (row, column) covers [column, column + 1) x [row, row + 1). */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Resamples a window of an image. Where pixels get larger each is the mean of the area it covers, where they get smaller it is
 * interpolated bilinearly. Outside the image the nearest edge pixel counts.
 */
export function resample(image: Raster, window: Window, rows: number, columns: number): Raster {
  const across = weights(image.columns, window.left, window.width, columns);
  const down = weights(image.rows, window.top, window.height, rows);
  // Rows first: only the source rows that are needed are shrunk.
  const narrow = new Map<number, Float32Array>();
  const narrowRow = (row: number): Float32Array => {
    let line = narrow.get(row);
    if (!line) {
      line = mixLine(image.data, row * image.columns, across);
      narrow.set(row, line);
    }
    return line;
  };
  const data = new Float32Array(rows * columns);
  down.forEach(({ first, shares }, row) => {
    shares.forEach((share, step) => {
      const line = narrowRow(first + step);
      for (let column = 0; column < columns; column++) data[row * columns + column]! += share * line[column]!;
    });
    for (const known of narrow.keys()) if (known < first) narrow.delete(known);
  });
  return { rows, columns, data };
}

/** The whole image at another size. */
export function resize(image: Raster, rows: number, columns: number): Raster {
  return resample(image, { left: 0, top: 0, width: image.columns, height: image.rows }, rows, columns);
}

/** Source pixels from `first` on, and how much each counts; shares sum to 1. */
interface Mix {
  readonly first: number;
  readonly shares: readonly number[];
}

function weights(length: number, start: number, extent: number, count: number): Mix[] {
  const step = extent / count;
  return Array.from({ length: count }, (_, index) => {
    const middle = start + (index + 0.5) * step;
    return step >= 1 ? areaMix(length, middle - step / 2, middle + step / 2) : linearMix(length, middle - 0.5);
  });
}

function areaMix(length: number, from: number, to: number): Mix {
  const clamp = (value: number): number => min(max(value, 0), length);
  const [low, high] = [clamp(from), clamp(to)];
  if (high - low < 1e-9) return { first: low >= length ? length - 1 : floor(low), shares: [1] };
  const first = floor(low);
  const shares: number[] = [];
  for (let pixel = first; pixel < high; pixel++) {
    shares.push((min(pixel + 1, high) - max(pixel, low)) / (high - low));
  }
  return { first, shares };
}

function linearMix(length: number, place: number): Mix {
  const inside = min(max(place, 0), length - 1);
  const first = min(floor(inside), max(length - 2, 0));
  const share = inside - first;
  return { first, shares: share === 0 ? [1] : [1 - share, share] };
}

function mixLine(data: Float32Array, offset: number, mixes: readonly Mix[]): Float32Array {
  const line = new Float32Array(mixes.length);
  for (let column = 0; column < line.length; column++) {
    const { first, shares } = mixes[column]!;
    let sum = 0;
    for (let step = 0; step < shares.length; step++) sum += shares[step]! * data[offset + first + step]!;
    line[column] = sum;
  }
  return line;
}
