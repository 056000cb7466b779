const project = {
  testEnvironment: '<rootDir>/test/native-environment.js',
  transform: { '\\.ts$': '@swc/jest' },
  setupFiles: ['reflect-metadata'],
};

/**
 * `npm test` runs the first project. CI also runs `floors` (published figures on real data, minutes long) and `faults` (the
 * program with a real Kafka and a real Postgres, while they are killed, frozen and stopped; one file after the other, with
 * --runInBand, since they share two cores with what they start).
 */
/** @type {import('jest').Config} */
module.exports = {
  testTimeout: 60_000,
  maxWorkers: 2,
  projects: [
    {
      ...project,
      displayName: 'tests',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/floors/', '<rootDir>/test/faults/'],
    },
    { ...project, displayName: 'floors', testMatch: ['<rootDir>/test/floors/**/*.test.ts'] },
    {
      ...project,
      displayName: 'faults',
      testMatch: ['<rootDir>/test/faults/**/*.test.ts'],
      globalSetup: '<rootDir>/test/faults/set-up.ts',
      globalTeardown: '<rootDir>/test/faults/tear-down.ts',
    },
  ],
};
