import type { BatchOptions } from './batch.js'
import type { RunScript, Script } from './script.js'

/** Hands a store its scripts, bound to one connection, one clock and one set of metrics. */
export interface Binder {
  bind<K extends readonly string[], A extends readonly string[], R>(
    script: Script<K, A, R>,
  ): RunScript<K, A, R>
}

export const createBinder = (options: BatchOptions): Binder => ({
  bind: (script) => script.bind(options),
})
