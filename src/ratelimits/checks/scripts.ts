import { type StaleWindow, staleWindow } from '../../redis/clock.js'
import { integers } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'

/** What one subject has used of a limit. */
export interface Usage {
  readonly remaining: number
  readonly resetUs: number
  /** Limit of the override of this subject; 0 without one. */
  readonly override: number
}

export interface LimitReply extends Usage {
  readonly allowed: boolean
  /** 0 for an allowed cost; -1 for one that can never be allowed. */
  readonly retryUs: number
  /** Cost that was consumed, now or by the first attempt of a repeat. */
  readonly granted: number
  readonly blocked: boolean
  /** leaky-bucket: how long the caller must wait before it starts. */
  readonly delayUs: number
  /** Time of the decision. */
  readonly takenAtUs: number
  /** Redis did not answer: allowed by default, or decided by this process alone. */
  readonly degraded?: 'open' | 'local'
}

export interface Verdict {
  /** `full`: denials hold, but Redis could not store what the other limits allow. */
  readonly kind: 'allowed' | 'denied' | 'replayed' | 'full'
  readonly limits: readonly LimitReply[]
}

export type CheckReply = Verdict | { readonly kind: 'conflict' }

/** Integers per limit in the reply. */
const FIELDS = 8

export const checkScript = defineScript({
  name: 'ratelimits.check',
  file: new URL('../scripts/check.lua', import.meta.url),
  keys: ['key[]'],
  args: [
    'mode',
    'take',
    'peek',
    'fingerprint',
    'record_ttl_ms',
    'limit[].kind',
    'limit[].shadow',
    'limit[].cost',
    'limit[].a',
    'limit[].b',
    'limit[].c',
  ],
  outcomes: ['denied', 'allowed', 'replayed', 'conflict', 'stale-window', 'full'],
  units: ({ limit }) => limit.length,
  decode(reply, outcome): CheckReply | StaleWindow {
    const numbers = integers(reply, Array.isArray(reply) ? reply.length : 0)
    const [, takenAtUs = 0] = numbers
    if (outcome === 'conflict') return { kind: outcome }
    if (outcome === 'stale-window') return staleWindow(takenAtUs)
    if ((numbers.length - 2) % FIELDS !== 0) {
      throw new TypeError(`${numbers.length} fields in a reply of ratelimits.check`)
    }
    const limits: LimitReply[] = []
    for (let at = 2; at < numbers.length; at += FIELDS) {
      limits.push(toLimitReply(numbers, at, takenAtUs))
    }
    return { kind: outcome, limits }
  },
})

/** The part of a reply about one limit, which begins at `at`. */
export const toLimitReply = (
  numbers: readonly number[],
  at: number,
  takenAtUs: number,
): LimitReply => ({
  allowed: numbers[at] === 1,
  remaining: numbers[at + 1] as number,
  resetUs: numbers[at + 2] as number,
  retryUs: numbers[at + 3] as number,
  granted: numbers[at + 4] as number,
  override: numbers[at + 5] as number,
  blocked: numbers[at + 6] === 1,
  delayUs: numbers[at + 7] as number,
  takenAtUs,
})
