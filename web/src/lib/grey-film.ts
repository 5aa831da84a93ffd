/** A grey picture, row by row, that can be windowed. */
export interface Grey {
  columns: number;
  rows: number;
  data: ArrayLike<number>;
}

/**
 * Fetches a stored 16-bit PNG and decodes it whole: a browser would keep only the upper 8 bits of its pixels.
 *
 * @throws Error with a sentence when it does not arrive
 */
export async function fetchGrey(url: string, signal: AbortSignal): Promise<Grey> {
  const [response, { decode }] = await Promise.all([fetch(url, { signal }), import('fast-png')]);
  if (!response.ok) throw new Error(`Could not load the radiograph: the server answered with ${response.status}.`);
  const { width, height, data, channels } = decode(await response.arrayBuffer());
  const grey = channels === 1 ? data : data.filter((_, index) => index % channels === 0);
  return { columns: width, rows: height, data: grey };
}

/** At most 50,000 of the values, spread evenly and in ascending order: what percentiles are read from. */
export function sortedSample(data: ArrayLike<number>): Float32Array {
  const step = Math.max(1, Math.floor(data.length / 50_000));
  return Float32Array.from({ length: Math.floor(data.length / step) }, (_, index) => data[index * step]!).sort();
}

/** The value below which that share of a {@link sortedSample} lies; 0 of an empty one. */
export function quantile(sample: Float32Array, share: number): number {
  return sample[Math.min(Math.floor(sample.length * share), sample.length - 1)] ?? 0;
}
