import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

// Sources are read as they are: tests need no build of the packages that they import.
const conditions = ['source', 'module', 'node', 'development|production'];

// Projects run one after the other (groupOrder), the ones that measure or time anything with the fewest neighbours.
const projects = [
  project({ name: 'unit', include: 'packages/*/src/**/*.test.ts', order: 0, workers: 2, timeoutMs: 30_000 }),
  project({
    name: 'process',
    include: 'packages/*/test/**/*.test.ts',
    order: 1,
    workers: 2,
    timeoutMs: 30_000,
  }),
  project({ name: 'e2e', include: 'tests/e2e/**/*.test.ts', order: 2, workers: 1, timeoutMs: 60_000 }),
];
const long = project({
  name: 'long',
  // Parsers are given hostile input for seconds among the other tests, and for minutes here.
  include: ['tests/long/**/*.test.ts', 'packages/*/{src,test}/**/*.fuzz.test.ts'],
  order: 3,
  workers: 1,
  timeoutMs: 3_600_000,
  env: { HOLDFAST_FUZZ_FACTOR: process.env['HOLDFAST_FUZZ_FACTOR'] ?? '20' },
});

export default defineConfig({
  test: {
    pool: 'forks',
    passWithNoTests: true,
    // `npm run test:long` sets it; nothing else should start an hour of work.
    projects: process.env['HOLDFAST_TEST_LONG'] ? [...projects, long] : projects,
  },
});

interface Project {
  name: string;
  include: string | string[];
  order: number;
  workers: number;
  timeoutMs: number;
  env?: Record<string, string>;
}

function project({ name, include, order, workers, timeoutMs, env = {} }: Project): TestProjectConfiguration {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      name,
      include: [include].flat(),
      env,
      setupFiles: ['./scripts/property-seed.mjs'],
      pool: 'forks',
      maxWorkers: workers,
      sequence: { groupOrder: order },
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      retry: 0,
    },
  };
}
