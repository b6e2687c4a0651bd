import { integers } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'

/** What holds for one subject alone. */
export interface Exception {
  readonly wasBlocked: boolean
  readonly wasOverridden: boolean
  /** 0: it is not blocked. */
  readonly blockedUs: number
  /** 0: that of the policy holds. */
  readonly limit: number
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
