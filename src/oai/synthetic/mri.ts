import { axisAt } from './anatomy.js';
import type { KneePhantom } from './phantom.js';
import { GAUSSIANS, type Random } from './random.js';
import { capsule, ramp } from './sdf.js';
import type { Point } from './sdf.js';
import { LEG_AXIS } from './soft-tissue.js';
import { SIGNAL, type Signals } from './tissues.js';
import { Texture } from './texture.js';
import { JointPainter } from './joint.js';

/** Geometry of COR T1 3D FLASH: 80 slices x 1.5 mm, 160 mm field of view. */
export const SERIES = { slices: 80, thickness: 1.5, fieldOfView: 160, firstDepth: -69 } as const;

export interface MriSeriesImage {
  /** Rows and columns of a slice. */
  readonly size: number;
  /** Slices posterior to anterior, rows superior to inferior, columns lateral to medial (canonical: a right knee). */
  readonly slices: readonly Uint16Array[];
}

/** Renders the series of a canonical knee. `acquisition` drives what differs between scans: position, coil, noise. */
export function renderMri(phantom: KneePhantom, size: number, acquisition: Random): MriSeriesImage {
  const scan = drawScan(acquisition);
  const painter = new SlicePainter(phantom, scan, { size, fieldOfView: SERIES.fieldOfView, signals: SIGNAL });
  const slices = Array.from({ length: SERIES.slices }, (_, index) => painter.slice(index));
  return { size, slices };
}

/** Grey value of muscle without coil bias. */
export const MUSCLE_VALUE = 620;

/** How the leg lies in the coil. */
export interface Scan {
  readonly offset: Point;
  readonly lean: number;
  readonly tilt: number;
  readonly noise: number;
  readonly gain: number;
  readonly coil: readonly { readonly centre: Point; readonly weight: number }[];
  readonly seed: number;
}

/** How one scan of a knee differs from another. */
export function drawScan(random: Random): Scan {
  return {
    // The coil is centred on the joint line, closer than a clinic's would be: no film tells of a shift of the scan, and with
    // 4 mm of it a perfect generator would score no better than the mean volume.
    offset: [random.normal(0, 0.12), random.normal(6, 0.12), random.normal(0, 0.12)],
    lean: random.normal(0, 0.001),
    tilt: random.normal(0, 0.001),
    noise: random.between(0.02, 0.028),
    gain: random.normal(1, 0.12),
    coil: [0, 1, 2, 3, 4, 5].map((i) => ({
      centre: [
        Math.cos((i * Math.PI) / 3) * 95,
        random.normal(0, 5) + (i % 2 === 0 ? -20 : 20),
        Math.sin((i * Math.PI) / 3) * 95 - 6,
      ] as const,
      weight: random.normal(1, 0.04),
    })),
    seed: random.bits(),
  };
}

const streaks = new Texture('muscle fibres', 1.4, 9);
const cloud = new Texture('cloud', 7, 7);
const lobules = new Texture('fat lobules', 3, 4);

/** The square that is painted. */
export interface Canvas {
  /** Pixels a side. */
  readonly size: number;
  /** mm a side. */
  readonly fieldOfView: number;
  readonly signals: Signals;
}

/** Paints tissues over each other, back to front, with edges softened over one pixel. */
export class SlicePainter {
  private readonly signal: Float32Array;
  private readonly size: number;
  private readonly fieldOfView: number;
  private readonly signals: Signals;
  private readonly pixel: number;
  private readonly joint: JointPainter;

  constructor(
    private readonly phantom: KneePhantom,
    private readonly scan: Scan,
    { size, fieldOfView, signals }: Canvas,
  ) {
    this.size = size;
    this.fieldOfView = fieldOfView;
    this.signals = signals;
    this.signal = new Float32Array(size * size);
    this.pixel = fieldOfView / size;
    this.joint = new JointPainter(phantom, signals);
  }

  slice(index: number): Uint16Array {
    this.paint(SERIES.firstDepth + index * SERIES.thickness);
    return this.receive(index);
  }

  /**
   * What lies in the plane at a depth, mm, without coil and noise, in the unit of the signals; the next call paints over it.
   *
   * @param raised by how many mm everything is moved up
   */
  paint(at: number, raised = 0): Float32Array {
    const depth = at - this.scan.offset[2];
    this.signal.fill(0);
    for (let row = 0; row < this.size; row++) {
      const y = (row + 0.5) * this.pixel - this.fieldOfView / 2 - this.scan.offset[1] + raised;
      const left = 0.5 * this.pixel - this.fieldOfView / 2 - this.scan.offset[0] - this.scan.lean * y;
      const z = depth - this.scan.tilt * y;
      const offset = row * this.size;
      const fromAxis = left - axisAt(this.phantom.anatomy, y);
      this.paintLeg(offset, fromAxis, y, z);
      this.paintMuscles(offset, fromAxis, y, z);
      this.paintVessels(offset, fromAxis, y, z);
      this.joint.paintRow(this.signal, offset, this.size, left, this.pixel, y, z);
    }
    return this.signal;
  }

  private paintLeg(offset: number, left: number, y: number, z: number): void {
    const { leg } = this.phantom;
    const { subcutaneous: fat, skin: outside, strands } = this.signals;
    const front = z > LEG_AXIS;
    const b = (front ? leg.fascia.front : leg.fascia.back).at(y);
    const B = b + (front ? leg.fat.front : leg.fat.back);
    const dz = z - LEG_AXIS;
    const outer = (dz * dz) / (B * B);
    const inner = (dz * dz) / (b * b);
    if (outer > 1.15) return;
    const widths = [leg.fascia.lateral.at(y), leg.fascia.medial.at(y)] as const;
    const fats = [leg.fat.lateral, leg.fat.medial] as const;
    for (let column = 0; column < this.size; column++) {
      const x = left + column * this.pixel;
      const side = x > 0 ? 1 : 0;
      const a = widths[side];
      const A = a + fats[side];
      const skin =
        (Math.sqrt((x * x) / (A * A) + outer) - 1) * Math.min(A, B) + 0.7 * cloud.at(y * 0.35 + 40, x * 0.2 + z * 0.3);
      if (skin > 1) continue;
      const fascia = (Math.sqrt((x * x) / (a * a) + inner) - 1) * Math.min(a, b);
      const texture = lobules.at(x * 1.3 + z * 0.9, y * 1.1 + z * 0.5);
      const septum = Math.max(0, 1 - Math.abs(lobules.at(x * 0.9 - z * 0.5 + 77, y * 0.7 + z * 0.3)) * 7);
      let value = fat * (1 + 0.16 * texture);
      if (fascia > 0)
        value += strands * (0.06 * septum + 0.35 * ramp(lobules.at(x * 2.2 + z * 1.7, y * 0.9 - z), 2.3, 3.2));
      else value *= 0.85 - 0.1 * texture;
      if (fascia > -1 && fascia < 0.3) value += strands * 0.14 * ramp(texture, -0.8, 1);
      if (skin > -1.9) value += (outside * 0.75 - value) * ramp(skin, -1.9, -1);
      this.signal[offset + column] = value * Math.max(0, Math.min(1, 0.5 - skin / this.pixel));
    }
  }

  private paintMuscles(offset: number, left: number, y: number, z: number): void {
    for (const muscle of this.phantom.muscles) {
      if (y < muscle.top || y > muscle.bottom) continue;
      const b = muscle.halfDepth.at(y);
      if (b < 0.4) continue;
      const q = (z - muscle.z.at(y)) / b;
      if (q * q >= 1) continue;
      const wave = 1 + 0.05 * cloud.at(y * 0.4 + muscle.phase, z * 0.8);
      const half = muscle.halfWidth.at(y) * Math.sqrt(1 - q * q) * wave;
      const middle = muscle.x.at(y) + 0.06 * (z + 20);
      const first = Math.max(0, Math.floor((middle - half - left) / this.pixel));
      const last = Math.min(this.size - 1, Math.ceil((middle + half - left) / this.pixel));
      for (let column = first; column <= last; column++) {
        const x = left + column * this.pixel;
        const edge = half - Math.abs(x - middle);
        const cover = Math.max(0, Math.min(1, 0.5 + edge / this.pixel));
        if (cover === 0) continue;
        const across = (x - middle) * 1.3 + z * 1.1 + muscle.phase;
        const fibre = streaks.at(across, y * 0.9 + z * 0.35);
        const split = ramp(fibre, 1.1, 2.4) * ramp(cloud.at(across * 0.5 + 31, y * 0.3 + z * 0.5), -0.2, 0.8);
        const tone = 1 + 0.05 * fibre + 0.07 * cloud.at(x * 0.3 + muscle.phase, y * 0.2 + z * 0.3);
        const value = this.signals.muscle * tone * (1 - 0.55 * split) * (0.62 + 0.38 * ramp(edge, 0, 1.6));
        this.signal[offset + column]! += (value - this.signal[offset + column]!) * cover;
      }
    }
  }

  private paintVessels(offset: number, left: number, y: number, z: number): void {
    for (const { from, to, radius } of this.phantom.vessels) {
      if (y < Math.min(from[1], to[1]) - radius || y > Math.max(from[1], to[1]) + radius) continue;
      if (z < Math.min(from[2], to[2]) - radius || z > Math.max(from[2], to[2]) + radius) continue;
      const first = Math.max(0, Math.floor((Math.min(from[0], to[0]) - radius - left) / this.pixel) - 1);
      const last = Math.min(this.size - 1, Math.ceil((Math.max(from[0], to[0]) + radius - left) / this.pixel) + 1);
      for (let column = first; column <= last; column++) {
        const d = capsule(left + column * this.pixel, y, z, from, to, radius);
        const cover = Math.max(0, Math.min(1, 0.5 - d / this.pixel));
        if (cover > 0) this.signal[offset + column]! += (this.signals.vessel - this.signal[offset + column]!) * cover;
      }
    }
  }

  /** Coil bias and Rician noise. */
  private receive(index: number): Uint16Array {
    const out = new Uint16Array(this.size * this.size);
    const bias = coilBias(this.scan, SERIES.firstDepth + index * SERIES.thickness);
    const gaussians = GAUSSIANS;
    let state = (this.scan.seed ^ Math.imul(index + 1, 0x9e3779b9)) | 1;
    const value = MUSCLE_VALUE * this.scan.gain;
    const cells = BIAS_CELLS;
    for (let row = 0; row < this.size; row++) {
      const v = ((row + 0.5) / this.size) * cells;
      const bv = Math.min(cells - 1, v | 0);
      const fv = v - bv;
      for (let column = 0; column < this.size; column++) {
        const u = ((column + 0.5) / this.size) * cells;
        const bu = Math.min(cells - 1, u | 0);
        const fu = u - bu;
        const o = bv * (cells + 1) + bu;
        const top = bias[o]! + fu * (bias[o + 1]! - bias[o]!);
        const bottom = bias[o + cells + 1]! + fu * (bias[o + cells + 2]! - bias[o + cells + 1]!);
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        const signal = this.signal[row * this.size + column]! * (top + fv * (bottom - top));
        const real = signal + this.scan.noise * gaussians[state & 0xffff]!;
        const imaginary = this.scan.noise * gaussians[(state >>> 16) & 0xffff]!;
        out[row * this.size + column] = Math.sqrt(real * real + imaginary * imaginary) * value + 0.5;
      }
    }
    return out;
  }
}

const BIAS_CELLS = 16;

/** Sensitivity of the coil on a coarse lattice over the slice. */
function coilBias(scan: Scan, z: number): Float32Array {
  const at = coilSensitivity(scan);
  return Float32Array.from({ length: (BIAS_CELLS + 1) ** 2 }, (_, i) => {
    const x = ((i % (BIAS_CELLS + 1)) / BIAS_CELLS - 0.5) * SERIES.fieldOfView;
    const y = (Math.floor(i / (BIAS_CELLS + 1)) / BIAS_CELLS - 0.5) * SERIES.fieldOfView;
    return at(x, y, z);
  });
}

/** Sensitivity of the coil's six elements at a place, mm from the middle of the field of view; 1 at the centre of the knee. */
export function coilSensitivity(scan: Scan): (x: number, y: number, depth: number) => number {
  const at = (x: number, y: number, depth: number) => {
    let sum = 0;
    for (const { centre, weight } of scan.coil) {
      const d2 = (x - centre[0]) ** 2 + ((y - centre[1]) * 0.5) ** 2 + (depth - centre[2]) ** 2;
      sum += weight / (1 + d2 / 7000);
    }
    return sum;
  };
  const reference = at(0, 0, LEG_AXIS);
  return (x, y, depth) => at(x, y, depth) / reference;
}
