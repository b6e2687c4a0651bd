import type { BatchOptions } from './batch.js'
import { toStoreError, unavailable } from './errors.js'

/** @returns undefined where nothing is there. @throws StoreError */
export type Get = (key: string) => Promise<Buffer | undefined>

export function bindGet(name: string, { link, observer }: BatchOptions): Get {
  return async (key) => {
    const started = performance.now()
    try {
      if (!link.isReady()) throw unavailable()
      const bytes = await link.client.getBuffer(key)
      observer.batch(name, 1, (performance.now() - started) / 1_000)
      return bytes ?? undefined
    } catch (error) {
      const met = toStoreError(error)
      observer.failure(met)
      throw met
    }
  }
}
