import { refuseFile } from '../refuse.js';
import { unpacker } from '../unpacking/unpacker.js';
import { nativeFrame, packedFrame, type ParsedDicom, readSamples } from './read.js';
import { type PixelCoding, transferSyntax } from './transfer-syntaxes.js';

const PIXEL_DATA = 'x7fe00010';

/** How the pixels of a parsed file are packed. */
export function codingOf({ attributes }: ParsedDicom): PixelCoding {
  return transferSyntax(attributes.transferSyntax)!.coding;
}

/**
 * One frame as it lies in its file, compressed; null where the file is not compressed.
 *
 * @param frame from 0; the caller knows that there is such a one
 * @throws UserError FILE_REFUSED for a damaged file
 */
export function storedFrame({ dataSet, attributes }: ParsedDicom, frame: number, name: string): Uint8Array | null {
  const element = dataSet.elements[PIXEL_DATA];
  if (!element?.encapsulatedPixelData) return null;
  try {
    return packedFrame(dataSet, element, attributes.frames, frame);
  } catch (error) {
    return refuseFile(name, 'has pixels that cannot be unpacked: its frames cannot be told apart', error);
  }
}

/**
 * The samples of one frame, little endian; of a compressed file only that frame is unpacked.
 *
 * @param frame from 0; the caller knows that there is such a one
 * @throws UserError FILE_REFUSED as {@link readSamples}
 */
export async function frameSamples(parsed: ParsedDicom, frame: number, name: string): Promise<Uint8Array> {
  const { rows, columns, bitsAllocated, frames } = parsed.attributes;
  if (!parsed.dataSet.elements[PIXEL_DATA]?.encapsulatedPixelData) return nativeFrame(parsed, frame, name);
  const packed = frames === 1 ? null : storedFrame(parsed, frame, name);
  if (packed === null) return readSamples(parsed, name);
  try {
    const shape = { rows, columns, bytesPerSample: bitsAllocated / 8 };
    return await unpacker.unpack({ frames: [packed], coding: codingOf(parsed), shape });
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/\.$/, '') : 'the compressed image is damaged';
    return refuseFile(name, `has pixels that cannot be unpacked: ${reason}`, error);
  }
}
