const project = {
  testEnvironment: '<rootDir>/test/native-environment.js',
  transform: { '\\.ts$': '@swc/jest' },
  setupFiles: ['reflect-metadata'],
};

/** `npm test` runs the first project; CI also runs `floors`: published figures on real data, minutes long. */
/** @type {import('jest').Config} */
module.exports = {
  testTimeout: 60_000,
  maxWorkers: 2,
  projects: [
    {
      ...project,
      displayName: 'tests',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/floors/'],
    },
    { ...project, displayName: 'floors', testMatch: ['<rootDir>/test/floors/**/*.test.ts'] },
  ],
};
