import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Copies every file that git tracks or would, as it is here, and links the dependencies of here beside them.
 *
 * @param {string} folder to copy to
 * @param {string[]} paths what of the tree, as git writes it; default: all
 */
export function copyWorkingTree(folder, ...paths) {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...paths];
  const listed = execFileSync('git', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  for (const file of listed.split('\0').filter((name) => name !== '' && existsSync(name))) {
    cpSync(file, join(folder, file), { recursive: true, verbatimSymlinks: true });
  }
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'), 'dir');
}
