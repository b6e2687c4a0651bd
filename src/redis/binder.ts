import type { BatchOptions } from './batch.js'
import { bindGet, type Get } from './get.js'
import type { RunScript, Script } from './script.js'

/** Binds scripts to one connection, one clock and one set of metrics. */
export interface Binder {
  bind<K extends readonly string[], A extends readonly string[], R>(
    script: Script<K, A, R>,
  ): RunScript<K, A, R>
  /**
   * Plain GETs, for values that are too large to pass through a script.
   * @param name labels the metrics, as the name of a script does
   */
  bindGet(name: `${string}.${string}`): Get
}

export const createBinder = (options: BatchOptions): Binder => ({
  bind: (script) => script.bind(options),
  bindGet: (name) => bindGet(name, options),
})
