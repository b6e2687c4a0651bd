import type { BatchOptions } from './batch.js'
import { toStoreError, unavailable } from './errors.js'

/** @returns undefined where nothing is there. @throws StoreError */
export type Get = (key: string) => Promise<Buffer | undefined>

interface Read {
  readonly key: string
  readonly resolve: (bytes: Buffer | undefined) => void
  readonly reject: (error: Error) => void
}

/** Values are large: more of them in one reply would block Redis for too long. */
const MAX_KEYS = 16

/** Keys read in one turn of the event loop are sent as one MGET per Cluster slot. */
export function bindGet(name: string, { connection, observer }: BatchOptions): Get {
  const open = new Map<number, Read[]>()

  async function send(reads: readonly Read[]): Promise<void> {
    const started = performance.now()
    try {
      if (!connection.isReady()) throw unavailable()
      const values = await connection.client.mgetBuffer(reads.map(({ key }) => key))
      observer.batch(name, reads.length, (performance.now() - started) / 1_000)
      for (const [i, { resolve }] of reads.entries()) resolve(values[i] ?? undefined)
    } catch (error) {
      const failure = toStoreError(error)
      observer.failure(failure)
      for (const { reject } of reads) reject(failure)
    }
  }

  function flush(): void {
    const groups = [...open.values()]
    open.clear()
    for (const reads of groups) void send(reads)
  }

  return (key) =>
    new Promise((resolve, reject) => {
      if (open.size === 0) setImmediate(flush)
      const slot = connection.slotOf(key)
      const reads = open.get(slot) ?? []
      open.set(slot, reads)
      reads.push({ key, resolve, reject })
      if (reads.length < MAX_KEYS) return
      open.delete(slot)
      void send(reads)
    })
}
