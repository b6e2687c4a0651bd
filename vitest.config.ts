import { defineConfig } from 'vitest/config'

/** A file for the results as JSON, beside the printed ones. */
const report = process.env.LOCKSTEP_TEST_REPORT

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/failover/**', 'test/{safety,envelope}/long.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 15_000,
    hookTimeout: 30_000,
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
})
