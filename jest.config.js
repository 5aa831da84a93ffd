import { PROJECTS, testFiles } from './test/helpers/projects.js';

const files = testFiles('test');

/** Tests import TypeScript sources through swc; child processes they start run the build in dist/. */
export default {
  projects: PROJECTS.map((name) => ({
    displayName: name,
    testMatch: files[name].map((file) => `<rootDir>/test/${file}`),
    testEnvironment: '<rootDir>/test/helpers/environment.js',
    extensionsToTreatAsEsm: ['.ts'],
    moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
    transform: { '^.+\\.ts$': ['@swc/jest', {}] },
    // One PostgreSQL for all projects that are run, and none where only unit tests are.
    ...(name !== 'unit' && {
      globalSetup: '<rootDir>/test/helpers/global-setup.js',
      globalTeardown: '<rootDir>/test/helpers/global-teardown.js',
    }),
  })),
  reporters: ['default', '<rootDir>/test/helpers/skips-reporter.js'],
  // Ends what hangs, not what is slow: a test waits for events, and a loaded machine is ten times slower.
  testTimeout: 300_000,
  // One more than the cores of a small machine: tests wait for processes half of the time.
  maxWorkers: 3,
};
