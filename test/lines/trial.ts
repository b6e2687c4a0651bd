import { startTests } from '@vitest/runner'
import { getTests } from '@vitest/runner/utils'
import type { RunnerTestCase, RunnerTestFile, TestRunner } from 'vitest'
import { forgetLogs } from '../support/kept-logs.js'

export interface Trial {
  /** The first failed test and its error; the file if a hook failed. */
  readonly failed: string | undefined
  /** How long each test took, ms. */
  readonly tests: readonly number[]
  /** The numbers of the failed tests. */
  readonly red: ReadonlySet<number>
  readonly ms: number
}

export interface Options {
  /** Runs every test, also after a failure. */
  readonly goesOn?: boolean
  /** The last test to run. Default: the last of the file. */
  readonly last?: number
  /** The tests to leave out. */
  readonly skip?: ReadonlySet<number>
  readonly timeoutMs: number
  readonly onTest?: (number: number) => void
}

/**
 * Runs a test file in this process up to its first failure, without a report. Does not load its
 * imports again.
 */
export async function tryFile(
  outer: TestRunner,
  file: string,
  { goesOn, last = Number.POSITIVE_INFINITY, skip, timeoutMs, onTest }: Options,
): Promise<Trial> {
  const { workerState } = outer as unknown as Internals
  for (const module of workerState.evaluatedModules.fileToModulesMap.get(file) ?? []) {
    workerState.evaluatedModules.invalidateModule(module)
  }
  let number = -1
  let failed: string | undefined
  const numbers = new Map<string, number>()
  const red = new Set<number>()
  const runner: TestRunner = Object.assign(Object.create(outer), {
    config: { ...outer.config, testTimeout: timeoutMs, hookTimeout: timeoutMs },
    onBeforeCollect: undefined,
    onCollectStart: undefined,
    onCollected: undefined,
    onTaskUpdate: undefined,
    onAfterRunFiles: undefined,
    onCleanupWorkerContext: undefined,
    async onBeforeRunTask(test: RunnerTestCase) {
      number++
      numbers.set(test.id, number)
      const isOver = failed !== undefined && !goesOn
      if (isOver || number > last || skip?.has(number)) test.mode = 'skip'
      onTest?.(number)
      await outer.onBeforeRunTask(test)
    },
    onAfterRunTask(test: RunnerTestCase) {
      if (test.result?.state === 'fail') {
        failed ??= `${test.name} (${test.result.errors?.[0]?.message})`
        red.add(numbers.get(test.id)!)
      }
      outer.onAfterRunTask(test)
    },
  })
  const started = performance.now()
  const [run] = (await startTests([file], runner as never)) as [RunnerTestFile]
  forgetLogs()
  return {
    failed: failed ?? (run.result?.state === 'fail' ? file : undefined),
    red,
    tests: getTests(run).map(({ result }) => result?.duration ?? 0),
    ms: performance.now() - started,
  }
}

/** Vitest's module cache of a worker, which is not public API. */
interface Internals {
  readonly workerState: {
    readonly evaluatedModules: {
      readonly fileToModulesMap: ReadonlyMap<string, Iterable<object>>
      invalidateModule(module: object): void
    }
  }
}
