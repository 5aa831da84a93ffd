import { refuseFile } from '../refuse.js';
import { nativeFrame, packedFrame, type ParsedDicom, readSamples, unpackFrames } from './read.js';

const PIXEL_DATA = 'x7fe00010';

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
  const { attributes, dataSet } = parsed;
  if (!dataSet.elements[PIXEL_DATA]?.encapsulatedPixelData) return nativeFrame(parsed, frame, name);
  const packed = attributes.frames === 1 ? null : storedFrame(parsed, frame, name);
  return packed === null ? readSamples(parsed, name) : unpackFrames(() => [packed], attributes, name);
}
