import type { Side } from '../../domain/participants.js';
import { sampleSlices } from '../../imaging/superres/sample.js';
import { truncator } from './k-space.js';
import { misplacer } from './misplacement.js';
import { coilSensitivity, drawScan, MUSCLE_VALUE, type Scan, SERIES, SlicePainter } from './mri.js';
import type { KneePhantom } from './phantom.js';
import { GAUSSIANS, Random } from './random.js';
import { chemicalShift, relativeNoise, type Scanner, sliceCount } from './scanners.js';
import { signalsAt } from './tissues.js';

const { ceil, floor, hypot, log2, max, min } = Math;

/** A series of one scanner, slices posterior to anterior, each made when it is asked for: in order that is fastest. */
export interface KneeScan {
  /** Rows and columns of a slice, which cover the same 160 mm on every scanner. */
  readonly size: number;
  readonly slices: number;
  /** mm */
  readonly thickness: number;
  /** Depth of the middle of a slice, mm; the same 120 mm are covered on every scanner. */
  depthOf(index: number): number;
  slice(index: number): Promise<Uint16Array>;
}

/**
 * Scans a canonical knee. The knee lies alike for the same `keys` whatever the scanner, so that series of two are in register but for what their
 * gradients misplace; noise is each series' own.
 *
 * What is left out: fat and water count as in phase, and a slice has sharp edges (its 3-D k-space is not truncated).
 *
 * @param keys what the random streams are named by
 */
export function scanKnee(
  phantom: KneePhantom,
  scanner: Scanner,
  side: Side,
  keys: readonly (number | string)[],
): KneeScan {
  const scan = drawScan(new Random(...keys, 'mri'));
  const { matrix: size, thickness } = scanner;
  const object = new PaintedObject(phantom, scanner, scan);
  const fieldOf = imagedField(scanner, side, scan, object);
  const truncated = truncator(object.fine, size);
  const deviation = scan.noise * relativeNoise(scanner);
  const depthOf = (index: number) => FIRST_EDGE + (index + 0.5) * thickness;
  return {
    ...{ size, slices: sliceCount(scanner), thickness, depthOf },
    async slice(index) {
      const whole = new Float32Array(object.fine ** 2);
      for (let part = 0; part < object.perSlice; part++) {
        const field = fieldOf(index * object.perSlice + part);
        const seen = await object.sample(field);
        for (let at = 0; at < whole.length; at++) whole[at]! += (seen[at]! * field.brightness[at]!) / object.perSlice;
      }
      const { real, imaginary } = truncated(whole);
      const random = new Random(...keys, 'noise', scanner.name, index);
      return Uint16Array.from(real, (signal, at) => {
        const bits = random.bits();
        const [a, b] = [GAUSSIANS[bits & 0xffff]!, GAUSSIANS[bits >>> 16]!];
        const magnitude = hypot(signal + deviation * a, imaginary[at]! + deviation * b);
        return min(magnitude * MUSCLE_VALUE * scan.gain + 0.5, 4095);
      });
    },
  };
}

/** Where the first slice begins, mm. */
const FIRST_EDGE = SERIES.firstDepth - SERIES.thickness / 2;

/** Planes are painted no farther apart than this, mm: thicker slices are means of several. */
const PLANE_STEP = 1.5;

/** What is painted around the field of view, in plane and across, mm: gradients bring it in. */
const MARGIN = { plane: 10, across: 18 };

/** Where the pixels of a plane are in the painted object: pixels and planes of it; and how bright they are imaged. */
interface ImagedField {
  readonly column: Float32Array;
  readonly row: Float32Array;
  readonly slice: Float32Array;
  readonly brightness: Float32Array;
}

/** A knee without a scanner's faults, painted plane by plane on a grid twice as fine as its images or finer. */
class PaintedObject {
  /** Pixels a side of the field of view: a power of 2. */
  readonly fine: number;
  /** mm */
  readonly pixel: number;
  readonly perSlice: number;
  /** Distance of planes, mm. */
  readonly step: number;
  /** Pixels and planes before the field of view. */
  readonly before: { readonly pixels: number; readonly planes: number };
  private readonly size: number;
  private readonly planes: number;
  private readonly shift: number;
  private readonly water: SlicePainter;
  private readonly fat: SlicePainter;
  private readonly painted = new Map<number, Float32Array>();

  constructor(phantom: KneePhantom, scanner: Scanner, scan: Scan) {
    this.fine = 2 ** ceil(log2(2 * scanner.matrix));
    this.pixel = SERIES.fieldOfView / this.fine;
    this.perSlice = ceil(scanner.thickness / PLANE_STEP);
    this.step = scanner.thickness / this.perSlice;
    this.before = { pixels: ceil(MARGIN.plane / this.pixel), planes: ceil(MARGIN.across / this.step) };
    this.size = this.fine + 2 * this.before.pixels;
    this.planes = sliceCount(scanner) * this.perSlice + 2 * this.before.planes;
    this.shift = chemicalShift(scanner);
    const { water, fat } = signalsAt(scanner.field);
    const canvas = { size: this.size, fieldOfView: this.size * this.pixel };
    this.water = new SlicePainter(phantom, scan, { ...canvas, signals: water });
    this.fat = new SlicePainter(phantom, scan, { ...canvas, signals: fat });
  }

  /** The object at the places of a field: cubic convolution in plane, linear across. */
  async sample(field: ImagedField): Promise<Float32Array> {
    const least = floor(field.slice.reduce((before, place) => min(before, place), Infinity));
    for (const index of this.painted.keys()) if (index < least) this.painted.delete(index);
    const grid = { rows: this.size, columns: this.size, slices: this.planes };
    return sampleSlices((index) => Promise.resolve(this.plane(index)), grid, field);
  }

  private plane(index: number): Float32Array {
    const known = this.painted.get(index);
    if (known) return known;
    const depth = FIRST_EDGE + (index - this.before.planes + 0.5) * this.step;
    // Fat precesses more slowly, and the scanner takes that for a place farther up.
    const whole = Float32Array.from(this.fat.paint(depth, this.shift));
    this.water.paint(depth).forEach((signal, at) => (whole[at]! += signal));
    this.painted.set(index, whole);
    return whole;
  }
}

/** Nodes a side of the lattice on which fields are computed; between them they are smooth. */
const NODES = 33;

/** What is imaged where, by gradients and coil: a plane's field. */
function imagedField(
  { gradients, shading }: Scanner,
  side: Side,
  scan: Scan,
  { fine, pixel, step, before }: PaintedObject,
): (plane: number) => ImagedField {
  const misplaced = misplacer(gradients, side);
  const sensitivity = coilSensitivity(scan);
  const half = SERIES.fieldOfView / 2;
  const place = (node: number) => (2 * half * node) / (NODES - 1) - half;
  return (plane) => {
    const depth = FIRST_EDGE + (plane + 0.5) * step;
    const lattice = Array.from({ length: NODES ** 2 }, (_, node) => {
      const [x, y] = [place(node % NODES), place(floor(node / NODES))];
      const { from, brightness } = misplaced([x, y, depth]);
      const coil = sensitivity(x + from[0], y + from[1], depth + from[2]) ** shading;
      return [from[0] / pixel, from[1] / pixel, from[2] / step, brightness * coil];
    });
    const [column, row, slice, brightness] = [0, 1, 2, 3].map((one) =>
      spread(
        lattice.map((values) => values[one]!),
        fine,
      ),
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    for (let at = 0; at < fine ** 2; at++) {
      column[at]! += (at % fine) + before.pixels;
      row[at]! += floor(at / fine) + before.pixels;
      slice[at]! += plane + before.planes;
    }
    return { column, row, slice, brightness };
  };
}

/** Values on a lattice over the field of view, brought to its pixels along straight lines. */
function spread(values: readonly number[], fine: number): Float32Array {
  const at = (pixel: number) => {
    const place = ((pixel + 0.5) / fine) * (NODES - 1);
    const node = min(max(floor(place), 0), NODES - 2);
    return [node, place - node] as const;
  };
  const result = new Float32Array(fine ** 2);
  for (let row = 0; row < fine; row++) {
    const [top, down] = at(row);
    const line = Array.from({ length: NODES }, (_, node) => {
      const [above, below] = [values[top * NODES + node]!, values[(top + 1) * NODES + node]!];
      return above + down * (below - above);
    });
    for (let column = 0; column < fine; column++) {
      const [left, right] = at(column);
      result[row * fine + column] = line[left]! + right * (line[left + 1]! - line[left]!);
    }
  }
  return result;
}
