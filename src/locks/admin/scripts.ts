import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { readInspected } from '../lock-state.js'
import { COMMON, readHead } from '../reply-head.js'

export const inspectScript = defineScript({
  name: 'locks.inspect',
  file: new URL('../scripts/inspect.lua', import.meta.url),
  keys: ['lock'],
  args: ['max'],
  units: () => 8,
  decode: (reply) => readInspected(list(reply, 12), 0),
})

export const listScript = defineScript({
  name: 'locks.list',
  file: new URL('../scripts/list.lua', import.meta.url),
  keys: ['index'],
  args: ['prefix', 'after', 'limit'],
  coalesce: false,
  decode(reply) {
    const parts = list(reply)
    return Array.from({ length: parts.length / 5 }, (_, i) => ({
      stored: String(parts[i * 5]),
      holderCount: Number(parts[i * 5 + 1]),
      queueLength: Number(parts[i * 5 + 2]),
      used: Number(parts[i * 5 + 3]),
      /** 0 for a lock, or where none is known. */
      capacity: Number(parts[i * 5 + 4]),
    }))
  },
})

/** Tokens of a lock that one call of verify reads at most. */
export const VERIFIED_TOKENS = 64

export const verifyScript = defineScript({
  name: 'locks.verify',
  file: new URL('../scripts/verify.lua', import.meta.url),
  keys: ['lock'],
  args: ['fence', 'max'],
  // It usually reads one token.
  units: () => 4,
  outcomes: ['current', 'stale'],
  decode(reply, outcome) {
    const [, fence] = integers(reply, 2)
    return { current: outcome === 'current', fence }
  },
})

export const revokeScript = defineScript({
  name: 'locks.revoke',
  file: new URL('../scripts/revoke.lua', import.meta.url),
  keys: ['lock[]'],
  args: ['reason', 'grace_ms', 'fence', 'clear_delay', ...COMMON],
  coalesce: false,
  decode(reply) {
    const parts = integers(reply, 6)
    return { ...readHead(parts), revoked: parts[4], asked: parts[5] }
  },
})
