import { spawnSync } from 'node:child_process';
import { PROJECTS } from '../test/helpers/projects.js';

/*
 * `npm test`, for all tests; `npm test -- unit` for those of a project; `npm test -- test/api` for those of a folder. Everything else
 * is Jest's own.
 */
const [first, ...rest] = process.argv.slice(2);
const asked = PROJECTS.includes(first)
  ? ['--selectProjects', first, ...(rest.length ? ['--', ...rest] : [])]
  : process.argv.slice(2);
const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
const { status } = spawnSync(process.execPath, [...node, ...asked], { stdio: 'inherit' });
process.exitCode = status ?? 1;
