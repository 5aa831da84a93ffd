import { createHash } from 'node:crypto';
import { data } from 'dcmjs';
import { PRIVATE_CREATOR } from './attributes.js';
import { EXPLICIT } from './transfer-syntaxes.js';

/** Values by DICOM keyword, for example `PatientID`; numbers, text or lists of them; the items of a sequence are a list of such. */
export interface DicomKeywords {
  readonly [keyword: string]: string | number | readonly (string | number)[] | readonly DicomKeywords[];
}

export interface DicomGreyImage {
  /** Rows x columns grey values, row by row, frame after frame; signed ones are stored as such. */
  readonly pixels: Uint16Array | Int16Array;
  readonly rows: number;
  readonly columns: number;
  /** MONOCHROME1 means that low values are bright. */
  readonly photometric: 'MONOCHROME1' | 'MONOCHROME2';
  /** How many of the 16 bits carry the value. */
  readonly bitsStored: number;
  readonly sopClass: keyof typeof SOP_CLASSES;
  readonly sopInstanceUid: string;
  /** Every other element. */
  readonly elements: DicomKeywords;
  /** Text that readers can tell from anybody else's: element (0099,1001) of the private block OSTEOGRAPH. ASCII. */
  readonly privateText?: string;
}

const SOP_CLASSES = {
  MR: '1.2.840.10008.5.1.4.1.1.4',
  CR: '1.2.840.10008.5.1.4.1.1.1',
  /** Multi-frame Grayscale Word Secondary Capture: the one class for frames of films. */
  FRAMES: '1.2.840.10008.5.1.4.1.1.7.3',
} as const;

/** What a file says wrote it. */
export const IMPLEMENTATION_UID = dicomUid('osteograph');

/** A DICOM part 10 file, explicit little endian, of one 16-bit grey image or its frames. The same input gives the same bytes. */
export function encodeDicom(image: DicomGreyImage): Uint8Array {
  const { pixels, privateText } = image;
  return encodeObject({
    sopClassUid: SOP_CLASSES[image.sopClass],
    sopInstanceUid: image.sopInstanceUid,
    elements: {
      ...image.elements,
      SamplesPerPixel: 1,
      PhotometricInterpretation: image.photometric,
      Rows: image.rows,
      Columns: image.columns,
      BitsAllocated: 16,
      BitsStored: image.bitsStored,
      HighBit: image.bitsStored - 1,
      PixelRepresentation: pixels instanceof Int16Array ? 1 : 0,
    },
    pixels,
    privateText,
  });
}

/** A DICOM part 10 file, explicit little endian, of any class. The same input gives the same bytes. */
export function encodeObject({
  sopClassUid,
  sopInstanceUid,
  elements,
  pixels,
  floats,
  privateText,
}: {
  sopClassUid: string;
  sopInstanceUid: string;
  /** Every element but those of the class, the instance and the pixels. */
  elements: DicomKeywords;
  pixels?: Uint16Array | Int16Array;
  /** In the place of pixels: real numbers. */
  floats?: Float32Array;
  privateText?: string | undefined;
}): Uint8Array {
  const { DicomDict, DicomMetaDictionary } = data;
  const file = new DicomDict(
    DicomMetaDictionary.denaturalizeDataset({
      FileMetaInformationVersion: new Uint8Array([0, 1]).buffer,
      MediaStorageSOPClassUID: sopClassUid,
      MediaStorageSOPInstanceUID: sopInstanceUid,
      TransferSyntaxUID: EXPLICIT,
      ImplementationClassUID: IMPLEMENTATION_UID,
      ImplementationVersionName: 'OSTEOGRAPH',
    }),
  );
  file.dict = DicomMetaDictionary.denaturalizeDataset({
    ...Object.fromEntries(
      Object.entries(elements).map(([name, value]) => [name, typeof value === 'object' ? value : [value]]),
    ),
    SOPClassUID: sopClassUid,
    SOPInstanceUID: sopInstanceUid,
    ...(pixels ? { PixelData: bytesOf(pixels), _vrMap: { PixelData: 'OW' } } : {}),
    ...(floats ? { FloatPixelData: bytesOf(floats), _vrMap: { FloatPixelData: 'OF' } } : {}),
  });
  if (privateText !== undefined) {
    file.dict['00990010'] = { vr: 'LO', Value: [PRIVATE_CREATOR] };
    file.dict['00991001'] = { vr: 'UT', Value: [privateText] };
  }
  return new Uint8Array(file.write());
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint16Array | Int16Array | Float32Array): ArrayBufferLike {
  return buffer.slice(byteOffset, byteOffset + byteLength);
}

/** A UID under 2.25 derived from a name: the same name, the same UID. */
export function dicomUid(...name: readonly (string | number)[]): string {
  const digest = createHash('sha256').update(name.join('\u0001')).digest('hex').slice(0, 32);
  return `2.25.${BigInt(`0x${digest}`)}`;
}
