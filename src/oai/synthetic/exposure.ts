import { GAUSSIANS, type Random } from './random.js';
import { ramp } from './sdf.js';

/**
 * What the detector stores of a film whose optical depths are `shadow` (rows x columns): scatter, quantum noise, logarithmic
 * response, collimation, lead letters. 12 bits, bone dark when `inverted`.
 */
export function expose(
  shadow: Float32Array,
  columns: number,
  rows: number,
  pixel: number,
  inverted: boolean,
  random: Random,
): Uint16Array {
  const primary = shadow.map((depth) => Math.exp(-depth));
  const scatter = blur(primary, columns, rows, Math.max(4, Math.round(14 / pixel)));
  const share = random.between(0.25, 0.6);
  const photons = random.between(9000, 26000) * (pixel / 0.3) ** 2 * 4;
  const heel = random.normal(0, 0.12);
  const tilt = random.normal(0, 0.1);
  const gain = random.between(780, 1050);
  const black = random.between(0.01, 0.05);
  const shutter = [random.between(-8, 9), random.between(-8, 9), random.between(-8, 12), random.between(-8, 12)].map(
    (v) => v / pixel,
  );
  const unexposed = random.chance(0.5) ? 1 : 0;
  const offset = random.between(150, 420);
  let state = random.bits() | 1;
  const pixels = new Uint16Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const i = row * columns + column;
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      const beam = 1 + heel * (row / rows - 0.5) + tilt * (column / columns - 0.5);
      const dose = beam * ((1 - share * 0.5) * primary[i]! + share * 0.5 * scatter[i]! + 0.004);
      const counted = dose + Math.sqrt(dose / photons) * GAUSSIANS[state & 0xffff]!;
      let value = offset - gain * Math.log(Math.max(counted, 1e-4) + black);
      const edge = Math.min(
        column - shutter[0]!,
        columns - shutter[1]! - column,
        row - shutter[2]!,
        rows - shutter[3]! - row,
      );
      if (edge < 1) value += ((unexposed ? offset + 4.6 * gain : 60) - value) * ramp(edge, 1, -1);
      const clipped = Math.max(0, Math.min(4095, value));
      pixels[i] = inverted ? 4095 - clipped : clipped;
    }
  }
  if (random.chance(0.5)) stampMarkers(pixels, columns, pixel, inverted, random);
  return pixels;
}

/** Lead letters beside the knees: R on the patient's right, L on the left. */
function stampMarkers(pixels: Uint16Array, columns: number, pixel: number, inverted: boolean, random: Random): void {
  const cell = Math.max(1, Math.round(1.3 / pixel));
  const top = Math.round(random.between(22, 60) / pixel);
  const letters = [
    { at: 0.045, rows: ['1110', '1001', '1001', '1110', '1010', '1001', '1001'] },
    { at: 0.93, rows: ['1000', '1000', '1000', '1000', '1000', '1000', '1111'] },
  ];
  for (const letter of letters) {
    const left = Math.round(columns * letter.at);
    letter.rows.forEach((line, y) => {
      [...line].forEach((bit, x) => {
        if (bit === '0') return;
        for (let dy = 0; dy < cell; dy++) {
          for (let dx = 0; dx < cell; dx++) {
            pixels[(top + y * cell + dy) * columns + left + x * cell + dx] = inverted ? 30 : 4065;
          }
        }
      });
    });
  }
}

/** Box blur through a lattice of cells: scatter is so smooth that this is exact enough. */
function blur(image: Float32Array, columns: number, rows: number, cell: number): Float32Array {
  const nx = Math.ceil(columns / cell);
  const ny = Math.ceil(rows / cell);
  let cells = new Float32Array(nx * ny);
  const counts = new Float32Array(nx * ny);
  for (let row = 0; row < rows; row++) {
    const o = Math.floor(row / cell) * nx;
    for (let column = 0; column < columns; column++) {
      const c = o + Math.floor(column / cell);
      cells[c]! += image[row * columns + column]!;
      counts[c]!++;
    }
  }
  cells = cells.map((sum, i) => sum / counts[i]!);
  const smooth = cells.map((_, i) => {
    const x = i % nx;
    const y = Math.floor(i / nx);
    let sum = 0;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        sum += cells[Math.max(0, Math.min(ny - 1, y + dy)) * nx + Math.max(0, Math.min(nx - 1, x + dx))]!;
      }
    }
    return sum / 9;
  });
  const out = new Float32Array(image.length);
  for (let row = 0; row < rows; row++) {
    const v = Math.max(0, Math.min(ny - 1.001, (row + 0.5) / cell - 0.5));
    const j = Math.min(ny - 2, v | 0);
    const fv = v - j;
    for (let column = 0; column < columns; column++) {
      const u = Math.max(0, Math.min(nx - 1.001, (column + 0.5) / cell - 0.5));
      const i = Math.min(nx - 2, u | 0);
      const fu = u - i;
      const o = j * nx + i;
      const top = smooth[o]! + fu * (smooth[o + 1]! - smooth[o]!);
      const bottom = smooth[o + nx]! + fu * (smooth[o + nx + 1]! - smooth[o + nx]!);
      out[row * columns + column] = top + fv * (bottom - top);
    }
  }
  return out;
}
