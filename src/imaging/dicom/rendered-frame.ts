import { refuseFile } from '../refuse.js';
import { frameSamples } from './one-frame.js';
import { parseDicom, type ParsedDicom } from './read.js';
import { clearOtherBits } from './stored-values.js';

const { max, min, round } = Math;

/** How a frame is to be shown. */
export interface RenderingWish {
  /** Middle and width of the grey values shown, after rescaling; default: the header's first window, else all that there are. */
  window?: { center: number; width: number } | undefined;
  /** Most pixels of the picture; its shape stays. Default: one for each of the frame. */
  viewport?: { width: number; height: number } | undefined;
  mediaType: 'image/jpeg' | 'image/png';
  /** Of JPEG, 1 to 100; default 90. */
  quality?: number | undefined;
}

/**
 * A frame as a picture of 8 bits that any program shows. The window is linear (PS3.3, C.11.2.1.2); lookup tables, overlays and presentation
 * states are not applied. What says of itself that it is synthetic says so in the picture's description as well.
 *
 * @param frame from 0; the caller knows that there is such a one
 * @throws UserError FILE_REFUSED for a damaged file
 */
export async function renderFrame(
  bytes: Uint8Array,
  name: string,
  frame: number,
  { window, viewport, mediaType, quality = 90 }: RenderingWish,
): Promise<Buffer> {
  const parsed = parseDicom(bytes, name);
  const { rows, columns, photometric, synthetic } = parsed.attributes;
  const values = await frameValues(parsed, frame, name);
  const { low, high } = shownRange(values, window ?? windowOf(parsed));
  const white = photometric === 'MONOCHROME1' ? 0 : 255;
  const grey = Buffer.alloc(values.length);
  for (let index = 0; index < values.length; index++) {
    const share = min(max((values[index]! - low) / (high - low), 0), 1);
    grey[index] = white === 255 ? round(255 * share) : 255 - round(255 * share);
  }
  const { default: sharp } = await import('sharp');
  let picture = sharp(grey, { raw: { width: columns, height: rows, channels: 1 } }).toColourspace('b-w');
  if (viewport) picture = picture.resize({ ...viewport, fit: 'inside' });
  if (synthetic) picture = picture.withExif({ IFD0: { ImageDescription: 'SYNTHETIC' } });
  return (mediaType === 'image/jpeg' ? picture.jpeg({ quality }) : picture.png()).toBuffer();
}

/** Rescaled values of one frame, as they are stored: MONOCHROME1 is not turned round. */
async function frameValues(parsed: ParsedDicom, frame: number, name: string): Promise<Float32Array> {
  const { attributes } = parsed;
  const { bitsAllocated, bitsStored, highBit, signed, rescaleSlope, rescaleIntercept } = attributes;
  const samples = await frameSamples(parsed, frame, name);
  clearOtherBits(samples, attributes);
  const words = wordsOf(samples, bitsAllocated, signed);
  const shift = highBit - bitsStored + 1;
  const values = new Float32Array(words.length);
  for (let index = 0; index < words.length; index++) {
    values[index] = (words[index]! >> shift) * rescaleSlope + rescaleIntercept;
  }
  return values.length > 0 ? values : refuseFile(name, 'holds no pixels');
}

function wordsOf({ buffer, byteOffset, length }: Uint8Array, bits: number, signed: boolean) {
  if (bits === 8)
    return signed ? new Int8Array(buffer, byteOffset, length) : new Uint8Array(buffer, byteOffset, length);
  return signed ? new Int16Array(buffer, byteOffset, length / 2) : new Uint16Array(buffer, byteOffset, length / 2);
}

/** The header's first window; undefined where it has none, or one that shows nothing. */
function windowOf({ dataSet }: ParsedDicom): RenderingWish['window'] {
  const [center, width] = [dataSet.floatString('x00281050'), dataSet.floatString('x00281051')];
  return center !== undefined && width !== undefined && width >= 1 ? { center, width } : undefined;
}

function shownRange(values: Float32Array, window: RenderingWish['window']): { low: number; high: number } {
  if (window) {
    const { center, width } = window;
    // A window of one value shows what is above it white, and the rest black.
    return { low: center - 0.5 - (width - 1) / 2, high: center - 0.5 + max((width - 1) / 2, 0.5) };
  }
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = min(low, value);
    high = max(high, value);
  }
  return { low, high: high > low ? high : low + 1 };
}
