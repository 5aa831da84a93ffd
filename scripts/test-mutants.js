import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyWorkingTree } from './working-tree.js';

/*
 * `npm run test:mutants`: breaks one guard at a time, in a copy of the working tree, and runs the tests that should notice.
 * `npm run test:mutants -- affine` takes those whose name holds the word. The list is test/mutants/mutants.json; an entry replaces
 * a text that stands once in its file. Each test is run unbroken first: a test that fails by itself would seem to notice everything.
 */
const wanted = process.argv[2] ?? '';
const listed = JSON.parse(readFileSync('test/mutants/mutants.json', 'utf8'));
const mutants = listed.filter(({ name }) => name.includes(wanted));
if (mutants.length === 0) {
  console.error(`No mutant has "${wanted}" in its name; the list is test/mutants/mutants.json.`);
  process.exit(1);
}

const copy = copyOfWorkingTree();
const outcomes = {
  KILLED: 0,
  SURVIVED: 0,
  'NO LONGER APPLIES': 0,
  'TESTS FAIL BY THEMSELVES': 0,
  'TESTS DID NOT RUN': 0,
};
try {
  const unbroken = new Map();
  for (const mutant of mutants) {
    const started = Date.now();
    const outcome = judge(mutant, unbroken);
    outcomes[outcome] += 1;
    console.log(`${outcome.padEnd(9)} ${mutant.name} (${Math.round((Date.now() - started) / 1000)} s)`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
const counts = Object.entries(outcomes).filter(([outcome, count]) => count > 0 || outcome === 'SURVIVED');
console.log(counts.map(([outcome, count]) => `${count} ${outcome.toLowerCase()}`).join(', '));
process.exitCode = outcomes.KILLED === mutants.length ? 0 : 1;

function judge({ file, text, replacement, tests }, unbroken) {
  const path = join(copy, file);
  const source = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (source.split(text).length !== 2) return 'NO LONGER APPLIES';
  const key = tests.join(' ');
  if (!unbroken.has(key)) unbroken.set(key, failedTests(tests));
  if (unbroken.get(key) !== 0) return 'TESTS FAIL BY THEMSELVES';
  writeFileSync(
    path,
    source.replace(text, () => replacement),
  );
  try {
    buildProgram(file);
    const failed = failedTests(tests);
    if (failed === null) return 'TESTS DID NOT RUN';
    return failed > 0 ? 'KILLED' : 'SURVIVED';
  } finally {
    writeFileSync(path, source);
    buildProgram(file);
  }
}

/** Tests that failed, or null when a file could not be run at all: a mutant that does not even compile proves nothing. */
function failedTests(tests) {
  const report = join(copy, 'test-report.json');
  rmSync(report, { force: true });
  const env = { ...process.env, OSTEOGRAPH_TEST_REPORT: report };
  spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...tests], { cwd: copy, stdio: 'ignore', env });
  if (!existsSync(report)) return null;
  const { numFailedTests, numPassedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  // Where a file's set-up fails, its tests are told as skipped.
  const notSetUp = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length > 0,
  );
  if (numFailedTests > 0 || notSetUp.length > 0) return Math.max(numFailedTests, notSetUp.length);
  return numPassedTests > 0 && testResults.every(({ status }) => status === 'passed') ? 0 : null;
}

/** Programs that tests start run from dist/, as the web app does. */
function buildProgram(file) {
  const swc = ['@swc/cli/bin/swc.js', file, '--out-dir', 'dist', '--config-file', '.swcrc', '--quiet'];
  const [program, ...args] = /^(web|clients)\//.test(file) ? ['vite/bin/vite.js', 'build', '--logLevel', 'error'] : swc;
  execFileSync(process.execPath, [`node_modules/${program}`, ...args], { cwd: copy });
}

function copyOfWorkingTree() {
  const folder = mkdtempSync(join(tmpdir(), 'osteograph-mutants-'));
  copyWorkingTree(folder);
  cpSync('dist', join(folder, 'dist'), { recursive: true });
  return folder;
}
