import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';
import { defineConfig } from 'vitest/config';
import { PROJECTS, testFiles } from './test/helpers/projects.js';

const files = testFiles('test');
/** A file for what became of each test, as JSON. */
const report = process.env.OSTEOGRAPH_TEST_REPORT;

/** Tests import TypeScript sources; child processes they start run the build in dist/. */
export default defineConfig({
  test: {
    projects: PROJECTS.map((name) => ({
      plugins: [compiled()],
      oxc: false,
      test: {
        name,
        include: files[name].map((file) => `test/${file}`),
        globals: true,
        pool: 'forks',
        // Files of one worker share the modules they import: loading them anew for each took a quarter of the whole run.
        isolate: false,
        // Ends what hangs, not what is slow: a test waits for events, and a loaded machine is ten times slower.
        testTimeout: 600_000,
        hookTimeout: 600_000,
        teardownTimeout: 60_000,
        // One PostgreSQL for all projects that are run, and none where only unit tests are.
        ...(name !== 'unit' && { globalSetup: './test/helpers/global-setup.js' }),
      },
    })),
    // One more than the cores of a small machine: tests wait for processes half of the time.
    maxWorkers: 3,
    // What a passing test writes to the console is nobody's news.
    silent: 'passed-only',
    slowTestThreshold: 30_000,
    reporters: ['default', './test/helpers/skips-reporter.js', ...(report ? [['json', { outputFile: report }]] : [])],
  },
});

/** Sources compiled as the build compiles them, and packages left to Node, which loads each once and in the one form that all share. */
function compiled() {
  const options = { ...JSON.parse(readFileSync('.swcrc', 'utf8')), configFile: false, swcrc: false };
  return {
    name: 'compiled-as-built',
    enforce: 'pre',
    resolveId(source) {
      if (!/^[@a-z]/i.test(source) || source.startsWith('vitest')) return undefined;
      try {
        const url = import.meta.resolve(source);
        return url.startsWith('file:') ? { id: fileURLToPath(url), external: true } : undefined;
      } catch {
        return undefined;
      }
    },
    transform(code, id) {
      return id.endsWith('.ts') ? transform(code, { ...options, filename: id }) : undefined;
    },
  };
}
