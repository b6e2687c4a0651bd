import type { FastifyReply } from 'fastify'
import { toETag } from '../../http/etag.js'
import type { Problem } from '../../http/problem.js'
import { problem } from '../problems.js'
import type { Entry } from './entry.js'
import type { LeveledReply } from './store.js'

const seconds = (ms: number): number => Math.floor(ms / 1_000)

/** The headers of a value; a browser must never run what a caller stored. */
export function describe(
  reply: FastifyReply,
  entry: Entry,
  level: LeveledReply['level'],
): FastifyReply {
  const how = level ?? (entry.state === 'stale' ? 'stale' : undefined)
  const detail = how === undefined ? '' : `; detail=${how}`
  if (entry.contentEncoding !== '') reply.header('content-encoding', entry.contentEncoding)
  return reply.headers({
    'content-type': entry.contentType,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
    etag: toETag(entry.version),
    age: seconds(entry.ageMs),
    'cache-status': `lockstep; hit; ttl=${seconds(entry.ttlMs)}${detail}`,
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
 * Where there is no value, or none that will do.
 * @param retryAfterMs when it may be there, because somebody loads it
 */
export function miss(
  reply: FastifyReply,
  state: keyof typeof MISSES,
  retryAfterMs?: number,
): Problem {
  const { status, detail } = MISSES[state]
  reply.header('cache-status', status)
  if (state !== 'miss') reply.header('lockstep-state', state)
  return problem('cache-miss', detail, retryAfterMs === undefined ? {} : { retryAfterMs })
}

export function toMeta(entry: Entry) {
  return {
    kind: entry.kind,
    state: entry.state === 'stale' ? ('stale' as const) : ('fresh' as const),
    etag: toETag(entry.version),
    ageMs: entry.ageMs,
    ttlMs: entry.ttlMs,
    staleMs: entry.servedMs,
    loadMs: entry.loadMs,
    size: entry.size,
    contentType: entry.contentType,
    ...(entry.contentEncoding !== '' && { contentEncoding: entry.contentEncoding }),
    tags: [...entry.tags],
  }
}
