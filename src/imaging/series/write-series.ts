import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { UserError } from '../../domain/errors.js';
import type { Volume } from '../volume.js';
import { encodeMadeSlice, type MadeHeader, type MadeSlice } from './made-dicom.js';
import type { OpenSeries } from './open-series.js';

/** Folder of the DICOM files of a made series. */
export const DICOM_FOLDER = 'dicom';

/** A series that is made from another one. */
export interface MadeSeries {
  /** What it is made from. */
  series: OpenSeries;
  /** Where it lies. */
  grid: Omit<Volume, 'data'>;
  /** Name of the NIfTI file, and what stands in it before the voxels. */
  nifti: { name: string; head: Buffer };
}

/** A slice of it, for both kinds of files. */
export interface WrittenSlice extends MadeSlice {
  /** What the NIfTI file holds of it; default: `pixels`. */
  voxels?: Uint8Array;
}

/**
 * Writes slices as NIfTI and DICOM as they come. The files are put into `out` together at the end; when anything fails, none is. Of two that are
 * written to one folder at once the first to end stays, and the other is refused.
 *
 * @param onSlice told after each slice
 * @throws UserError BAD_USER_INPUT when `out` holds such files already
 */
export async function writeMadeSeries(
  { series, grid, nifti: { name, head } }: MadeSeries,
  slices: AsyncIterable<WrittenSlice>,
  out: string,
  header: MadeHeader,
  onSlice?: (done: number) => void,
): Promise<void> {
  await assertFree(out, name);
  // Inside of it: what lies beside may be another disk, or closed to us.
  const made = await mkdir(out, { recursive: true });
  const part = await mkdtemp(join(out, '.part-'));
  try {
    await mkdir(join(part, DICOM_FOLDER));
    const nifti = await openPacked(join(part, name), head);
    const digits = String(grid.slices).length;
    for await (const slice of slices) {
      const { buffer, byteOffset, byteLength } = slice.voxels ?? slice.pixels;
      await nifti.write(Buffer.from(buffer, byteOffset, byteLength));
      const bytes = await encodeMadeSlice(series, grid, slice, header);
      const file = `${String(slice.index + 1).padStart(Math.max(digits, 3), '0')}.dcm`;
      await writeFile(join(part, DICOM_FOLDER, file), bytes);
      onSlice?.(slice.index + 1);
    }
    await nifti.close();
    await putInPlace(part, out, name);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    await removeEmpty(resolve(out), made);
    throw error;
  }
  await rm(part, { recursive: true, force: true });
}

/**
 * @param source the folder or file of the series that is read
 * @throws UserError BAD_USER_INPUT when `out` is no folder, lies in the source, or holds files of a made series already
 */
export async function assertFree(out: string, niftiName: string, source?: string): Promise<void> {
  let entries: string[] = [];
  try {
    entries = await readdir(out);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') {
      throw new UserError('BAD_USER_INPUT', `${out} is a file; --out takes a folder.`);
    }
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (source !== undefined && !relative(resolve(source), resolve(out)).startsWith('..')) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${out} lies in the series itself, which would then hold two; --out takes another folder.`,
    );
  }
  const there = entries.find((entry) => entry === niftiName || entry === DICOM_FOLDER);
  if (there) refuseTaken(out, there);
}

/** Codes of a folder or a file that is in the place of what is to be put there. */
const TAKEN = ['EEXIST', 'ENOTEMPTY', 'ENOTDIR'];

/** The folder goes first: one that holds files is never replaced, so of two that end at once only one gets to put its file beside it. */
async function putInPlace(part: string, out: string, name: string): Promise<void> {
  try {
    await rename(join(part, DICOM_FOLDER), join(out, DICOM_FOLDER));
  } catch (error) {
    if (!TAKEN.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    refuseTaken(out, DICOM_FOLDER);
  }
  await rename(join(part, name), join(out, name));
}

/** Removes the folders from `folder` up to `first`, which were made for nothing, as far as nobody else has put something there. */
async function removeEmpty(folder: string, first: string | undefined): Promise<void> {
  if (first === undefined) return;
  for (let at = folder; at.length >= resolve(first).length; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}

function refuseTaken(out: string, name: string): never {
  throw new UserError('BAD_USER_INPUT', `${out} holds ${name} already; give another folder.`);
}

/** Begins a gzipped file that is written piece by piece. */
async function openPacked(path: string, head: Buffer) {
  const gzip = createGzip({ level: 1 });
  const written = finished(gzip.pipe(createWriteStream(path)));
  written.catch(() => undefined);
  const write = async (bytes: Buffer): Promise<void> => {
    if (!gzip.write(bytes)) await Promise.race([once(gzip, 'drain'), written]);
  };
  await write(head);
  return {
    write,
    async close() {
      gzip.end();
      await written;
    },
  };
}
