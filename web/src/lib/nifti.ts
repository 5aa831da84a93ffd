/** A volume of a NIfTI-1 file as the app needs it; slices are the slowest axis, rows run from the top of the picture to its bottom. */
export interface Volume {
  columns: number;
  rows: number;
  slices: number;
  /** Millimetres. */
  spacing: readonly [number, number, number];
  /** Voxel (column, row, slice) to world, row-major 3 x 4; an assumption where it is not `placed`. */
  affine: readonly number[];
  /** Whether the file says where the volume lies in the patient. */
  placed: boolean;
  data: Float32Array;
  /** 1st and 99th percentile: the window to show it in. */
  window: readonly [number, number];
}

/**
 * Fetches a .nii.gz and reads it.
 *
 * @throws Error with a sentence when it does not arrive or is not a volume of 8- or 16-bit integers or floats
 */
export async function fetchVolume(url: string, signal?: AbortSignal): Promise<Volume> {
  const response = await fetch(url, { signal: signal ?? null });
  if (!response.ok || !response.body)
    throw new Error(`Could not load the volume: the server answered with ${response.status}.`);
  const unzipped = response.body.pipeThrough(new DecompressionStream('gzip'));
  return readNifti(await new Response(unzipped).arrayBuffer());
}

export function readNifti(bytes: ArrayBuffer): Volume {
  const view = new DataView(bytes);
  const little = view.getInt32(0, true) === 348;
  if (!little && view.getInt32(0, false) !== 348) throw new Error('The file is not a NIfTI-1 volume.');
  const short = (offset: number) => view.getInt16(offset, little);
  const real = (offset: number) => view.getFloat32(offset, little);
  const [columns, rows, slices] = [short(42), short(44), Math.max(short(46), 1)];
  const spacing = [real(80), real(84), real(88)] as const;
  const slope = real(112) || 1;
  const raw = voxels(bytes.slice(real(108)), short(70), columns * rows * slices);
  const data = Float32Array.from(raw, (value) => value * slope + real(116));
  const affine = Array.from({ length: 12 }, (_, index) => real(280 + 4 * index));
  // qform_code and sform_code.
  const placed = short(252) > 0 || short(254) > 0;
  return { columns, rows, slices, spacing, affine, placed, data, window: windowOf(data) };
}

function voxels(bytes: ArrayBuffer, type: number, count: number): ArrayLike<number> {
  switch (type) {
    case 2:
      return new Uint8Array(bytes, 0, count);
    case 4:
      return new Int16Array(bytes, 0, count);
    case 512:
      return new Uint16Array(bytes, 0, count);
    case 16:
      return new Float32Array(bytes, 0, count);
    default:
      throw new Error(
        `The volume has voxels of NIfTI type ${type}; 8- and 16-bit integers and 32-bit floats can be shown.`,
      );
  }
}

function windowOf(data: Float32Array): [number, number] {
  const sample = Float32Array.from(
    { length: Math.min(data.length, 50_000) },
    (_, index) => data[Math.floor((index * data.length) / 50_000)] ?? 0,
  );
  sample.sort();
  const low = sample[Math.floor(sample.length * 0.01)] ?? 0;
  const high = sample[Math.floor(sample.length * 0.99)] ?? 1;
  return [low, high > low ? high : low + 1];
}

/** One slice as a picture. */
export function sliceImage({ columns, rows, data, window: [low, high] }: Volume, slice: number): ImageData {
  const pixels = columns * rows;
  const image = new ImageData(columns, rows);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const grey = (255 * (data[slice * pixels + pixel]! - low)) / (high - low);
    image.data.set([grey, grey, grey, 255], 4 * pixel);
  }
  return image;
}
