import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * `npm run build`: swc for the program, Vite for the web app, each only where something that goes into it has changed since its last
 * build: name, size or time of a file, or the Node that builds. `npm run build -- --all` builds both anew.
 */
const PARTS = [
  {
    name: 'program',
    made: 'dist/src/cli/main.js',
    from: ['src', 'migrations', 'bench', '.swcrc', 'package-lock.json'],
    build: [
      '@swc/cli/bin/swc.js',
      'src',
      'migrations',
      'bench',
      '--out-dir',
      'dist',
      '--config-file',
      '.swcrc',
      '--quiet',
    ],
  },
  {
    name: 'web',
    made: 'dist/web/index.html',
    // The web app takes labels and ranges of variables from src/domain, by vite.config.ts.
    from: ['web', 'clients/typescript/src', 'src/domain', 'schema.graphql', 'vite.config.ts', 'package-lock.json'],
    build: ['vite/bin/vite.js', 'build', '--logLevel', 'error'],
  },
];

const clean = process.argv.includes('--clean');
if (clean) rmSync('dist', { recursive: true, force: true });

for (const { name, made, from, build } of PARTS) {
  const stamp = `dist/.built-${name}`;
  const state = stateOf(from);
  const known = existsSync(stamp) && existsSync(made) && readFileSync(stamp, 'utf8') === state;
  if (known && !process.argv.includes('--all')) continue;
  // A build that fails or is stopped half-way leaves no stamp, so the next one begins again.
  rmSync(stamp, { force: true });
  const [program, ...args] = build;
  const { status } = spawnSync(process.execPath, [join('node_modules', program), ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stamp, state);
}

function stateOf(paths) {
  const hash = createHash('sha256').update(process.version);
  for (const path of paths.flatMap(filesIn).sort()) {
    const { size, mtimeMs } = statSync(path);
    hash.update(JSON.stringify([path, size, mtimeMs]));
  }
  return hash.digest('hex');
}

function filesIn(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
