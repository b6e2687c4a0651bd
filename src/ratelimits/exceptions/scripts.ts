import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'

/** What holds for one subject alone. */
export interface Exception {
  readonly wasBlocked: boolean
  readonly wasOverridden: boolean
  /** 0: it is not blocked. */
  readonly blockedUs: number
  /** 0: that of the policy holds. */
  readonly limit: number
  /** 0: that of the policy. */
  readonly burst: number
  /** 0: the override has no end. */
  readonly leftUs: number
}

export const exceptScript = defineScript({
  name: 'ratelimits.except',
  file: new URL('../scripts/except.lua', import.meta.url),
  keys: ['exception'],
  args: ['block_ms?', 'limit?', 'burst', 'ttl_ms', 'channel', 'message'],
  decode(reply): Exception {
    const [wasBlocked, wasOverridden, blockedUs, limit, burst, leftUs] = integers(reply, 6) as Six
    return {
      wasBlocked: wasBlocked === 1,
      wasOverridden: wasOverridden === 1,
      blockedUs,
      limit,
      burst,
      leftUs,
    }
  },
})

type Six = [number, number, number, number, number, number]

export const enlistScript = defineScript({
  name: 'ratelimits.enlist',
  file: new URL('../scripts/enlist.lua', import.meta.url),
  keys: ['names', 'ends'],
  args: ['name', 'for_ms', 'sweep'],
  decode: (reply): number => integers(reply, 1)[0] as number,
})

export const pageScript = defineScript({
  name: 'ratelimits.page',
  file: new URL('../scripts/page.lua', import.meta.url),
  keys: ['names'],
  args: ['prefix', 'after', 'count'],
  units: ({ count }) => Math.ceil(Number(count) / 50),
  decode: (reply): string[] => list(reply, Array.isArray(reply) ? reply.length : 0).map(String),
})
