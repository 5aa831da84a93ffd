import type { GreyImage } from '../../src/metrics/index.js';

/** The formulas of test/golden/metrics.py: value in [0, 1]; variant 0 is the real image of a pair, 1 the generated one. */
function pattern(name: string, row: number, column: number, rows: number, columns: number, variant: number): number {
  const y = row / rows;
  const x = column / columns;
  const noise = hashed(row, column, variant);
  switch (name) {
    case 'rings':
      return 0.5 + 0.45 * Math.sin(40 * Math.sqrt((y - 0.5) ** 2 + (x - 0.5 - 0.03 * variant) ** 2));
    case 'discs': {
      const left = (y - 0.4) ** 2 + (x - 0.35 - 0.02 * variant) ** 2 < 0.04 ? 0.5 : 0;
      const right = (y - 0.65) ** 2 + (x - 0.7) ** 2 < 0.02 + 0.01 * variant ? 0.25 : 0;
      return 0.15 + left + right + 0.1 * noise;
    }
    case 'bands': {
      const edge = 0.5 + 0.04 * Math.cos(9 * x) + 0.02 * variant;
      return Math.abs(y - edge) < 0.04 ? 0.9 : 0.08 + 0.06 * noise + 0.1 * x;
    }
    case 'noise':
      return noise;
    case 'corner':
      return (x + y > 0.9 + 0.1 * variant ? 0.8 : 0.1) + 0.1 * noise;
    case 'ramp':
      return 0.2 + 0.6 * (variant === 0 ? x : y);
    default:
      throw new RangeError(`test/golden/metrics.py has no pattern ${name}.`);
  }
}

/** Variants above 1 are further images of the same kind. */
export function patternImage(name: string, rows: number, columns: number, variant: number): GreyImage {
  const data = Float64Array.from({ length: rows * columns }, (_, index) =>
    pattern(name, Math.floor(index / columns), index % columns, rows, columns, variant),
  );
  return { rows, columns, data };
}

/** Uniform in [0, 1) from 32-bit integer arithmetic. */
export function hashed(row: number, column: number, salt: number): number {
  let value = (Math.imul(row, 374761393) + Math.imul(column, 668265263) + Math.imul(salt, 2246822519)) >>> 0;
  value = Math.imul(value ^ (value >>> 13), 1274126177) >>> 0;
  return ((value ^ (value >>> 16)) & 0xffffff) / 16777216;
}
