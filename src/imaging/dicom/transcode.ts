import { representationOf } from './dictionary.js';
import { encodeFile, type RawElement } from './elements.js';
import { type ElementReader, isMeta, rawElements } from './raw-elements.js';
import { littleEndian, rawValue } from './raw-values.js';
import { parseDicom, readSamples } from './read.js';
import { BIG_ENDIAN, EXPLICIT, IMPLICIT } from './transfer-syntaxes.js';

const PIXEL_DATA = '7fe00010';

/**
 * A grey DICOM file as explicit little endian without compression, the transfer syntax that everybody reads: the same elements, the same
 * pixels. One that is that already is given back as it is.
 *
 * @throws UserError FILE_REFUSED for a damaged file, or pixels that cannot be unpacked
 */
export async function toExplicitLittleEndian(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  const parsed = parseDicom(bytes, name);
  const { dataSet, transferSyntax } = parsed;
  if (transferSyntax === EXPLICIT) return bytes;
  const { attributes } = parsed;
  const all = rawElements(dataSet, readerOf(transferSyntax === BIG_ENDIAN));
  const pixels = { tag: PIXEL_DATA, vr: attributes.bitsAllocated > 8 ? 'OW' : 'OB' };
  return encodeIn(EXPLICIT, all, [{ ...pixels, value: await readSamples(parsed, name) }]);
}

/** A file in explicit little endian without compression as implicit little endian, which every application has to take (PS3.5, 10.1). */
export function toImplicitLittleEndian(bytes: Uint8Array, name: string): Uint8Array {
  const { dataSet } = parseDicom(bytes, name);
  const all = rawElements(dataSet, AS_IT_IS);
  const element = dataSet.elements[`x${PIXEL_DATA}`];
  const pixels = element ? [{ tag: PIXEL_DATA, vr: 'OW', value: rawValue(dataSet, element) }] : [];
  return encodeIn(IMPLICIT, all, pixels);
}

/** The same file in another transfer syntax. @param all every element but the pixels */
function encodeIn(transferSyntax: string, all: readonly RawElement[], pixels: readonly RawElement[]): Uint8Array {
  const meta = all.filter((element) => isMeta(element) && !['00020000', '00020010'].includes(element.tag));
  return encodeFile(
    [...meta, { tag: '00020010', vr: 'UI', value: Buffer.from(transferSyntax, 'latin1') }],
    [...all.filter((element) => !isMeta(element)), ...pixels],
    transferSyntax,
  );
}

/** Takes everything over from a file in little endian. */
export const AS_IT_IS: ElementReader = readerOf(false);

function readerOf(isBigEndian: boolean): ElementReader {
  return {
    vrOf: (dataSet, element) => (element.tag.startsWith('xfff') ? null : representationOf(dataSet, element)),
    valueOf: (dataSet, element, vr) =>
      littleEndian(rawValue(dataSet, element), vr, isBigEndian && !element.tag.startsWith('x0002')),
  };
}
