import { MAX_PIXELS } from '../refuse.js';

/** A decoded picture. */
export interface Picture {
  readonly rows: number;
  readonly columns: number;
  /** Grey, or red, green and blue; transparency is dropped. */
  readonly channels: 1 | 3;
  readonly bits: 8 | 16;
  /** Rows x columns x channels samples, little-endian. */
  readonly samples: Uint8Array;
}

/**
 * Decodes JPEG, TIFF (8 and 16 bits, however packed) and PNG of any kind. Only for a process that may end by it; see `Unpacker`.
 *
 * @param upright gives a picture the orientation that its file asks for, as programs that show it do
 * @throws Error with a message that completes "cannot be unpacked: ..."
 */
export async function decodePicture(file: Uint8Array, upright: boolean): Promise<Picture> {
  const open = await opener();
  const { width, height, depth, pages = 1, channels } = await open(file, false).metadata().catch(damaged);
  if (pages !== 1) throw new Error(`it holds ${pages} pages where a radiograph is one`);
  if (width * height > MAX_PIXELS) {
    throw new Error(`it claims ${width} x ${height} pixels; at most ${MAX_PIXELS} are accepted`);
  }
  if (depth !== 'uchar' && depth !== 'ushort')
    throw new Error(`its pixels are of the kind "${depth}"; 8 or 16 bits are read`);
  const wide = depth === 'ushort';
  const isGrey = channels < 3;
  const space = isGrey ? (wide ? 'grey16' : 'b-w') : wide ? 'rgb16' : 'srgb';
  const stored = open(file, MAX_PIXELS);
  const { data, info } = await (upright ? stored.autoOrient() : stored)
    .removeAlpha()
    .toColourspace(space)
    .raw({ depth })
    .toBuffer({ resolveWithObject: true })
    .catch(damaged);
  const samples = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { rows: info.height, columns: info.width, channels: isGrey ? 1 : 3, bits: wide ? 16 : 8, samples };
}

/** libvips, loaded with the first picture: most files of DICOM need none of it. */
async function opener() {
  const { default: sharp } = await import('sharp');
  // One file at a time: no other of them is made quicker by keeping this one's parts.
  sharp.cache(false);
  sharp.concurrency(1);
  return (file: Uint8Array, limitInputPixels: number | false) =>
    sharp(file, { limitInputPixels, failOn: 'warning', pages: 1 });
}

function damaged(cause: unknown): never {
  throw new Error('it is damaged, cut short, or of a kind that is not read', { cause });
}
