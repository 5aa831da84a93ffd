import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { refuseFile } from './refuse.js';

/** A file's path, or its bytes with what messages call it. */
export type FileSource = string | { readonly bytes: Uint8Array; readonly name: string };

/** Larger files hold no image that is accepted: 64 Mpixel of 16 bits are 128 MiB. */
const MAX_BYTES = 512 * 1024 * 1024;

/**
 * The bytes of a file, or its first `limit` bytes.
 * @throws UserError FILE_REFUSED when the path cannot be read or the file is too large
 */
export async function readSource(
  source: FileSource,
  limit = Infinity,
): Promise<{ bytes: Uint8Array; name: string; whole: boolean }> {
  if (typeof source !== 'string') return { ...source, whole: true };
  const name = basename(source);
  try {
    await using file = await open(source);
    const { size } = await file.stat();
    if (size > MAX_BYTES) return refuseFile(name, `has ${size} bytes; at most ${MAX_BYTES} are accepted`);
    if (size <= limit) return { bytes: await file.readFile(), name, whole: true };
    const head = Buffer.alloc(limit);
    const { bytesRead } = await file.read(head, 0, limit, 0);
    return { bytes: head.subarray(0, bytesRead), name, whole: false };
  } catch (error) {
    return refuseUnread(name, error);
  }
}

/**
 * Refuses what the file system does not give for a reason that is the user's.
 *
 * @param others reasons in the place of those for files, by Node's error code
 * @throws UserError FILE_REFUSED; any other error as it is
 */
export function refuseUnread(name: string, error: unknown, others: Readonly<Record<string, string>> = {}): never {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const reason = others[code] ?? READ_FAULTS[code];
  if (reason) refuseFile(name, `cannot be read: ${reason}`, error);
  throw error;
}

/** Faults of the file system that are the user's, by Node's error code. */
const READ_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'access is denied',
  EPERM: 'access is denied',
  ENOTDIR: 'its path leads through a file',
  ENAMETOOLONG: 'its name is too long',
};
