import { list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import type { Reading } from '../../redis/watches.js'
import { type InspectedLock, readInspected } from '../lock-state.js'
import { type Head, readHead } from '../reply-head.js'

export type EventType = 'granted' | 'released' | 'expired' | 'revoked' | 'queued' | 'changed'

export interface LockEvent {
  /** Begins with the time of Redis in milliseconds since 1970. */
  readonly id: string
  readonly type: EventType
  /** 0 for a request that is queued. */
  readonly fence: number
  readonly owner: string
  readonly reason: string
  /** JSON, '' without any. */
  readonly metadata: string
}

/** The state of a lock at the place where events begin: who reads on from there misses nothing. */
export interface LockStart {
  readonly lock: InspectedLock
}

export type LockReading = Reading<LockEvent, LockStart>

export const watchScript = defineScript({
  name: 'locks.watch',
  file: new URL('../scripts/watch.lua', import.meta.url),
  keys: ['lock'],
  args: ['instance', 'watch_ms', 'after', 'max'],
  units: () => 8,
  outcomes: ['news', 'beginning'],
  decode(reply, kind): Head & LockReading {
    const parts = list(reply, 7)
    const head = readHead(parts)
    const last = String(parts[5])
    return kind === 'news'
      ? { ...head, kind, last, more: parts[6] === 1, events: readEvents(parts) }
      : { ...head, kind, last, more: false, lock: readInspected(parts, 7) }
  },
})

function readEvents(parts: readonly unknown[]): LockEvent[] {
  const events: LockEvent[] = []
  for (let at = 7; at + 5 < parts.length; at += 6) {
    events.push({
      id: String(parts[at]),
      type: parts[at + 1] as EventType,
      fence: Number(parts[at + 2]),
      owner: String(parts[at + 3]),
      reason: String(parts[at + 4]),
      metadata: String(parts[at + 5]),
    })
  }
  return events
}
