import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { runProgram } from './program.js';

/** A project that has the packed client installed; what the client needs is found in this repository's node_modules. */
export interface ClientProject {
  folder: string;
  /** Files of the package. */
  packed: string[];
  /** What the compiler says of files of the project; nothing where they are right. */
  check(...files: string[]): Promise<string>;
  remove(): Promise<void>;
}

export async function createClientProject(): Promise<ClientProject> {
  await mkdir(join(packageRoot, '.cache'), { recursive: true });
  const folder = await mkdtemp(join(packageRoot, '.cache/client-project-'));
  const client = join(packageRoot, 'clients/typescript');
  const told = await runProgram('npm', ['pack', client, '--json', '--pack-destination', folder]);
  const [tarball] = JSON.parse(told.slice(told.indexOf('['))) as [{ filename: string; files: { path: string }[] }];
  const installed = join(folder, 'node_modules/@osteograph/client');
  await mkdir(installed, { recursive: true });
  await runProgram('tar', ['-xzf', join(folder, tarball.filename), '-C', installed, '--strip-components=1']);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  return {
    folder,
    packed: tarball.files.map(({ path }) => path),
    check: (...files) =>
      runProgram(process.execPath, [TSC, ...TSC_OPTIONS, ...files.map((file) => join(folder, file))]),
    remove: () => rm(folder, { recursive: true }),
  };
}

const TSC = join(packageRoot, 'node_modules/typescript/bin/tsc');
const TSC_OPTIONS = [
  ...['--noEmit', '--strict', '--skipLibCheck', '--types', 'node', '--ignoreConfig'],
  ...['--module', 'nodenext', '--target', 'es2024', '--allowImportingTsExtensions'],
];
