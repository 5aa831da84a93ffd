import type { GreyPng } from './png.js';
import { refuseFile } from './refuse.js';
import { toGrey } from './grey.js';
import { unpacker } from './unpacking/unpacker.js';

const SIGNATURES: [kind: string, bytes: number[]][] = [
  ['JPEG', [0xff, 0xd8, 0xff]],
  ['TIFF', [0x49, 0x49, 0x2a, 0x00]],
  ['TIFF', [0x4d, 0x4d, 0x00, 0x2a]],
  ['TIFF', [0x49, 0x49, 0x2b, 0x00]],
  ['TIFF', [0x4d, 0x4d, 0x00, 0x2b]],
];

/** True when the bytes start as a JPEG or TIFF file does. */
export function isPicture(bytes: Uint8Array): boolean {
  return SIGNATURES.some(([, signature]) => signature.every((byte, at) => bytes[at] === byte));
}

/**
 * Reads a JPEG, TIFF or PNG of any kind as grey, 8 or 16 bits: colours become luminance, transparency is dropped, and an orientation that
 * the file asks for is given.
 *
 * @throws UserError FILE_REFUSED
 */
export async function readPicture(bytes: Uint8Array, name: string): Promise<GreyPng> {
  const picture = await unpacker.decode(bytes).catch((error: unknown) => {
    return refuseFile(name, `cannot be unpacked: ${error instanceof Error ? error.message : 'it is damaged'}`, error);
  });
  const { rows, columns, channels, bits, samples } = picture;
  const values = bits === 16 ? new Uint16Array(samples.buffer, 0, samples.length / 2) : samples;
  return { rows, columns, data: toGrey(values, channels) };
}
