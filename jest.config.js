/** Tests import TypeScript sources through swc; child processes they start run the build in dist/. */
export default {
  testEnvironment: '<rootDir>/test/helpers/environment.js',
  globalSetup: '<rootDir>/test/helpers/global-setup.js',
  globalTeardown: '<rootDir>/test/helpers/global-teardown.js',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest', {}] },
  // Ends what hangs, not what is slow: a test waits for events, and a loaded machine is ten times slower.
  testTimeout: 300_000,
  maxWorkers: 2,
};
