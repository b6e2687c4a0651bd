import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'

interface InFlight {
  /** Weight of the live leases. */
  readonly used: number
  /** Of the override of this subject, or of the policy. */
  readonly limit: number
  /** Until the last lease expires. */
  readonly resetUs: number
}

export interface LeaseReply extends InFlight {
  readonly kind: 'denied' | 'granted' | 'replayed' | 'conflict' | 'over'
  /** '' without one. */
  readonly lease: string
  readonly leftUs: number
  /** Denied: until enough leases have expired; -1 if the weight never fits. */
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

interface Inspected extends InFlight {
  readonly leases: number
  /** 0: it is not blocked. */
  readonly blockedUs: number
}

export const inspectScript = defineScript({
  name: 'ratelimits.inspect',
  file: new URL('../scripts/inspect.lua', import.meta.url),
  keys: ['state', 'exception'],
  args: ['limit'],
  decode(reply): Inspected {
    const [used, leases, limit, resetUs, blockedUs] = integers(reply, 5)
    return { used, leases, limit, resetUs, blockedUs }
  },
})

export const renewScript = defineScript({
  name: 'ratelimits.renew',
  file: new URL('../scripts/renew.lua', import.meta.url),
  keys: ['state'],
  args: ['lease', 'lease_ms'],
  /** @returns lifetime in us; 0 without such a lease */
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
