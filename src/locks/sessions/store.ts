import type { Binder } from '../../redis/binder.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { type Layout, lockBucket } from '../../redis/layout.js'
import { remainingMs } from '../../redis/remaining.js'
import { fromStoredName } from '../keys.js'
import type { LockCalls } from '../lock-calls.js'
import {
  idPrefix,
  newSessionToken,
  sessionIdOf,
  sessionKey,
  sessionsKey,
  sessionTag,
} from './keys.js'
import {
  endSessionScript,
  keepSessionScript,
  listSessionsScript,
  openSessionScript,
  showSessionScript,
} from './scripts.js'

export interface SessionOptions {
  readonly ttlMs: number
  /** Serialized JSON, at most 1 KiB. */
  readonly metadata?: string | undefined
  /** What the names of its locks have before their "@"; on a Cluster it decides the slot. */
  readonly prefix?: string | undefined
  readonly idempotency?: Idempotency | undefined
}

/** Read together for a list: most pages come from the first few. */
const BUCKETS_AT_ONCE = 16
/** About 3 ms of Redis time. */
const END_SLICE = 64

/** Sessions: one heartbeat for up to 1000 leases. The answer about a session that is over is undefined. */
export function createSessionStore(binder: Binder, layout: Layout, calls: LockCalls) {
  const run = {
    open: binder.bind(openSessionScript),
    keep: binder.bind(keepSessionScript),
    show: binder.bind(showSessionScript),
    list: binder.bind(listSessionsScript),
    end: binder.bind(endSessionScript),
  }

  return {
    async open(namespace: string, { ttlMs, metadata, prefix, idempotency }: SessionOptions) {
      if (layout.lockBuckets > 1 && prefix === undefined) {
        return { kind: 'prefix-missing' } as const
      }
      const token = newSessionToken(`l${lockBucket(layout, prefix ?? '')}`)
      const id = sessionIdOf(token)
      const started = performance.now()
      const reply = await run.open(
        { session: sessionKey(namespace, id) },
        {
          id,
          token,
          ttl_ms: ttlMs,
          metadata: metadata ?? '',
          digest: idempotency?.digest,
          fingerprint: idempotency?.fingerprint,
          record_ttl_ms: idempotency?.ttlMs,
        },
      )
      const { kind, leftMs } = reply
      if (kind !== 'opened' && kind !== 'replayed') return { kind }
      calls.look(calls.bucket(namespace, sessionTag(id)), leftMs)
      const opened = { token: reply.token, id: sessionIdOf(reply.token) }
      return { kind, ...opened, expiresInMs: remainingMs(leftMs, started) }
    },

    /** @returns `notes`: leases that others ask for, and those that ended without the session's doing */
    async keep(namespace: string, id: string) {
      if (!calls.has(sessionTag(id))) return undefined
      const started = performance.now()
      const { ended_ttl_ms } = calls.common()
      const kept = await run.keep({ session: sessionKey(namespace, id) }, { id, ended_ttl_ms })
      if (!kept) return undefined
      const { leftMs, leaseCount } = kept
      calls.look(calls.bucket(namespace, sessionTag(id)), leftMs)
      const notes = kept.notes.map(({ leftMs, ...note }) => ({
        ...note,
        expiresInMs: leftMs === undefined ? undefined : remainingMs(leftMs, started),
      }))
      return { expiresInMs: remainingMs(leftMs, started), leaseCount, notes }
    },

    /** @returns `names`: of its leases and waiters, each once */
    async show(namespace: string, id: string) {
      if (!calls.has(sessionTag(id))) return undefined
      const started = performance.now()
      const session = await run.show({ session: sessionKey(namespace, id) }, { id })
      if (!session) return undefined
      const { ttlMs, metadata, leftMs, stored } = session
      const names = [...new Set(stored)].map(fromStoredName).sort()
      const expiresInMs = remainingMs(leftMs, started)
      return { ttlMs, expiresInMs, metadata, leaseCount: stored.length, names }
    },

    /** In the order of the bytes of their ids, those behind `after`, '' for the first. */
    async list(namespace: string, after: string, limit: number) {
      const started = performance.now()
      const range = { after, limit: limit + 1 }
      const found: Awaited<ReturnType<typeof run.list>> = []
      // An id begins with its bucket, so the buckets follow each other.
      const tags = calls
        .tags()
        .filter((tag) => after === '' || idPrefix(tag) >= idPrefix(sessionTag(after)))
      tags.sort((a, b) => (idPrefix(a) < idPrefix(b) ? -1 : 1))
      for (let at = 0; at < tags.length && found.length <= limit; at += BUCKETS_AT_ONCE) {
        const some = tags.slice(at, at + BUCKETS_AT_ONCE)
        const pages = some.map((tag) => run.list({ sessions: sessionsKey(namespace, tag) }, range))
        found.push(...(await Promise.all(pages)).flat())
      }
      const items = found.slice(0, limit)
      const sessions = items
        .filter(({ leftMs }) => leftMs > 0)
        .map(({ leftMs, ...rest }) => ({ ...rest, expiresInMs: remainingMs(leftMs, started) }))
      return { sessions, next: found.length > limit ? items.at(-1)?.id : undefined }
    },

    /**
     * Releases every lease; the waiters of the session are answered.
     * @returns `leaseCount`: leases and queue places it had when this request came; `released`: leases
     * that this request released (a sweep ends those that expired meanwhile)
     */
    async end(namespace: string, id: string) {
      if (!calls.has(sessionTag(id))) return undefined
      const { kind, leaseCount, ...first } = await endSlice(namespace, id)
      if (kind === 'session-ended') return undefined
      let { released, left } = first
      while (left > 0) {
        const next = await endSlice(namespace, id)
        released += next.released
        left = next.left
      }
      return { replayed: kind === 'replayed', leaseCount, released }
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
