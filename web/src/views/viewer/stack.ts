import { fetchGrey, quantile, sortedSample } from '../../lib/grey-film.ts';
import { fetchVolume, type Volume } from '../../lib/nifti.ts';
import type { ShownImage } from './images.ts';
import { cutAlong, type Cut, type Marks, patientPlace, type Plane } from './planes.ts';

/** Pictures of one size that a pane leafs through: the only one of a film, or the slices of a series along a plane. */
export interface Stack {
  columns: number;
  rows: number;
  slices: number;
  /** Millimetres between pixels, across and down; null where the film does not tell. */
  spacing: readonly [number, number] | null;
  /** Millimetres between slices; null of a film. */
  gap: number | null;
  marks: Marks;
  /** Ascending values, for percentiles. */
  sample: Float32Array;
  slice(index: number): ArrayLike<number>;
  /** Of a series: to and from its voxels, which its three planes share. */
  cut?: Cut;
  /** Of a series that says where it lies: where a pixel is, mm towards the patient's right, anterior, superior. */
  place?(column: number, row: number, slice: number): readonly [number, number, number];
}

/** An image in memory. A film has one stack, whatever plane is asked for. */
export interface Loaded {
  along(plane: Plane): Stack;
}

/**
 * Fetches and decodes an image.
 *
 * @throws Error with a sentence when it does not arrive or cannot be read
 */
export async function loadImage(image: ShownImage, signal: AbortSignal): Promise<Loaded> {
  return image.kind === 'film' ? filmOf(image, signal) : loadSeries(image.url, signal);
}

/** Fetches and decodes a series. @throws as `loadImage` */
export async function loadSeries(url: string, signal: AbortSignal): Promise<Loaded> {
  return seriesOf(await fetchVolume(url, signal));
}

async function filmOf({ url, pixelSpacing, oriented }: ShownImage, signal: AbortSignal): Promise<Loaded> {
  const { columns, rows, data } = await fetchGrey(url, signal);
  const stack: Stack = {
    columns,
    rows,
    slices: 1,
    spacing: pixelSpacing === null ? null : [pixelSpacing, pixelSpacing],
    gap: null,
    // Films are kept as they are hung: the patient's right knee is on the picture's left.
    marks: oriented ? { left: 'R', right: 'L', top: 'S', bottom: 'I' } : { left: '', right: '', top: '', bottom: '' },
    sample: sortedSample(data),
    slice: () => data,
  };
  return { along: () => stack };
}

function seriesOf(volume: Volume): Loaded {
  const stacks = new Map<Plane, Stack>();
  const sample = sortedSample(volume.data);
  return {
    along(plane) {
      const known = stacks.get(plane);
      if (known) return known;
      const cut = cutAlong(volume, plane);
      let last: { index: number; pixels: Float32Array } | undefined;
      const stack: Stack = {
        ...cut,
        sample,
        cut,
        // The readout under the pointer asks for the slice that is seen, many times.
        slice(index) {
          if (last?.index !== index) last = { index, pixels: cut.slice(index) };
          return last.pixels;
        },
        ...(volume.placed && {
          place: (column: number, row: number, slice: number) => patientPlace(volume, cut.toVoxel(column, row, slice)),
        }),
      };
      stacks.set(plane, stack);
      return stack;
    },
  };
}

/** A range of values from black to white. */
export type Window = readonly [low: number, high: number];

/** Windows by name, as shares of the values that lie below their ends. */
export const PRESETS = [
  { name: 'automatic', range: [0.01, 0.995] },
  { name: 'whole range', range: [0, 1] },
  { name: 'bright structures', range: [0.5, 0.999] },
  { name: 'dark structures', range: [0, 0.75] },
] as const;

export function presetWindow({ sample }: Stack, [low, high]: readonly [number, number]): Window {
  const from = quantile(sample, low);
  return [from, Math.max(quantile(sample, high), from + Number.EPSILON + Math.abs(from) * 1e-6)];
}
