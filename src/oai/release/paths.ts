import { readdir, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { Dirent } from 'node:fs';

/** Something of a release that was not read, and why: one sentence. */
export interface Refusal {
  /** Path below the release. */
  readonly file: string;
  /** Line of a table; absent when the whole file or folder was refused. */
  readonly row?: number;
  readonly reason: string;
}

/** True when `path` is `root` or below it; both are real paths. */
export function isInside(root: string, path: string): boolean {
  const below = relative(root, path);
  return below === '' || (!isAbsolute(below) && below.split(sep)[0] !== '..');
}

/** Where a folder that a table names lies: an existing folder inside the release, nowhere, or refused. */
export type Located = { readonly path: string } | { readonly absent: true } | { readonly reason: string };

/**
 * Finds a folder named by contents.csv below the first of `bases` that has it. The name is hostile until shown otherwise: it
 * may not be absolute, hold "..", or lead out of the release through a link.
 *
 * @param root real path of the release
 */
export async function locateFolder(root: string, bases: readonly string[], folder: string): Promise<Located> {
  const name = folder.replaceAll('\\', '/');
  const shown = JSON.stringify(folder.slice(0, 80));
  if (name.includes('\0')) return { reason: `Folder ${shown} holds a zero byte.` };
  if (isAbsolute(name) || /^[A-Za-z]:/.test(name)) {
    return { reason: `Folder ${shown} is an absolute path; only folders inside the release are read.` };
  }
  if (name.split('/').includes('..')) {
    return { reason: `Folder ${shown} leads out of the release with ".."; only folders inside it are read.` };
  }
  for (const base of bases) {
    const found = await realpath(join(base, name)).catch(() => null);
    if (found === null) continue;
    if (isInside(found, base)) return { reason: `Folder ${shown} is not a folder of images.` };
    return isInside(root, found)
      ? { path: found }
      : { reason: `Folder ${shown} is a link that leads out of the release.` };
  }
  return { absent: true };
}

/**
 * Files and folders in a folder, by name. Links are not followed: what they name inside the release is met at its own place,
 * and one that leads out of it is handed to `refuse`.
 */
export async function listFolder(
  root: string,
  folder: string,
  refuse: (refusal: Refusal) => void,
): Promise<{ files: Dirent[]; folders: Dirent[] }> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries.filter((candidate) => candidate.isSymbolicLink())) {
    const path = join(folder, entry.name);
    const target = await realpath(path).catch(() => null);
    if (target !== null && isInside(root, target)) continue;
    const reason =
      target === null
        ? 'is a link to nothing'
        : 'is a link that leads out of the release; import what it names directly';
    refuse({ file: relative(root, path), reason: `${entry.name} ${reason}.` });
  }
  return { files: entries.filter((entry) => entry.isFile()), folders: entries.filter((entry) => entry.isDirectory()) };
}
