import { encodeDicom, type DicomKeywords } from '../../src/imaging/dicom/write.js';
import { encodePng } from '../../src/imaging/png.js';
import { encodeFilm } from '../../src/imaging/radiograph/index.js';
import { gaussianNoise } from '../../src/inference/noise.js';
import { drawFilm } from '../imaging/drawn-films.js';

/** A drawn film of both knees as a PNG file; another index, another film. */
export function bilateralPng(index = 0): Buffer {
  return encodeFilm(drawFilm(index).film);
}

/** A square of noise, which passes for the tight crop of one knee; another seed, other pixels. */
export function kneePng(seed = 1): Buffer {
  const noise = gaussianNoise(seed, 0, 0, 128 * 128);
  const data = Uint16Array.from(noise, (value) => Math.min(Math.max(32_768 + 8_000 * value, 0), 65_535));
  return encodePng({ rows: 128, columns: 128, data });
}

/** A knee by formula, 224 x 224 and 8 bits: two bright shafts, and a dark joint space that is wider on the image's left. */
export function drawnKneePng(bone: number, ground = 60): Buffer {
  const data = new Uint8Array(224 * 224).fill(ground);
  for (let row = 0; row < 224; row++) {
    for (let column = 20; column < 204; column++) {
      const gap = column < 112 ? 12 : 6;
      if (row < 112 - gap / 2 || row >= 112 + gap / 2) data[row * 224 + column] = bone;
    }
  }
  return encodePng({ rows: 224, columns: 224, data });
}

/** A drawn film of both knees as a DICOM file with the name of a patient, low values bright; another index, another film. */
export function bilateralDicom(
  elements: DicomKeywords = {},
  { index = 1, sopInstanceUid = '1.2.3.4' } = {},
): Uint8Array {
  const { rows, columns, data } = drawFilm(index).film;
  return encodeDicom({
    pixels: Uint16Array.from(data, (value) => 4_095 - Math.min(Math.max(value, 0), 4_095)),
    rows,
    columns,
    photometric: 'MONOCHROME1',
    bitsStored: 12,
    sopClass: 'CR',
    sopInstanceUid,
    elements: {
      PatientName: 'Doe^Jane',
      PatientID: 'HOSPITAL-77',
      PatientBirthDate: '19500102',
      Modality: 'CR',
      PixelSpacing: [0.7, 0.7],
      StudyDate: '20200203',
      ...elements,
    },
  });
}

/** What `POST /radiographs` answers. */
export interface UploadAnswer {
  id: string;
  view: 'BILATERAL' | 'SINGLE';
  laterality: string | null;
  rows: number;
  columns: number;
  pixelSpacing: number | null;
  photometric: string | null;
  knees: { side: string | null; box: { left: number; top: number; side: number } }[];
  warnings: string[];
  createdAt: string;
  expiresAt: string;
  image: { url: string; expiresAt: string };
}

export interface Uploaded {
  status: number;
  headers: Headers;
  body: UploadAnswer;
  /** The sentence of a refusal. */
  message: string | undefined;
}

/** Sends a file to a server. */
export async function upload(
  url: string,
  token: string,
  file: Uint8Array,
  headers: Record<string, string> = {},
): Promise<Uploaded> {
  const response = await fetch(`${url}/radiographs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream', ...headers },
    body: new Uint8Array(file),
  });
  const body = (await response.json()) as UploadAnswer & { errors?: { message: string }[] };
  return { status: response.status, headers: response.headers, body, message: body.errors?.[0]?.message };
}
