import dicomParser from 'dicom-parser';
import { uidOrNull } from './uid.js';

/** A DICOM file as it goes over an association: what it is, and its data set without the file's own head. */
export interface EncodedDataSet {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntax: string;
  /** In that transfer syntax, as it stands in the file. */
  readonly bytes: Uint8Array;
  /** The whole file. */
  readonly file: Uint8Array;
}

/** The data set of a part 10 file; undefined for what is none, or does not say what it is. */
export function encodedDataSet(file: Uint8Array): EncodedDataSet | undefined {
  try {
    const meta = dicomParser.readPart10Header(file);
    const uid = (tag: string) => uidOrNull(meta.string(tag)?.replace(/\0/g, '').trim());
    const [sopClassUid, sopInstanceUid, transferSyntax] = [uid('x00020002'), uid('x00020003'), uid('x00020010')];
    const [length, group] = [meta.elements['x00020000'], meta.uint32('x00020000')];
    if (sopClassUid === null || sopInstanceUid === null || transferSyntax === null) return undefined;
    if (length === undefined || group === undefined) return undefined;
    // Group length counts what follows it.
    const bytes = file.subarray(length.dataOffset + 4 + group);
    return { sopClassUid, sopInstanceUid, transferSyntax, bytes, file };
  } catch {
    return undefined;
  }
}
