import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { copyWorkingTree } from './working-tree.js';

/*
 * `npm run test:package`: packs what git knows in a folder of its own, which runs prepack, installs the file beside it as somebody would who
 * has nothing else, and runs the demo from there, small. `npm run test:package -- --node <program>` runs it with another Node, such as 22.
 * It takes minutes and fetches the dependencies that npm's cache lacks, so that it is no test of `npm test`.
 */
const asked = process.argv.indexOf('--node');
const node = resolve(asked < 0 ? process.execPath : process.argv[asked + 1]);
const folder = mkdtempSync(join(tmpdir(), 'osteograph-package-'));
// npx takes the node of the path.
const path = `${dirname(node)}:${process.env.PATH}`;
// Without it onnxruntime-node fetches its CUDA libraries from elsewhere on Linux x64.
const env = { ...process.env, PATH: path, ONNXRUNTIME_NODE_INSTALL: 'skip', npm_config_loglevel: 'error' };

try {
  const tree = join(folder, 'tree');
  // Nothing of these goes into a build, which is most of the files.
  copyWorkingTree(tree, '.', ':!test', ':!training', ':!docs', ':!deploy');
  run('npm', ['pack', '--pack-destination', folder], tree);
  const packed = readdirSync(folder).find((name) => name.endsWith('.tgz'));

  const home = join(folder, 'home');
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{ "private": true }');
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, packed)], home);

  console.log(`The demo with Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}:`);
  const small = ['--participants', '20', '--images', '1', '--slices', '6', '--steps', '4'];
  run('npx', ['--no-install', 'osteograph', 'demo', '--dir', 'demo', ...small], home);
  for (const file of ['volume.nii.gz', 'montage.png']) {
    if (!readdirSync(join(home, 'demo'), { recursive: true }).some((name) => name.endsWith(file))) {
      throw new Error(`The demo wrote no ${file}.`);
    }
  }
  console.log('The package installs and runs.');
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(command, args, cwd) {
  const started = performance.now();
  const { status } = spawnSync(command, args, { cwd, env, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}.`);
  console.log(`${command} ${args[0]}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
}
