import type { DataSet } from 'dicom-parser';
import { representationOf } from './dictionary.js';
import { encodeFile, type RawElement } from './elements.js';
import { littleEndian, rawValue } from './raw-values.js';
import { parseDicom, readSamples } from './read.js';
import { BIG_ENDIAN, EXPLICIT } from './transfer-syntaxes.js';

const PIXEL_DATA = '7fe00010';

/**
 * A grey DICOM file as explicit little endian without compression, the transfer syntax that everybody reads: the same elements, the same
 * pixels. One that is that already is given back as it is.
 *
 * @throws UserError FILE_REFUSED for a damaged file, or pixels that cannot be unpacked
 */
export async function toExplicitLittleEndian(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  const parsed = parseDicom(bytes, name);
  const { dataSet, attributes } = parsed;
  if (attributes.transferSyntax === EXPLICIT) return bytes;
  const all = elementsOf(dataSet, attributes.transferSyntax === BIG_ENDIAN);
  const isMeta = ({ tag }: RawElement) => tag.startsWith('0002');
  const meta = all.filter((element) => isMeta(element) && !['00020000', '00020010'].includes(element.tag));
  const pixels = { tag: PIXEL_DATA, vr: attributes.bitsAllocated > 8 ? 'OW' : 'OB' };
  return encodeFile(
    [...meta, { tag: '00020010', vr: 'UI', value: Buffer.from(EXPLICIT, 'latin1') }],
    [
      ...all.filter((element) => !isMeta(element) && element.tag !== PIXEL_DATA),
      { ...pixels, value: await readSamples(parsed, name) },
    ],
    EXPLICIT,
  );
}

function elementsOf(dataSet: DataSet, isBigEndian: boolean): RawElement[] {
  return Object.values(dataSet.elements).flatMap((element): RawElement[] => {
    const tag = element.tag.slice(1);
    // Lengths of groups are of the other form.
    if (tag.endsWith('0000') || tag.startsWith('fff') || tag === PIXEL_DATA) return [];
    const vr = representationOf(dataSet, element);
    if (vr === 'SQ') {
      const items = (element.items ?? []).flatMap((item) =>
        item.dataSet ? [elementsOf(item.dataSet, isBigEndian)] : [],
      );
      return [{ tag, vr, value: items }];
    }
    // What stands before the data set is little endian in every file.
    const value = littleEndian(rawValue(dataSet, element), vr, isBigEndian && !tag.startsWith('0002'));
    return [{ tag, vr, value }];
  });
}
