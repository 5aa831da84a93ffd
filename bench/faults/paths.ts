import { dirname, join } from 'node:path';
import { pathToFileURL, fileURLToPath } from 'node:url';

/** Address of a compiled module of this folder, for `node --import`. */
export function compiledFile(name: string): string {
  return pathToFileURL(join(dirname(fileURLToPath(import.meta.url)), `${name}.js`)).href;
}
