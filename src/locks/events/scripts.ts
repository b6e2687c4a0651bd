import { list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { readSnapshot, readWaiters, type Snapshot, type Waiting } from '../lock-state.js'
import { type Head, readHead } from '../reply-head.js'

export type EventType = 'granted' | 'released' | 'expired' | 'revoked' | 'queued'

export interface LockEvent {
  /** Begins with the time of Redis in milliseconds since 1970. */
  readonly id: string
  readonly type: EventType
  /** 0 for a request that stands in line. */
  readonly fence: number
  readonly owner: string
  readonly reason: string
}

/** How a lock stands; whoever reads on from `last` misses nothing that follows. */
export interface Beginning {
  readonly outcome: 'beginning'
  readonly last: string
  readonly lock: Snapshot & { readonly waiters: readonly Waiting[] }
}

export interface News {
  readonly outcome: 'news'
  readonly last: string
  /** Whether there is more behind these. */
  readonly more: boolean
  readonly events: readonly LockEvent[]
}

export const watchScript = defineScript({
  name: 'locks.watch',
  file: new URL('../scripts/watch.lua', import.meta.url),
  keys: ['lock'],
  args: ['instance', 'watch_ms', 'after', 'max'],
  units: () => 8,
  outcomes: ['news', 'beginning'],
  decode(reply, outcome): Head & (Beginning | News) {
    const parts = list(reply, 6)
    const head = readHead(parts)
    const last = String(parts[4])
    if (outcome === 'news') {
      return { ...head, outcome, last, more: parts[5] === 1, events: readEvents(parts) }
    }
    const [lock, end] = readSnapshot(parts, 6)
    return { ...head, outcome, last, lock: { ...lock, waiters: readWaiters(parts, end) } }
  },
})

function readEvents(parts: readonly unknown[]): LockEvent[] {
  const events: LockEvent[] = []
  for (let at = 6; at + 4 < parts.length; at += 5) {
    events.push({
      id: String(parts[at]),
      type: parts[at + 1] as EventType,
      fence: Number(parts[at + 2]),
      owner: String(parts[at + 3]),
      reason: String(parts[at + 4]),
    })
  }
  return events
}
