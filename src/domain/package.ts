import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package's package.json, the same from src/ (tests) and from dist/ (everything else). */
export const packageRoot: string = findPackageRoot(dirname(fileURLToPath(import.meta.url)));

/** What a person types before the name of a command: that of a package beside others, or of a checkout. */
export const commandPrefix: string = packageRoot.split(sep).includes('node_modules')
  ? 'npx osteograph'
  : 'npm run osteograph --';

const packageFile = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  version: string;
  engines: { node: string };
};

/** The version in package.json. */
export const packageVersion: string = packageFile.version;

/** The versions of Node that package.json asks for, e.g. ">=22.13". */
export const packageEngine: string = packageFile.engines.node;

/** Which code is running. */
export interface CodeVersion {
  /** The version in package.json. */
  version: string;
  /** Git commit, "-dirty" appended where files differ from it; null where nobody says. */
  commit: string | null;
}

let known: CodeVersion | undefined;

/** The code that runs: OSTEOGRAPH_COMMIT where the package was built without its history, else what git says of its folder. */
export function codeVersion(): CodeVersion {
  return (known ??= { version: packageVersion, commit: process.env['OSTEOGRAPH_COMMIT'] || checkedOutCommit() });
}

function checkedOutCommit(): string | null {
  // A copy inside somebody else's repository must not pass for that repository's commit.
  if (!existsSync(join(packageRoot, '.git'))) return null;
  try {
    const args = ['-C', packageRoot, 'describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'];
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}

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
