import { createHash } from 'node:crypto';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { UserError } from '../domain/errors.js';
import { EXPORT_FILES } from '../domain/exports.js';
import type { ExportManifest, ExportSpec, ExportStream } from '../services/exports/index.js';

/** Writes an export as {@link writeFileWhole} does; its manifest comes last. */
export async function writeWhole(file: string, spec: ExportSpec, stream: ExportStream): Promise<ExportManifest> {
  const { mediaType } = EXPORT_FILES[spec.format];
  return writeFileWhole(file, stream.pieces, async ({ sha256, bytes }) => {
    const manifest: ExportManifest = { ...stream.description(), file: { sha256, bytes, mediaType } };
    await writeFile(`${file}.manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
    return manifest;
  });
}

interface Written {
  sha256: string;
  bytes: number;
}

/**
 * Writes beside the file and renames, so that a file that is there is whole.
 *
 * @param done what to do when it is there, and to give
 * @throws UserError UNAVAILABLE where it cannot be written
 */
export async function writeFileWhole<T>(
  file: string,
  pieces: AsyncIterable<Uint8Array>,
  done: (written: Written) => T | Promise<T>,
): Promise<T> {
  const part = `${file}.part`;
  try {
    const written = await writePieces(part, pieces);
    await rename(part, file);
    return await done(written);
  } catch (error) {
    await rm(part, { force: true });
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    throw new UserError('UNAVAILABLE', `${file} cannot be written (${code}).`, { cause: error });
  }
}

async function writePieces(path: string, pieces: AsyncIterable<Uint8Array>): Promise<Written> {
  const hash = createHash('sha256');
  let bytes = 0;
  const handle = await open(path, 'w');
  try {
    for await (const piece of pieces) {
      await handle.writeFile(piece);
      hash.update(piece);
      bytes += piece.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { sha256: hash.digest('hex'), bytes };
}
