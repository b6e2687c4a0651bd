import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Static } from 'typebox'
import { answerWith } from '../../http/answer-headers.js'
import { toETag } from '../../http/etag.js'
import type { Problem } from '../../http/problem.js'
import { type Condition, isAmong } from '../condition.js'
import type { OfferedLease } from '../leases/schemas.js'
import { loadStatus } from '../origins/answer.js'
import type { LoadNote } from '../origins/loading/reply.js'
import { problem } from '../problems.js'
import type { Entry, EntryKind } from './scripts.js'
import type { LeveledReply } from './store.js'

/** Two callers may see two namespaces under one path: a proxy must not mix them up. */
export const varyByCaller = (app: FastifyInstance): void =>
  answerWith(app, { vary: 'Authorization, Lockstep-Namespace' })

const seconds = (ms: number): number => Math.floor(ms / 1_000)

/** The headers of a value; a browser must never run what a caller stored. */
export function setValueHeaders(
  reply: FastifyReply,
  entry: Entry,
  level: LeveledReply['level'],
  loaded?: LoadNote,
): FastifyReply {
  const how = level ?? (entry.state === 'stale' ? 'stale' : undefined)
  const detail = how === undefined ? '' : `; detail=${how}`
  if (entry.contentEncoding !== '') reply.header('content-encoding', entry.contentEncoding)
  reply.headers({
    'content-type': entry.contentType,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
  })
  // A value that was loaded and may not be stored has no version.
  if (entry.version > 0) reply.header('etag', toETag(entry.version))
  if (entry.isPending) reply.header('lockstep-pending', entry.version)
  return reply.headers({
    age: seconds(entry.ageMs),
    'cache-status': loaded
      ? loadStatus(loaded)
      : `lockstep; hit; ttl=${seconds(entry.ttlMs)}${detail}`,
    'lockstep-state': entry.state,
  })
}

const MISSES = {
  miss: { status: 'lockstep; fwd=uri-miss', detail: 'No value to serve.' },
  stale: { status: 'lockstep; fwd=stale', detail: 'The value is stale: it has to be loaded.' },
  negative: {
    status: 'lockstep; hit; detail=negative',
    detail: 'The key is known to have no value.',
  },
} as const

/**
 * A miss: there is no value, or none that the caller accepts.
 * @param lease for a caller that offered to load
 */
export function miss(
  reply: FastifyReply,
  state: keyof typeof MISSES,
  lease?: Static<typeof OfferedLease>,
  loaded?: LoadNote,
): Problem {
  const { status, detail } = MISSES[state]
  reply.header('cache-status', loaded ? loadStatus(loaded) : status).header('lockstep-state', state)
  const { retryAfterMs } = lease ?? {}
  return problem('cache-miss', detail, {
    extensions: { state, ...(lease && { lease }) },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

export function toMeta(entry: Entry) {
  return {
    kind: entry.kind,
    state: entry.state === 'stale' ? ('stale' as const) : ('fresh' as const),
    etag: toETag(entry.version),
    ageMs: entry.ageMs,
    expiresInMs: Math.max(0, entry.ttlMs),
    staleExpiresInMs: entry.servedMs,
    loadMs: entry.loadMs,
    sizeBytes: entry.size,
    contentType: entry.contentType,
    ...(entry.contentEncoding !== '' && { contentEncoding: entry.contentEncoding }),
    tags: [...entry.tags],
  }
}

/**
 * The condition of a read, of a value that is there. RFC 9110, 13.2.2.
 * @returns whether the caller has this version already
 * @throws Problem precondition-failed
 */
export function isNotModified(
  reply: FastifyReply,
  key: string,
  { match, none }: Condition,
  version: number,
): boolean {
  if (match !== undefined && !isAmong(match, version)) {
    throw preconditionFailed(reply, key, version)
  }
  return none !== undefined && isAmong(none, version)
}

/** @param version of what is there, 0 for nothing */
export function preconditionFailed(reply: FastifyReply, key: string, version: number): Problem {
  if (version === 0) return problem('precondition-failed', `"${key}" has no value.`)
  reply.header('etag', toETag(version))
  return problem('precondition-failed', `"${key}" has another version.`, {
    extensions: { etag: toETag(version) },
  })
}

export const leaseLost = (): Problem =>
  problem('lease-lost', 'The lease is over, or the key was written or invalidated since.')

export const conflict = (): Problem =>
  problem(
    'idempotency-conflict',
    'The Idempotency-Key, or the lease, was used for another request.',
  )

/** @param wanted with its article: `a counter`. */
export const kindMismatch = (key: string, wanted: string, kind: EntryKind): Problem =>
  problem('kind-mismatch', `"${key}" is not ${wanted} but of kind ${kind}.`, {
    extensions: { kind },
  })
