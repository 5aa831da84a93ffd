import { SITES } from './disease.js';
import type { KneePhantom } from './phantom.js';
import { GAUSSIANS, Random } from './random.js';
import { ramp } from './sdf.js';

import { Texture } from './texture.js';

/** Size of the bilateral film, mm. */
export const FILM = { width: 400, height: 320 } as const;

/** Where a knee is on the film, in pixels: centre of the joint line, plateau width, and the square crop around it. */
export interface FilmTruth {
  readonly centreColumn: number;
  readonly centreRow: number;
  readonly plateauWidth: number;
  readonly boxLeft: number;
  readonly boxTop: number;
  readonly boxSide: number;
}

export interface FilmImage {
  readonly rows: number;
  readonly columns: number;
  /** Detector values, 16 bit, as stored: bone dark when `inverted` (MONOCHROME1), else bright. */
  readonly pixels: Uint16Array;
  readonly inverted: boolean;
  readonly right: FilmTruth;
  readonly left: FilmTruth;
}

/**
 * Takes the bilateral PA fixed-flexion film of two canonical knees (null = an empty place). The patient's right knee is on the
 * image's left; the left knee is mirrored. `pixel` is the detector's pixel in mm.
 */
export function takeFilm(right: KneePhantom, left: KneePhantom, pixel: number, exposure: Random): FilmImage {
  const columns = Math.round(FILM.width / pixel);
  const rows = Math.round(FILM.height / pixel);
  const shadow = new Float32Array(rows * columns);
  const apart = exposure.normal(190, 7);
  const middle = exposure.normal(FILM.width / 2, 5);
  const height = exposure.normal(FILM.height * 0.5, 6);
  const place = (phantom: KneePhantom, x: number, mirrored: boolean): FilmTruth => {
    const y = height + exposure.normal(0, 3);
    const beam = { flexion: exposure.normal(0.34, 0.06), tilt: exposure.normal(0, 0.045) - phantom.anatomy.plateauSlope, x, y, mirrored };
    castKnee(phantom, shadow, columns, rows, pixel, beam, exposure);
    return truthOf(phantom, x, y, pixel, beam.tilt, mirrored);
  };
  const truthRight = place(right, middle - apart / 2, false);
  const truthLeft = place(left, middle + apart / 2, true);
  const inverted = exposure.chance(0.45);
  const pixels = expose(shadow, columns, rows, pixel, inverted, exposure);
  return { rows, columns, pixels, inverted, right: truthRight, left: truthLeft };
}

interface Beam {
  /** Flexion of the knee, radians. */
  readonly flexion: number;
  /** Tangent of the beam's tilt against the tibia: the flexed stance brings the plateau into line with the beam. */
  readonly tilt: number;
  /** Place of the knee's origin on the film, mm. */
  readonly x: number;
  readonly y: number;
  readonly mirrored: boolean;
}

/** Linear attenuation at about 55 keV, per mm (NIST XCOM / ICRU-44). */
const ATTENUATION = { soft: 0.0216, fat: 0.0192, trabecular: 0.0098, cortical: 0.0385, metal: 0.3 } as const;

/** Rays are cast on this lattice, mm, and interpolated to the detector's pixels. */
const LATTICE = 0.42;
const REACH = 98;

const columnsOfBone = new Texture('trabeculae along the load', 1, 9);
const crossings = new Texture('trabeculae across the load', 5, 1);
const mottle = new Texture('bone density', 12, 12);

/** Adds a knee's optical depth to the film. */
function castKnee(
  phantom: KneePhantom,
  shadow: Float32Array,
  columns: number,
  rows: number,
  pixel: number,
  beam: Beam,
  random: Random,
): void {
  const height = FILM.height;
  const nx = Math.ceil((2 * REACH) / LATTICE) + 2;
  const ny = Math.ceil(height / LATTICE) + 2;
  const depth = new Float32Array(nx * ny);
  const bone = new Float32Array(nx * ny);
  const caster = new RayCaster(phantom, beam);
  for (let j = 0; j < ny; j++) {
    const y = j * LATTICE - beam.y;
    for (let i = 0; i < nx; i++) {
      const x = i * LATTICE - REACH;
      const o = j * nx + i;
      depth[o] = caster.soft(x, y);
      if (depth[o] > 0 && Math.abs(x) < 56) {
        const ray = caster.bone(x, y);
        depth[o]! += ray.attenuation;
        bone[o] = ray.trabecular;
      }
    }
  }
  const u0 = random.between(0, 250);
  const v0 = random.between(0, 250);
  const roughness = random.between(0.7, 1.25) * phantom.anatomy.mineral;
  const from = Math.max(0, Math.floor((beam.x - REACH) / pixel));
  const to = Math.min(columns - 1, Math.ceil((beam.x + REACH) / pixel));
  for (let row = 0; row < rows; row++) {
    const gy = ((row + 0.5) * pixel) / LATTICE;
    const j = gy | 0;
    const fy = gy - j;
    const y = (row + 0.5) * pixel - beam.y;
    for (let column = from; column <= to; column++) {
      const x = ((column + 0.5) * pixel - beam.x) * (beam.mirrored ? -1 : 1);
      const gx = (x + REACH) / LATTICE;
      if (gx < 0 || gx >= nx - 1) continue;
      const i = gx | 0;
      const fx = gx - i;
      const o = j * nx + i;
      const mix = (map: Float32Array) => {
        const top = map[o]! + fx * (map[o + 1]! - map[o]!);
        const bottom = map[o + nx]! + fx * (map[o + nx + 1]! - map[o + nx]!);
        return top + fy * (bottom - top);
      };
      let value = mix(depth);
      const trabecular = mix(bone);
      if (trabecular > 0.5) {
        // Trabeculae run along the load: fanning out from the shaft towards the condyles, straight down in the tibia.
        const fan = x * (1 - 0.0022 * Math.min(60, Math.abs(y)));
        const along = columnsOfBone.at(fan * 3.6 + u0, y * 2.2 + v0);
        const across = crossings.at(x * 2 + v0, y * 3.6 + u0);
        const blotch = mottle.at(x * 1.2 + u0, y * 1.2 - v0);
        const amount = Math.sqrt(trabecular) * roughness;
        value += amount * (0.0075 * along + 0.002 * across + 0.0055 * blotch);
      }
      shadow[row * columns + column]! += value;
    }
  }
}

/** Walks rays from front to back through the flexed knee. */
class RayCaster {
  private readonly cos: number;
  private readonly sin: number;
  private readonly axisY: number;
  private readonly axisZ: number;
  private readonly s: number;

  constructor(
    private readonly phantom: KneePhantom,
    private readonly beam: Beam,
  ) {
    this.s = phantom.anatomy.scale;
    this.cos = Math.cos(beam.flexion);
    this.sin = Math.sin(beam.flexion);
    this.axisY = -21.5 * this.s + phantom.bones.drop(0);
    this.axisZ = -9 * this.s;
  }

  /** Optical depth of skin, fat and muscle along the ray at (x, y): chords of the leg's two ellipses. */
  soft(x: number, y: number): number {
    const { leg } = this.phantom;
    const medial = x > 0;
    const a = (medial ? leg.fascia.medial : leg.fascia.lateral).at(y);
    const A = a + (medial ? leg.fat.medial : leg.fat.lateral);
    const outer = 1 - (x * x) / (A * A);
    if (outer <= 0) return 0;
    const B = leg.fascia.front.at(y) + leg.fat.front + leg.fascia.back.at(y) + leg.fat.back;
    const inner = Math.max(0, 1 - (x * x) / (a * a));
    const b = leg.fascia.front.at(y) + leg.fascia.back.at(y);
    // A standing leg is squarer than an ellipse.
    const whole = B * outer ** 0.38;
    const lean = Math.min(whole, b * inner ** 0.38 * 0.86);
    return 0.94 * (lean * ATTENUATION.soft + (whole - lean) * ATTENUATION.fat);
  }

  /** Extra attenuation by bone and the trabecular path length, mm, along the ray at (x, y). */
  bone(x: number, y: number): { attenuation: number; trabecular: number } {
    const { bones, anatomy, disease } = this.phantom;
    const s = this.s;
    let attenuation = 0;
    let trabecular = 0;
    let z = -90 * s;
    const end = 68 * s;
    const sclerotic = SITES.some((site) => disease.sclerosis[site] > 0);
    while (z < end) {
      const yt = y + this.beam.tilt * z;
      const ry = yt - this.axisY;
      const rz = z - this.axisZ;
      // The femur is turned about the axis of its condyles; the patella goes with it.
      const fy = this.axisY + ry * this.cos + rz * this.sin;
      const fz = this.axisZ - ry * this.sin + rz * this.cos;
      const dF = yt < 26 * s ? bones.femur.at(x, fy, fz) : 90;
      const dT = yt > -16 * s ? bones.tibia.at(x, yt, z) : 90;
      const dB = yt > 0 ? bones.fibula.at(x, yt, z) : 90;
      const dP = z > 10 * s && yt < 30 * s ? bones.patella.at(x, fy, fz) : 90;
      const d = Math.min(dF, dT, dB, dP);
      const step = Math.max(0.55, Math.min(8, (d > 0 ? d : -d - 3.5) * 0.8));
      if (d < 0.6) {
        const shaftY = dF === d ? fy : yt;
        const shaft = ramp(Math.abs(shaftY), 30 * s, 85 * s);
        const cortex = (dP === d ? 0.45 : 0.7 + 2.7 * shaft) * anatomy.cortex;
        const shell = ramp(-d, cortex + 0.5, cortex - 0.4) * ramp(d, 0.5, -0.4);
        const inside = ramp(d, 0.3, -0.3);
        let dense = 0;
        let lucent = 0;
        if (shaft < 0.6) {
          // Bone is denser under the joint surface, and much denser where it is sclerotic.
          const other = dF === d ? dT : dF;
          const load = ramp(other, 16 * s, 7 * s) * ramp(-d, 7, 1);
          dense = 0.55 * load;
          if (sclerotic && (dF === d || dT === d)) {
            const site = SITES[(dF === d ? 0 : 2) + (x > 0 ? 0 : 1)]!;
            const reach = disease.sclerosis[site] * s;
            if (reach > 0) {
              const facing = ramp(other, 15 * s + reach, 8 * s + reach) * ramp(Math.abs(x), 6 * s, 10 * s);
              dense += (0.45 + 0.11 * reach) * facing * ramp(-d, reach * 1.3, reach * 0.6);
            }
          }
          for (const cyst of disease.cysts) {
            const femoral = cyst.site[0] === 'F';
            if (femoral !== (dF === d)) continue;
            const cy = cyst.centre[1] * s + (femoral ? bones.drop(x) : 0);
            const dx = x - cyst.centre[0] * s;
            const dy = (femoral ? fy : yt) - cy;
            const dz = (femoral ? fz : z) - cyst.centre[2] * s;
            const distance = Math.sqrt(dx * dx + dy * dy + dz * dz) - cyst.radius * s;
            if (distance < 1.6) {
              lucent = Math.max(lucent, ramp(distance, 0.5, -0.3));
              dense += 1.6 * ramp(distance, 1.6, 0.9) * ramp(distance, -0.2, 0.6);
            }
          }
        }
        const marrowed = inside * (1 - 0.75 * shaft) * (1 + dense) * (1 - lucent);
        attenuation += step * anatomy.mineral * (shell * ATTENUATION.cortical + (1 - shell) * marrowed * ATTENUATION.trabecular);
        trabecular += step * inside * (1 - 0.6 * shaft);
        if (this.phantom.replaced && dP !== d && dB !== d) {
          const covered = ramp(dF === d ? dT : dF, 24 * s, 22 * s) * ramp(-d, 8 * s, 7 * s);
          const stem = dT === d ? ramp(Math.hypot(x, z - 1) - 6 * s, 0.5, -0.5) * ramp(yt, 42 * s, 40 * s) : 0;
          attenuation += step * inside * Math.max(covered, stem) * ATTENUATION.metal;
        }
      }
      z += step;
    }
    attenuation += this.calcification(x, y);
    return { attenuation, trabecular };
  }

  /** Calcium in cartilage and menisci: a film shows it only as the faintest haze in the joint space. */
  private calcification(x: number, y: number): number {
    const { disease, anatomy } = this.phantom;
    if (!(x > 0 ? disease.calcifiedMedial : disease.calcifiedLateral)) return 0;
    const dx = (Math.abs(x) - (anatomy.condyleSplit + 6) * this.s) / 10;
    const dy = (y - this.phantom.bones.drop(x) * 0.5) / 1.8;
    return 0.02 * Math.exp(-dx * dx - dy * dy) * (1 + 0.6 * columnsOfBone.at(x * 5, y * 8));
  }
}

function truthOf(phantom: KneePhantom, x: number, y: number, pixel: number, tilt: number, mirrored: boolean): FilmTruth {
  const { bones, anatomy } = phantom;
  const split = anatomy.condyleSplit * anatomy.scale;
  const z = -3 * anatomy.scale;
  const surface = (bones.plateau(split, z) + bones.plateau(-split, z)) / 2;
  const gap = (phantom.disease.medialGap + phantom.disease.lateralGap) / 2;
  const centreRow = (y + surface - gap / 2 - tilt * z) / pixel;
  const centreColumn = (x + (mirrored ? 0.6 : -0.6) * anatomy.scale) / pixel;
  const plateauWidth = (2 * 38 * anatomy.scale) / pixel;
  const side = 1.22 * plateauWidth;
  return {
    centreColumn,
    centreRow,
    plateauWidth,
    boxLeft: centreColumn - side / 2,
    boxTop: centreRow - side / 2,
    boxSide: side,
  };
}

/** Scatter, quantum noise, log response, collimation, marker; then 12 of 16 bits as the detector stores them. */
function expose(
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
  const shutter = [random.between(-8, 9), random.between(-8, 9), random.between(-8, 12), random.between(-8, 12)].map((v) => v / pixel);
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
      const edge = Math.min(column - shutter[0]!, columns - shutter[1]! - column, row - shutter[2]!, rows - shutter[3]! - row);
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
