/** What the file system says that is no fault of the program, by Node's error code. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: "its user's disk quota is used up",
  EFBIG: 'it would be larger than a file may be',
  EROFS: 'the disk is read-only',
  EACCES: 'permission is denied',
  EPERM: 'it is not permitted',
  EEXIST: 'a file is in the place of a folder',
  ENOTDIR: 'a file is in the place of a folder',
  EISDIR: 'a folder is in the place of a file',
  ENOENT: 'the folder that it would be in cannot be made',
  ENAMETOOLONG: 'its name is too long',
};

/** Calls by which a command makes its files and folders. */
const WRITES = ['mkdir', 'mkdtemp', 'open', 'write', 'rename', 'fsync', 'fdatasync', 'copyfile'];

/** One sentence for an error of the disk that a command was to write to; null for every other error. */
export function diskFaultInWords(error: unknown): string | null {
  const { code = '', syscall = '', path } = error as NodeJS.ErrnoException;
  const reason = REASONS[code];
  // A file that is opened and missing is one that was to be read.
  if (!reason || !WRITES.includes(syscall) || (code === 'ENOENT' && syscall === 'open')) return null;
  return `${path ?? 'A file'} cannot be written: ${reason}.`;
}
