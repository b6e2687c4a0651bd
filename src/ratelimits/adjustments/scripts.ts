import { type StaleWindow, staleWindow } from '../../redis/clock.js'
import { integers } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import type { Usage } from '../checks/scripts.js'

interface Refunded extends Usage {
  readonly kind: 'refunded' | 'replayed'
  readonly refunded: number
  /** Time of Redis. */
  readonly atUs: number
}

export const refundScript = defineScript({
  name: 'ratelimits.refund',
  file: new URL('../scripts/refund.lua', import.meta.url),
  keys: ['state', 'exception', 'record?'],
  args: [
    'kind',
    'a',
    'b',
    'c',
    'cost',
    'taken_us',
    'until_us',
    'fingerprint',
    'record_ttl_ms',
    'channel',
    'message',
  ],
  outcomes: ['refunded', 'replayed', 'conflict', 'stale-window'],
  decode(reply, outcome): Refunded | { readonly kind: 'conflict' } | StaleWindow {
    const [, refunded, remaining, resetUs, override, atUs] = integers(reply, 6)
    if (outcome === 'conflict') return { kind: outcome }
    if (outcome === 'stale-window') return staleWindow(refunded)
    return { kind: outcome, refunded, remaining, resetUs, override, atUs }
  },
})

export const resetScript = defineScript({
  name: 'ratelimits.reset',
  file: new URL('../scripts/reset.lua', import.meta.url),
  keys: ['state'],
  args: ['channel', 'message'],
  outcomes: ['forgotten', 'unchanged'],
  /** @returns whether there was any usage */
  decode(reply, outcome): boolean {
    integers(reply, 1)
    return outcome === 'forgotten'
  },
})
