import type { Binder } from '../../redis/binder.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { type Layout, lockBucket } from '../../redis/layout.js'
import { remainingMs } from '../../redis/remaining.js'
import { fromStoredName } from '../keys.js'
import type { LockCalls } from '../lock-calls.js'
import { newSessionId, sessionKey, sessionTag } from './keys.js'
import {
  endSessionScript,
  keepSessionScript,
  openSessionScript,
  type SessionNote,
  showSessionScript,
  type UncleanEnd,
} from './scripts.js'

export interface SessionOptions {
  readonly ttlMs: number
  /** Serialized JSON, at most 1 KiB. */
  readonly metadata?: string | undefined
  /** What its names have before their "@"; on a Cluster it decides where the session lies. */
  readonly prefix?: string | undefined
  readonly idempotency?: Idempotency | undefined
}

export type OpenOutcome =
  | { readonly kind: 'opened' | 'replayed'; readonly id: string; readonly expiresInMs: number }
  | { readonly kind: 'conflict' | 'session-ended' | 'prefix-missing' }

export interface Session {
  readonly ttlMs: number
  readonly expiresInMs: number
  readonly metadata: string
  /** Of its leases and waiters, each once. */
  readonly names: readonly string[]
}

export interface KeptSession {
  readonly expiresInMs: number
  readonly leaseCount: number
  /** Leases that somebody asks for; without `inMs` where they are not taken. */
  readonly asked: readonly AskedLease[]
  /** Leases that ended without its doing, for as long as ends are remembered. */
  readonly ended: readonly LostLease[]
}

interface AskedLease {
  readonly name: string
  readonly fence: number
  readonly reason: string
  readonly inMs: number | undefined
}

interface LostLease {
  readonly name: string
  readonly fence: number
  readonly how: UncleanEnd
  readonly reason: string
}

export interface EndedSession {
  readonly replayed: boolean
  /** What it carried when this request came: leases and places in queues. */
  readonly leaseCount: number
  /** Leases that this request released; those whose time came meanwhile end by a sweep. */
  readonly released: number
}

/** Sessions: one heartbeat for up to 1000 leases. Undefined stands for one that is over. */
export interface SessionStore {
  open(namespace: string, options: SessionOptions): Promise<OpenOutcome>
  keep(namespace: string, id: string): Promise<KeptSession | undefined>
  show(namespace: string, id: string): Promise<Session | undefined>
  /** Releases every lease; the waiters of the session are answered. */
  end(namespace: string, id: string): Promise<EndedSession | undefined>
}

function toLists(notes: readonly SessionNote[]): Pick<KeptSession, 'asked' | 'ended'> {
  const asked: AskedLease[] = []
  const ended: LostLease[] = []
  for (const { stored, fence, how, inMs, reason } of notes) {
    const name = fromStoredName(stored)
    if (how) ended.push({ name, fence, how, reason })
    else asked.push({ name, fence, reason, inMs })
  }
  return { asked, ended }
}

/** About 3 ms of Redis time. */
const END_SLICE = 64

export function createSessionStore(binder: Binder, layout: Layout, calls: LockCalls): SessionStore {
  const run = {
    open: binder.bind(openSessionScript),
    keep: binder.bind(keepSessionScript),
    show: binder.bind(showSessionScript),
    end: binder.bind(endSessionScript),
  }

  return {
    async open(namespace, { ttlMs, metadata, prefix, idempotency }) {
      if (layout.lockBuckets > 1 && prefix === undefined) return { kind: 'prefix-missing' }
      const id = newSessionId(`l${lockBucket(layout, prefix ?? '')}`)
      const started = performance.now()
      const {
        outcome: kind,
        leftMs,
        id: opened,
      } = await run.open(
        { session: sessionKey(namespace, id) },
        {
          id,
          ttl_ms: ttlMs,
          metadata: metadata ?? '',
          digest: idempotency?.digest,
          fingerprint: idempotency?.fingerprint,
          record_ttl_ms: idempotency?.ttlMs,
        },
      )
      if (kind !== 'opened' && kind !== 'replayed') return { kind }
      calls.look(namespace, sessionTag(id), leftMs)
      return { kind, id: opened, expiresInMs: remainingMs(leftMs, started) }
    },

    async keep(namespace, id) {
      if (!calls.has(sessionTag(id))) return undefined
      const started = performance.now()
      const { ended_ttl_ms } = calls.common()
      const kept = await run.keep({ session: sessionKey(namespace, id) }, { id, ended_ttl_ms })
      if (!kept) return undefined
      const { leftMs, leaseCount, notes } = kept
      calls.look(namespace, sessionTag(id), leftMs)
      return { expiresInMs: remainingMs(leftMs, started), leaseCount, ...toLists(notes) }
    },

    async show(namespace, id) {
      if (!calls.has(sessionTag(id))) return undefined
      const started = performance.now()
      const session = await run.show({ session: sessionKey(namespace, id) }, { id })
      if (!session) return undefined
      const { ttlMs, metadata, leftMs, stored } = session
      const names = [...new Set(stored)].map(fromStoredName).sort()
      return { ttlMs, expiresInMs: remainingMs(leftMs, started), metadata, names }
    },

    async end(namespace, id) {
      if (!calls.has(sessionTag(id))) return undefined
      const first = await endSlice(namespace, id)
      if (first.outcome === 'session-ended') return undefined
      let { released, left } = first
      while (left > 0) {
        const next = await endSlice(namespace, id)
        released += next.released
        left = next.left
      }
      return { replayed: first.outcome === 'replayed', leaseCount: first.leaseCount, released }
    },
  }

  async function endSlice(namespace: string, id: string) {
    const reply = await run.end(
      { session: sessionKey(namespace, id) },
      { id, max_leases: END_SLICE, ...calls.common() },
    )
    calls.note(calls.bucket(namespace, sessionTag(id)), reply)
    return reply
  }
}
