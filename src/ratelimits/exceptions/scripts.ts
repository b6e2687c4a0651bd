import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'

/** The block and the override of one subject, after a change if there was one. */
export interface Exception {
  /** False: the precondition does not hold, and nothing changed. */
  readonly isHeld: boolean
  readonly wasBlocked: boolean
  /** Version of the override before the change; 0 for none. */
  readonly before: number
  /** 0: it is not blocked. */
  readonly blockedUs: number
  /** 0: it has no override. */
  readonly limit: number
  /** 0: that of the policy. */
  readonly burst: number
  /** 0: the override has no end. */
  readonly leftUs: number
  /** Of the override; 0 for none. */
  readonly version: number
}

export const exceptScript = defineScript({
  name: 'ratelimits.except',
  file: new URL('../scripts/except.lua', import.meta.url),
  keys: ['exception'],
  args: ['block_ms?', 'limit?', 'burst', 'ttl_ms?', 'if_match', 'channel', 'message'],
  outcomes: ['changed', 'precondition-failed'],
  decode(reply, outcome): Exception {
    const [, wasBlocked, before, blockedUs, limit, burst, leftUs, version] = integers(reply, 8)
    return {
      isHeld: outcome === 'changed',
      wasBlocked: wasBlocked === 1,
      before,
      blockedUs,
      limit,
      burst,
      leftUs,
      version,
    }
  },
})

export const enlistScript = defineScript({
  name: 'ratelimits.enlist',
  file: new URL('../scripts/enlist.lua', import.meta.url),
  keys: ['names', 'ends'],
  args: ['name', 'for_ms', 'sweep'],
  decode: (reply): number => integers(reply, 1)[0],
})

export const pageScript = defineScript({
  name: 'ratelimits.page',
  file: new URL('../scripts/page.lua', import.meta.url),
  keys: ['names'],
  args: ['prefix', 'after', 'count'],
  units: ({ count }) => Math.ceil(Number(count) / 50),
  decode: (reply): string[] => list(reply).map(String),
})
