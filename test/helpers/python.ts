import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';

/**
 * A Python that has these modules: the one of OSTEOGRAPH_PYTHON, the one that CI makes in .cache/venv, or python3. Undefined
 * where none has, and then the tests that need it are skipped.
 */
export function pythonWith(modules: readonly string[]): string | undefined {
  const named = process.env['OSTEOGRAPH_PYTHON'];
  const ours = join(packageRoot, '.cache/venv/bin/python');
  const candidates = named ? [named] : [...(existsSync(ours) ? [ours] : []), 'python3'];
  return candidates.find((python) => {
    try {
      execFileSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

/** What the Python client needs; it is run from its sources. */
export const CLIENT_MODULES = [
  'httpx',
  'httpx_sse',
  'nibabel',
  'numpy',
  'pandas',
  'PIL',
  'pyarrow',
  'tenacity',
  'tqdm',
];

/** The folder of the Python client, for PYTHONPATH. */
export const CLIENT_FOLDER = join(packageRoot, 'clients/python');

/** Whether a program is installed; tests that need it are skipped where it is not. */
export function hasProgram(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Whether R is installed with these packages; tests that need them are skipped where it is not. */
export function hasRPackages(packages: readonly string[]): boolean {
  try {
    execFileSync('Rscript', ['-e', packages.map((name) => `library(${name})`).join(';')], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
