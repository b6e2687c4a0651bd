import { defineConfig } from 'vitest/config'
import base from './vitest.config.js'

/** Kills primaries under load: a command of its own, for a machine that does nothing else. */
export default defineConfig({
  test: {
    ...base.test,
    include: ['test/failover/**/*.test.ts'],
    exclude: [],
  },
})
