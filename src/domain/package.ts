import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package's package.json, the same from src/ (tests) and from dist/ (everything else). */
export const packageRoot: string = findPackageRoot(dirname(fileURLToPath(import.meta.url)));

/** The version in package.json. */
export const packageVersion: string = (
  JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
).version;

/** A compiled module of this package, by its path below src/ without extension: entry points of child processes. */
export function compiledModule(path: string): string {
  return join(packageRoot, 'dist', 'src', `${path}.js`);
}

function findPackageRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('package.json of osteograph was not found above this module.');
  return findPackageRoot(parent);
}
