import { defineConfig } from 'vitest/config'
import base from './vitest.config.js'

const { projects: _, ...shared } = base.test ?? {}

/** Every line of some scripts deleted once, in one worker: a command of its own. */
export default defineConfig({
  test: {
    ...shared,
    include: ['test/lines/report.ts'],
    globalSetup: ['test/lines/redis.ts'],
    setupFiles: [],
    runner: './test/lines/runner.ts',
    maxWorkers: 1,
    // What a deletion breaks is waited for in vain, and many do.
    env: { LOCKSTEP_TEST_WAIT_MS: process.env.LOCKSTEP_TEST_WAIT_MS ?? '3000' },
    // A broken script leaves broken promises behind.
    onUnhandledError: () => false,
  },
})
