import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/*
 * ruff and mypy over the Python of the repository, in a virtual environment of their own, so that `npm run check` asks for nothing
 * but a Python. The versions are pinned: a newer one may find more, and a check must not fail by itself.
 */
const TOOLS = ['ruff==0.17.6', 'mypy==2.4.1', 'types-PyYAML==6.0.12.20261122'];
const folder = join('.cache', 'check-python');
const bin = join(folder, 'bin');

if (spawnSync('python3', ['--version']).error) {
  console.log('Python was not checked: there is no python3 on this machine.');
  process.exit(0);
}
if (!existsSync(join(bin, 'mypy'))) {
  run('python3', ['-m', 'venv', folder]);
  run(join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...TOOLS]);
}
run(join(bin, 'ruff'), ['check', '--quiet', '.']);
run(join(bin, 'ruff'), ['format', '--quiet', '--check', '.']);
for (const [project, packaged] of [
  ['training', 'osteograph_training'],
  ['clients/python', 'osteograph'],
]) {
  const config = ['--config-file', join(project, 'pyproject.toml'), '--no-error-summary'];
  run(join(bin, 'mypy'), [...config, join(project, packaged)]);
}

function run(command, args) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${[command, ...args].join(' ')} ended with ${status}.`);
    process.exit(1);
  }
}
