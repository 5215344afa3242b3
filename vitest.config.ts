import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{sim,scenarios,properties,reports,cli,bench,docs}/**/*.test.ts'],
    testTimeout: 30_000,
    pool: 'threads',
    // The default leaves one core idle, which on two cores is half of them.
    maxWorkers: availableParallelism(),
  },
})
