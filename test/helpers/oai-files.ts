import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { dicomUid, type DicomKeywords, encodeDicom } from '../../src/imaging/dicom/write.js';

/** A folder of fabricated OAI files: OAI's headers, invented rows, ids that start with 1. */
export class ReleaseFolder {
  private constructor(readonly path: string) {}

  static async make(): Promise<ReleaseFolder> {
    return new ReleaseFolder(await mkdtemp(join(tmpdir(), 'osteograph-release-')));
  }

  /** Writes a file, with its folders. */
  async write(file: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.path, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return path;
  }

  /** Writes a labelled ASCII table: pipes, CRLF. */
  async table(file: string, header: string, rows: readonly string[]): Promise<string> {
    return this.write(file, [header, ...rows].map((line) => `${line}\r\n`).join(''));
  }

  /** Writes slices of a series of participant 1000001, the first file being number `first`. */
  async series(folder: string, slices: number, changes: ImageChanges = {}, first = 1): Promise<void> {
    const barcode = `0166${folder.slice(-8)}`;
    for (let slice = 0; slice < slices; slice++) {
      const file = `${folder}/${String(first + slice).padStart(3, '0')}`;
      await this.write(file, sliceFile('1000001', barcode, slice, changes));
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Columns of kXR_SQ_BU00, in OAI's order. */
export const READING_HEADER =
  'ID|SIDE|READPRJ|VERSION|V00BARCDBU|V00XROSFM|V00XRSCFM|V00XRCYFM|V00XRJSM|V00XRCHM|V00XROSTM|V00XRSCTM|V00XRCYTM|V00XRATTM|V00XRKL|' +
  'V00XROSFL|V00XRSCFL|V00XRCYFL|V00XRJSL|V00XRCHL|V00XROSTL|V00XRSCTL|V00XRCYTL|V00XRATTL';

/** A row of kXR_SQ_BU00 with all grades 0 but KL, and medial JSN. */
export function readingRow(
  id: string,
  side: string,
  project: string,
  kl: string,
  jsm = '0: 0',
  barcode = '016600000001',
): string {
  const zeros = (count: number): string[] => Array.from({ length: count }, () => '0');
  return [id, side, project, '0.8', barcode, ...zeros(3), jsm, ...zeros(5), kl, ...zeros(9)].join('|');
}

export const CONTENTS_HEADER = 'Folder,ParticipantID,StudyDate,Barcode,StudyDescription,SeriesDescription';

interface ImageChanges {
  side?: number;
  photometric?: 'MONOCHROME1' | 'MONOCHROME2';
  elements?: DicomKeywords;
}

/** A film of a bright square on dark ground: brightness 3000 on 500. */
export function filmFile(
  id: string,
  barcode: string,
  { side = 96, photometric = 'MONOCHROME2', elements = {} }: ImageChanges = {},
): Uint8Array {
  const pixels = Uint16Array.from({ length: side * side }, (_, index) => {
    const [row, column] = [Math.floor(index / side), index % side];
    return Math.max(Math.abs(row - side / 2), Math.abs(column - side / 2)) < side / 4 ? 3000 : 500;
  });
  // No two films of a release are the same picture.
  pixels[side * side - 1] = markOf(barcode);
  return encodeDicom({
    pixels,
    rows: side,
    columns: side,
    photometric,
    bitsStored: 12,
    sopClass: 'CR',
    sopInstanceUid: dicomUid('film', barcode),
    elements: {
      Modality: 'CR',
      PatientID: id,
      AccessionNumber: barcode,
      StudyDate: '20040623',
      SeriesDescription: 'Bilateral PA Fixed Flexion Knee',
      SeriesInstanceUID: dicomUid('series', barcode),
      StudyInstanceUID: dicomUid('study', barcode),
      PixelSpacing: [0.2, 0.2],
      ...elements,
    },
  });
}

/** One slice of a coronal series; slice 0 is the most anterior, as scanners often number them. Its pixels say which it is. */
export function sliceFile(
  id: string,
  barcode: string,
  slice: number,
  { side = 8, elements = {} }: ImageChanges = {},
): Uint8Array {
  const pixels = new Uint16Array(side * side).fill(100 + slice);
  pixels[side * side - 1] = markOf(barcode);
  return encodeDicom({
    pixels,
    rows: side,
    columns: side,
    photometric: 'MONOCHROME2',
    bitsStored: 12,
    sopClass: 'MR',
    sopInstanceUid: dicomUid('slice', barcode, slice, JSON.stringify(elements)),
    elements: {
      Modality: 'MR',
      PatientID: id,
      AccessionNumber: barcode,
      StudyDate: '20040623',
      StudyDescription: 'OAI^MR^ENROLLMENT^RIGHT ',
      SeriesDescription: 'COR_T1_3D_FLASH_RIGHT',
      SeriesInstanceUID: dicomUid('series', barcode),
      StudyInstanceUID: dicomUid('study', barcode),
      InstanceNumber: slice + 1,
      ImagePositionPatient: [-80, -60 + 1.5 * slice, 80],
      ImageOrientationPatient: [1, 0, 0, 0, 0, -1],
      PixelSpacing: [0.625, 0.625],
      SliceThickness: 1.5,
      ...elements,
    },
  });
}

/** A grey value that tells barcodes apart. */
function markOf(barcode: string): number {
  return createHash('sha256').update(barcode).digest().readUInt16LE() % 3000;
}
