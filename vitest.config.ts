import { defineConfig } from 'vitest/config'
import { TEST_MS, WAIT_MS } from './test/support/bounds.js'

/** A file for the results as JSON, beside the printed ones. */
const report = process.env.LOCKSTEP_TEST_REPORT

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/failover/**', 'test/{safety,envelope,coherence,lines}/long.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // One worker loads the sources once for all of its files, not again for each: a third of the
    // time. So a file puts back what it changes of the process: timers, variables, listeners.
    isolate: false,
    testTimeout: TEST_MS,
    hookTimeout: TEST_MS,
    expect: { poll: { timeout: WAIT_MS } },
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
})
