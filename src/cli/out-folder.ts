import { access, mkdtemp, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/**
 * Makes sure, before long work, that files can be put into `out`, by making a folder there or in the nearest folder above that there is, and
 * removing it.
 *
 * @throws the error of the disk, with `out` as its path, which `diskFaultInWords` says in a sentence
 */
export async function assertWritable(out: string): Promise<void> {
  try {
    await rmdir(await mkdtemp(join(await nearestThere(resolve(out)), '.osteograph-')));
  } catch (error) {
    throw Object.assign(error as Error, { path: out });
  }
}

async function nearestThere(path: string): Promise<string> {
  try {
    await access(path);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || path === dirname(path)) return path;
    return nearestThere(dirname(path));
  }
}
