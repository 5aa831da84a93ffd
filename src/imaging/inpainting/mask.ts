import type { HiddenPlaces, HiddenSpan } from '../../domain/hidden-places.js';
import { refuseFile } from '../refuse.js';
import { openNiftiFile, type OpenSeries } from '../series/index.js';
import { solve } from '../../metrics/statistics/index.js';
import type { Affine, Volume } from '../volume.js';

const { abs, max } = Math;

/** What is hidden of a series. */
export interface SeriesMask {
  /** What messages call it. */
  readonly name: string;
  /** What messages count slices from: a request as it does itself, from 0; a file as people do. */
  readonly countsFrom: 0 | 1;
  /** Of a slice 1 where it is hidden, row by row; null where nothing of it is. */
  slice(index: number): Promise<Uint8Array | null>;
  close(): Promise<void>;
}

/** An image that hides what is not black in it, in some slices. */
export interface MaskImage extends HiddenSpan {
  /** Pixels of a slice, row by row. */
  data: ArrayLike<number>;
}

/** What was given with a request to say what is hidden, beside places that it names. */
export interface GivenMasks {
  images?: readonly MaskImage[];
  /** A mask on the grid of the series. */
  volume?: Volume | null;
}

/**
 * The mask of places that were named; those must lie in the series, and images be as large as its slices.
 *
 * @throws UserError FILE_REFUSED for a volume of another size or place
 */
export function maskOfPlaces(
  { slices, boxes }: Pick<HiddenPlaces, 'slices' | 'boxes'>,
  series: OpenSeries,
  { images = [], volume = null }: GivenMasks = {},
): SeriesMask {
  const { rows, columns } = series;
  const slicesOfVolume = volume && slicesOnGrid({ ...volume, name: GIVEN_MASK }, series);
  const mask = (index: number): Uint8Array | null => {
    if (slices.includes(index)) return new Uint8Array(rows * columns).fill(1);
    const isHere = ({ firstSlice, lastSlice }: HiddenSpan) => firstSlice <= index && index <= lastSlice;
    const [here, drawn] = [boxes.filter(isHere), images.filter(isHere)];
    const masked = slicesOfVolume?.turn(sliceOf(volume!, slicesOfVolume.indexOf(index))) ?? null;
    if (here.length + drawn.length === 0) return masked;
    const hidden = masked ?? new Uint8Array(rows * columns);
    for (const { left, top, ...size } of here) {
      for (let row = top; row < top + size.rows; row++) {
        hidden.fill(1, row * columns + left, row * columns + left + size.columns);
      }
    }
    for (const { data } of drawn) {
      for (let pixel = 0; pixel < hidden.length; pixel++) if (data[pixel]! > 0) hidden[pixel] = 1;
    }
    return hidden;
  };
  return {
    name: 'The request',
    countsFrom: 0,
    slice: (index) => Promise.resolve(mask(index)),
    close: () => Promise.resolve(),
  };
}

/**
 * Opens a mask: a NIfTI file on the grid of the series, above 0 where it is hidden. Programs turn and flip rows, columns and the order of slices:
 * what lies at the same places is the same grid.
 *
 * @throws UserError FILE_REFUSED for another size or place, and for a file that is no NIfTI
 */
export async function openMask(path: string, series: OpenSeries): Promise<SeriesMask> {
  const file = await openNiftiFile(path);
  try {
    const { indexOf, turn } = slicesOnGrid(file, series);
    return {
      name: file.name,
      countsFrom: 1,
      slice: async (index) => turn(await file.read(indexOf(index))),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** @throws UserError FILE_REFUSED where a mask that was given with a request is not on the grid of a series */
export function assertOnGrid(mask: Omit<Volume, 'data'>, series: Omit<Volume, 'data'>): void {
  orderOf({ ...mask, name: GIVEN_MASK }, series);
}

/** What messages call the volume of a request: its own name may name a patient. */
const GIVEN_MASK = 'The mask';

type NamedGrid = Omit<Volume, 'data'> & { name: string };

/** Which slice of a mask lies where one of the series does, and its values in the order of the series' pixels. @throws UserError FILE_REFUSED */
function slicesOnGrid(mask: NamedGrid, series: Omit<Volume, 'data'>) {
  const order = orderOf(mask, series);
  return {
    indexOf: (index: number): number => (order.flipSlices ? series.slices - 1 - index : index),
    turn: (values: ArrayLike<number>): Uint8Array | null => turned(values, series, order),
  };
}

function sliceOf({ rows, columns, data }: Volume, index: number): ArrayLike<number> {
  return data.subarray(index * rows * columns, (index + 1) * rows * columns);
}

/** How the voxels of a mask are put into the order of the series: its axes are those of the mask, some of them flipped. */
interface Order {
  /** Axes of the mask that run along columns, rows and slices of the series: 0 its columns, 1 its rows, 2 its slices. */
  axes: readonly [number, number, number];
  flipRows: boolean;
  flipColumns: boolean;
  flipSlices: boolean;
}

const AS_IT_IS: Order = { axes: [0, 1, 2], flipRows: false, flipColumns: false, flipSlices: false };

/** Slices are read one by one: a mask of which they are no slices is not. */
const READ: readonly Order['axes'][] = [
  [0, 1, 2],
  [1, 0, 2],
];
const NOT_READ: readonly Order['axes'][] = [
  [0, 2, 1],
  [2, 0, 1],
  [1, 2, 0],
  [2, 1, 0],
];

/** Places that differ by more than this share of a voxel are others. */
const TOLERANCE = 0.25;

function orderOf(mask: NamedGrid, series: Omit<Volume, 'data'>): Order {
  const sizes = [mask, series].map(({ columns, rows, slices }) => `${columns} x ${rows} x ${slices}`);
  const sameSize = sizes[0] === sizes[1];
  // Where one of both does not say where it lies, its size is all there is to go by.
  if (mask.placement === 'UNKNOWN' || series.placement === 'UNKNOWN') {
    if (sameSize) return AS_IT_IS;
    return refuseFile(mask.name, `is ${sizes[0]} voxels and the series ${sizes[1]}; they must be of one size`);
  }
  const found = orderAmong(READ, mask, series);
  if (found) return found;
  const foreign = orderAmong(NOT_READ, mask, series);
  if (foreign) {
    refuseFile(
      mask.name,
      `has its axes in another order than the series, whose slices lie along its ${AXES[foreign.axes[2]]!} axis; store it with the slices of the series as its slices`,
    );
  }
  if (!sameSize) {
    refuseFile(mask.name, `is ${sizes[0]} voxels and the series ${sizes[1]}; they must be of one size`);
  }
  return refuseFile(
    mask.name,
    'lies elsewhere than the series: their affines do not put the same voxels at the same places',
  );
}

const AXES = ['first', 'second', 'third'];

/** The order among these in which a mask has its voxels where the series has them. */
function orderAmong(
  all: readonly Order['axes'][],
  mask: Omit<Volume, 'data'>,
  series: Omit<Volume, 'data'>,
): Order | undefined {
  const counts = [mask.columns, mask.rows, mask.slices];
  const wanted = [series.columns, series.rows, series.slices];
  for (const axes of all) {
    if (axes.some((axis, at) => counts[axis] !== wanted[at])) continue;
    for (let flips = 0; flips < 8; flips++) {
      const order = { axes, flipColumns: !!(flips & 1), flipRows: !!(flips & 2), flipSlices: !!(flips & 4) };
      if (farthest(ordered(mask, order), series) < TOLERANCE) return order;
    }
  }
  return undefined;
}

/** The affine that a mask has once it is in that order. */
function ordered({ affine, columns, rows, slices }: Omit<Volume, 'data'>, order: Order): Affine {
  const [across, down, through] = order.axes;
  const counts = [columns, rows, slices];
  const line = (at: 0 | 4 | 8): [number, number, number, number] => {
    let origin = affine[at + 3]!;
    const step = (axis: number, count: number, flip: boolean): number => {
      const way = affine[at + axis]!;
      if (!flip) return way;
      origin += way * (count - 1);
      return -way;
    };
    const steps = [
      step(across, counts[across]!, order.flipColumns),
      step(down, counts[down]!, order.flipRows),
      step(through, counts[through]!, order.flipSlices),
    ];
    return [steps[0]!, steps[1]!, steps[2]!, origin];
  };
  return [...line(0), ...line(4), ...line(8)];
}

/** How far apart the corners of the series lie in both, in voxels of the series along its axes. */
function farthest(affine: Affine, series: Omit<Volume, 'data'>): number {
  const { columns, rows, slices } = series;
  const axes = [0, 4, 8].map((at) => [series.affine[at]!, series.affine[at + 1]!, series.affine[at + 2]!]);
  let most = 0;
  for (let corner = 0; corner < 8; corner++) {
    const voxel = [corner & 1 ? columns - 1 : 0, corner & 2 ? rows - 1 : 0, corner & 4 ? slices - 1 : 0, 1];
    const apart = [0, 4, 8].map((at) =>
      voxel.reduce((sum, place, axis) => sum + place * (affine[at + axis]! - series.affine[at + axis]!), 0),
    );
    most = max(most, ...solve(axes, apart).map(abs));
  }
  return most;
}

function turned(
  values: ArrayLike<number>,
  { rows, columns }: Omit<Volume, 'data'>,
  { axes, flipRows, flipColumns }: Order,
): Uint8Array | null {
  const transpose = axes[0] === 1;
  const hidden = new Uint8Array(rows * columns);
  let some = false;
  for (let row = 0; row < rows; row++) {
    const down = flipRows ? rows - 1 - row : row;
    for (let column = 0; column < columns; column++) {
      const across = flipColumns ? columns - 1 - column : column;
      if (!(values[transpose ? across * rows + down : down * columns + across]! > 0)) continue;
      hidden[row * columns + column] = 1;
      some = true;
    }
  }
  return some ? hidden : null;
}

/** Pixels of a slice that are hidden. */
export function countHidden(mask: Uint8Array | null): number {
  return mask?.reduce((sum, one) => sum + one, 0) ?? 0;
}
