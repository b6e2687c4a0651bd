import { defineConfig } from 'vitest/config'
import { TEST_MS, WAIT_MS } from './test/support/bounds.js'
import { BUILT, builtSources } from './test/support/built-sources.js'
import { ProcessesFirst } from './test/support/processes-first.js'

/** A file for the results as JSON, beside the printed ones. */
const report = process.env.LOCKSTEP_TEST_REPORT

/** Commands of their own: minutes of load, faults or compilers, and most of what a client does. */
const LONG = {
  examples: ['test/examples/*.test.ts'],
  browser: ['test/browser/*.test.ts'],
  failover: ['test/failover/**/*.test.ts'],
  safety: ['test/safety/*long.test.ts'],
  envelope: ['test/envelope/long.test.ts'],
  coherence: ['test/coherence/long.test.ts'],
  'command-line': ['test/command-line/**/*.test.ts'],
  linearizability: ['test/linearizability/linearizability.test.ts'],
  'client-typescript': ['test/client-typescript/!(calls|keeper|undo).test.ts'],
}

/** They start the Redis that they harm, so the topology of a run does not reach them, or test a client. */
const OF_ONE_TOPOLOGY = [
  'test/{boot,faults,safety,coherence,client-typescript}/**',
  'test/{bench,docs-run}.test.ts',
]

/** Set where a build came just before: otherwise it might be an older one. */
const isBuilt = process.env.LOCKSTEP_TEST_BUILT !== undefined

export default defineConfig({
  plugins: isBuilt ? [builtSources] : [],
  test: {
    server: { deps: { external: BUILT } },
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/setup.ts'],
    pool: 'forks',
    // Three for each of two cores: the tests of processes and faults wait more than they run.
    maxWorkers: 6,
    sequence: { sequencer: ProcessesFirst },
    // One worker loads the sources once for all of its files, not again for each: a third of the
    // time. So a file puts back what it changes of the process: timers, variables, listeners.
    isolate: false,
    testTimeout: TEST_MS,
    hookTimeout: TEST_MS,
    expect: { poll: { timeout: WAIT_MS } },
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['test/**/*.test.ts'],
          exclude: [
            ...Object.values(LONG).flat(),
            ...(process.env.LOCKSTEP_TEST_TOPOLOGY ? OF_ONE_TOPOLOGY : []),
          ],
        },
      },
      ...Object.entries(LONG).map(([name, include]) => ({
        extends: true as const,
        test: { name, include, exclude: [] },
      })),
    ],
  },
})
