import type { DataSet } from 'dicom-parser';
import { inOnePieceEach, type PackedFrames, type RawElement } from '../dicom/elements.js';
import { packedFrames, type ParsedDicom, readSamples } from '../dicom/read.js';
import { clearOtherBits } from '../dicom/stored-values.js';
import { BIG_ENDIAN, EXPLICIT, IMPLICIT, transferSyntax } from '../dicom/transfer-syntaxes.js';
import { withoutComments } from './comments.js';
import type { DeidentifiedSubject } from './policy.js';
import { PIXEL_DATA } from './report.js';
import type { NamingWords } from './values.js';

/** The pixels of a file as they are kept. */
export interface KeptPixels {
  element: RawElement;
  transferSyntax: string;
  /** Whether something else than the image was taken out. */
  cleaned: boolean;
}

/**
 * The pixels as they came, without comments and whatever lies beside and behind them, in the byte order of the file. They are unpacked where
 * they are redacted or hold an overlay, and where compressed ones are not understood from end to end or hold text or a name.
 *
 * @throws UserError FILE_REFUSED for pixels that cannot be unpacked where they have to be
 */
export async function pixelsOf(
  parsed: ParsedDicom,
  { redact }: Pick<DeidentifiedSubject, 'redact'>,
  names: NamingWords,
  name: string,
): Promise<KeptPixels> {
  const { dataSet, attributes } = parsed;
  const element = dataSet.elements[`x${PIXEL_DATA}`];
  const packed = element?.encapsulatedPixelData === true;
  const kept = packed && redact.length === 0 && !hasOverlayInPixels(dataSet) ? keptFrames(parsed, names, name) : null;
  if (kept) {
    return {
      element: { tag: PIXEL_DATA, vr: 'OB', value: kept.frames },
      transferSyntax: attributes.transferSyntax,
      cleaned: kept.cleaned,
    };
  }
  const samples = await readSamples(parsed, name, redact);
  clearOtherBits(samples, attributes);
  if (attributes.transferSyntax === BIG_ENDIAN && attributes.bitsAllocated === 16) Buffer.from(samples.buffer).swap16();
  const vr = attributes.bitsAllocated > 8 || attributes.transferSyntax === IMPLICIT ? 'OW' : 'OB';
  return {
    element: { tag: PIXEL_DATA, vr: (!packed && element?.vr) || vr, value: samples },
    transferSyntax: packed ? EXPLICIT : attributes.transferSyntax,
    cleaned: packed || redact.length > 0,
  };
}

/** Each frame in one piece, with a table of our own: fragments that belong to no frame, and numbers that are none, stay behind. */
function keptFrames(
  parsed: ParsedDicom,
  names: NamingWords,
  name: string,
): { frames: PackedFrames; cleaned: boolean } | null {
  const { attributes, dataSet } = parsed;
  const { rows, columns, bitsAllocated } = attributes;
  const { coding } = transferSyntax(attributes.transferSyntax)!;
  const shape = { rows, columns, bytesPerSample: bitsAllocated / 8 };
  const frames: Uint8Array[] = [];
  let cleaned = false;
  for (const packed of packedFrames(parsed, name)) {
    const frame = withoutComments(packed, coding, shape);
    if (frame === null || names.isHiddenIn(frame)) return null;
    cleaned ||= Buffer.compare(frame, packed) !== 0;
    frames.push(frame);
  }
  const table = dataSet.elements[`x${PIXEL_DATA}`]?.basicOffsetTable ?? [];
  cleaned ||= table.length > frames.length;
  return { frames: inOnePieceEach(frames), cleaned };
}

/** Whether an overlay (60xx,0102) lies in bits of the pixels beside the image's own. */
function hasOverlayInPixels(dataSet: DataSet): boolean {
  return Object.keys(dataSet.elements).some((tag) => /^x60[0-9a-f]{2}0102$/.test(tag) && dataSet.uint16(tag) !== 0);
}
