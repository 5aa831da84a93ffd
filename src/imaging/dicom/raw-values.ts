import type { DataSet, Element } from 'dicom-parser';

/** Bytes of one number of a value representation: what big-endian files turn round. */
const WORD_BYTES: Readonly<Record<string, 2 | 4 | 8>> = {
  ...{ US: 2, SS: 2, OW: 2, AT: 2, UL: 4, SL: 4, FL: 4, OL: 4, OF: 4, FD: 8, OD: 8, SV: 8, UV: 8, OV: 8 },
};

/** The value of an element as it lies in its file. */
export function rawValue({ byteArray }: DataSet, { dataOffset, length }: Element): Uint8Array {
  return byteArray.subarray(dataOffset, dataOffset + length);
}

/** A value in little endian. @param isBigEndian whether it is in big endian now */
export function littleEndian(bytes: Uint8Array, vr: string, isBigEndian: boolean): Uint8Array {
  const word = isBigEndian ? WORD_BYTES[vr] : undefined;
  if (word === undefined) return bytes;
  const turned = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % word)));
  return word === 2 ? turned.swap16() : word === 4 ? turned.swap32() : turned.swap64();
}
