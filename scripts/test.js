import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PROJECTS } from '../test/helpers/projects.js';

/*
 * `npm test`, for all tests; `npm test -- unit` for those of a project; `npm test -- test/api` for those of a folder; `npm test --
 * external`, which is `npm run test:external`, for the files that may skip tests on a machine without what they need: it fails, and
 * says what is missing, where they do. Everything else is Vitest's own.
 */
const [first, ...rest] = process.argv.slice(2);
const external = first === 'external';
const asked = external
  ? [...Object.values(JSON.parse(readFileSync('test/skips.json', 'utf8'))).flat(), ...rest]
  : PROJECTS.includes(first)
    ? ['--project', first, ...rest]
    : process.argv.slice(2);
const env = external ? { ...process.env, OSTEOGRAPH_TEST_EXTERNAL: '1' } : process.env;
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...asked], {
  stdio: 'inherit',
  env,
});
process.exitCode = status ?? 1;
