/** Tests import TypeScript sources through swc; child processes they start run the build in dist/. */
export default {
  testEnvironment: '<rootDir>/test/helpers/environment.js',
  globalSetup: '<rootDir>/test/helpers/global-setup.js',
  globalTeardown: '<rootDir>/test/helpers/global-teardown.js',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest', {}] },
  testTimeout: 60_000,
  maxWorkers: 2,
};
