import { defineConfig } from 'vitest/config'
import base from './vitest.config.js'

/** Minutes of a cache under faults, and on broken scripts: a command of its own. */
export default defineConfig({
  test: { ...base.test, include: ['test/coherence/long.test.ts'], exclude: [] },
})
