import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as niftiReader from 'nifti-reader-js';
import { packageRoot } from '../../src/domain/package.js';
import type { Side } from '../../src/domain/participants.js';

/** What can be told apart in the drawn knee: the fibula lies lateral, the patella in front, the marker in the medial upper corner. */
export const LANDMARKS = { fibula: 1000, patella: 700, marker: 1500 } as const;

export type Landmark = keyof typeof LANDMARKS;
export type Triple = readonly [number, number, number];

/** A DICOM series of the drawn knee, and where SimpleITK and nibabel find what is in it. */
export interface OrientationCase {
  readonly plane: 'CORONAL' | 'SAGITTAL' | 'AXIAL';
  /** How the scanner laid its columns, rows and slices. */
  readonly way: string;
  readonly side: Side;
  readonly files: readonly string[];
  readonly landmarks: Readonly<Record<Landmark, { voxel: Triple; ras: Triple; lps: Triple }>>;
}

export const orientationCases = (
  JSON.parse(readFileSync(join(packageRoot, 'test/golden/orientation.json'), 'utf8')) as { cases: OrientationCase[] }
).cases;

/** Writes the series of a case; the names of its files say nothing of their order. */
export async function writeOrientationCase({ files }: OrientationCase, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [index, file] of files.entries()) {
    await writeFile(join(folder, `${(index * 5) % 8}.dcm`), gunzipSync(Buffer.from(file, 'base64')));
  }
}

/** Middle of the voxels with a value, as column, row and slice. */
export function middleOf(data: ArrayLike<number>, columns: number, rows: number, value: number): Triple {
  const sum = [0, 0, 0];
  let count = 0;
  for (let index = 0; index < data.length; index++) {
    if (data[index] !== value) continue;
    count += 1;
    sum[0]! += index % columns;
    sum[1]! += Math.floor(index / columns) % rows;
    sum[2]! += Math.floor(index / (columns * rows));
  }
  return [sum[0]! / count, sum[1]! / count, sum[2]! / count];
}

/** Where nifti-reader-js finds the voxels with a value in a file: their middle as voxel and in RAS, mm. */
export function inNifti(gzipped: Buffer, value: number): { voxel: Triple; ras: Triple } {
  const file = gunzipSync(gzipped);
  const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer;
  const header = niftiReader.readHeader(bytes) as niftiReader.NIFTI1;
  const [, columns, rows] = header.dims;
  const voxel = middleOf(new Uint16Array(niftiReader.readImage(header, bytes)), columns!, rows!, value);
  const along = ([x, y, z, origin]: number[]) => x! * voxel[0] + y! * voxel[1] + z! * voxel[2] + origin!;
  return { voxel, ras: [along(header.affine[0]!), along(header.affine[1]!), along(header.affine[2]!)] };
}
