import type { BatchOptions } from './batch.js'
import { toStoreError, unavailable } from './errors.js'

/** @returns undefined where nothing is there. @throws StoreError */
export type Get = (key: string) => Promise<Buffer | undefined>

interface Asked {
  readonly key: string
  readonly resolve: (bytes: Buffer | undefined) => void
  readonly reject: (error: Error) => void
}

/** Values are large: more of them in one reply would keep everybody else waiting. */
const MOST_KEYS = 16

/** The keys that are asked for in one turn of the event loop go as one MGET, per Cluster slot. */
export function bindGet(name: string, { connection, observer }: BatchOptions): Get {
  const open = new Map<number, Asked[]>()

  async function send(asked: readonly Asked[]): Promise<void> {
    const started = performance.now()
    try {
      if (!connection.isReady()) throw unavailable()
      const values = await connection.client.mgetBuffer(asked.map(({ key }) => key))
      observer.batch(name, asked.length, (performance.now() - started) / 1_000)
      for (const [i, { resolve }] of asked.entries()) resolve(values[i] ?? undefined)
    } catch (error) {
      const met = toStoreError(error)
      observer.failure(met)
      for (const { reject } of asked) reject(met)
    }
  }

  function flush(): void {
    const groups = [...open.values()]
    open.clear()
    for (const asked of groups) void send(asked)
  }

  return (key) =>
    new Promise((resolve, reject) => {
      if (open.size === 0) setImmediate(flush)
      const slot = connection.slotOf(key)
      const asked = open.get(slot) ?? []
      open.set(slot, asked)
      asked.push({ key, resolve, reject })
      if (asked.length < MOST_KEYS) return
      open.delete(slot)
      void send(asked)
    })
}
