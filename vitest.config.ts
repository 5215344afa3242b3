import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{sim,scenarios,properties,reports,cli,bench,docs}/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: 'cli/bundle.test.setup.ts',
    pool: 'threads',
    // Every test makes its own world: nothing outlives a file but what modules cache, and loading them anew costs more than the tests.
    isolate: false,
    // What is built runs as it is.
    server: { deps: { external: [/\/dist\//] } },
    // The default leaves one core idle, which on two cores is half of them.
    maxWorkers: availableParallelism(),
  },
})
