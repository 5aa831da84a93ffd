import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Runs after npm install: onnxruntime-node brings its libraries for every system and processor (288 MB), of which one machine needs
 * one. A file that cannot be removed costs disk space and nothing else, so this never fails an install.
 */
const runtime = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules', 'onnxruntime-node', 'bin');

for (const version of foldersOf(runtime)) {
  for (const system of foldersOf(version)) {
    if (!system.endsWith(process.platform)) remove(system);
    else for (const processor of foldersOf(system)) if (!processor.endsWith(process.arch)) remove(processor);
  }
}

function foldersOf(folder) {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

function remove(folder) {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    console.warn(`Could not remove ${folder} (${error.message}); it is not needed on this machine.`);
  }
}
