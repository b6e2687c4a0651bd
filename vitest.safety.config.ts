import { defineConfig } from 'vitest/config'
import base from './vitest.config.js'

/** Minutes of worker processes, faults and broken scripts: a command of its own. */
export default defineConfig({
  test: { ...base.test, include: ['test/safety/long.test.ts'], exclude: [] },
})
