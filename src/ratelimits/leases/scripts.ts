import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'

export interface LeaseReply {
  readonly kind: 'denied' | 'granted' | 'replayed' | 'conflict' | 'over'
  /** '' where there is none. */
  readonly lease: string
  readonly leftUs: number
  /** Weight that lives now. */
  readonly used: number
  /** That holds for this subject: of the policy, or of its override. */
  readonly limit: number
  /** Until the last lease ends by itself. */
  readonly resetUs: number
  /** Denied: until enough leases have ended by themselves; -1 where that never helps. */
  readonly retryUs: number
  readonly blocked: boolean
}

export const acquireScript = defineScript({
  name: 'ratelimits.acquire',
  file: new URL('../scripts/acquire.lua', import.meta.url),
  keys: ['state', 'exception', 'record?'],
  args: ['lease', 'weight', 'limit', 'lease_ms', 'fingerprint', 'record_ttl_ms'],
  outcomes: ['denied', 'granted', 'replayed', 'conflict', 'over'],
  decode(reply, outcome): LeaseReply {
    const [, lease, ...rest] = list(reply, 8)
    const [leftUs, used, limit, resetUs, retryUs, blocked] = integers(rest, 6)
    return {
      kind: outcome,
      lease: String(lease),
      leftUs,
      used,
      limit,
      resetUs,
      retryUs,
      blocked: blocked === 1,
    }
  },
})

export interface Looked {
  /** Weight that lives now. */
  readonly used: number
  readonly leases: number
  /** That holds for this subject: of the policy, or of its override. */
  readonly limit: number
  /** Until the last lease ends by itself. */
  readonly resetUs: number
  /** 0: it is not blocked. */
  readonly blockedUs: number
}

export const lookScript = defineScript({
  name: 'ratelimits.look',
  file: new URL('../scripts/look.lua', import.meta.url),
  keys: ['state', 'exception'],
  args: ['limit'],
  decode(reply): Looked {
    const [used, leases, limit, resetUs, blockedUs] = integers(reply, 5)
    return { used, leases, limit, resetUs, blockedUs }
  },
})

export const renewScript = defineScript({
  name: 'ratelimits.renew',
  file: new URL('../scripts/renew.lua', import.meta.url),
  keys: ['state'],
  args: ['lease', 'lease_ms'],
  /** @returns us that it lives; 0 where there is no such lease */
  decode: (reply): number => integers(reply, 1)[0],
})

export const releaseScript = defineScript({
  name: 'ratelimits.release',
  file: new URL('../scripts/release.lua', import.meta.url),
  keys: ['state'],
  args: ['lease'],
  outcomes: ['released', 'missing'],
  decode(reply, outcome): boolean {
    integers(reply, 1)
    return outcome === 'released'
  },
})
