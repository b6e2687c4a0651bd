import { defineConfig } from 'vitest/config'
import base from './vitest.config.js'

/** Minutes of load on rate limits, and on broken scripts: a command of its own. */
export default defineConfig({
  test: { ...base.test, include: ['test/envelope/long.test.ts'], exclude: [] },
})
