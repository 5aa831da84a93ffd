import { spawnSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/* src/ to dist/: JavaScript and its types. Run by `npm pack` and `npm publish`. */
const inFolder = (path) => fileURLToPath(new URL(path, import.meta.url));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(inFolder('dist'), { recursive: true, force: true });
const options = ['--noEmit', 'false', '--declaration', '--incremental', 'false', '--tsBuildInfoFile', 'null'];
const { status } = spawnSync(process.execPath, [tsc, '-p', inFolder('.'), ...options], { stdio: 'inherit' });
if (status !== 0) process.exit(1);
// The compiler writes no declarations that were declarations before.
copyFileSync(inFolder('src/graphql-env.d.ts'), inFolder('dist/graphql-env.d.ts'));
