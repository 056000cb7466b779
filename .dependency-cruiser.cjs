/**
 * The import rule of ARCHITECTURE.md, checked by `npm run check`. Each room may import itself, the files at the root of
 * src/ that every room may use (errors.ts, threads.ts), and the rooms listed for it; nothing goes round in circles.
 */
const rooms = {
  domain: [],
  training: ['domain'],
  features: ['domain'],
  stores: ['domain'],
  services: ['stores', 'features', 'training', 'domain'],
  streaming: ['services', 'domain'],
  schema: ['domain'],
  resolvers: ['schema', 'services', 'domain'],
  demo: ['domain'],
};

/** The command line builds on the app; it may name what the rooms below it define. */
const forEveryone = '^src/(config-files|errors|threads)\\.ts$';

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphan-rooms',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: `^src/(${[...Object.keys(rooms), 'cli'].join('|')})/` },
      to: {},
    },
    ...Object.entries(rooms).map(([room, allowed]) => ({
      name: `${room}-imports`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: '^src/', pathNot: [`^src/(${[room, ...allowed].join('|')})/`, forEveryone] },
    })),
    {
      name: 'cli-imports',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: {
        path: '^src/',
        pathNot: ['^src/(cli|demo|streaming|services|domain)/', '^src/(app|config|errors|log|threads)\\.ts$'],
      },
    },
    {
      name: 'not-to-dev',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'declared',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'unknown', 'npm-unknown'] },
    },
    {
      name: 'training-is-pure',
      severity: 'error',
      from: { path: '^src/training/' },
      to: { path: ['node_modules/(pg|@prisma|@electric-sql|fastify|graphql)'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(\\.assembly\\.ts$|/generated/)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    parser: 'tsc',
    // Packages such as graphql-ws name what may be imported in `exports`, as Node reads it.
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'default'] },
  },
};
