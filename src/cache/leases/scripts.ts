import { integers } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'

export const renewScript = defineScript({
  name: 'cache.renew',
  file: new URL('../scripts/renew.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease'],
  args: ['on_restart', 'space', 'proof', 'lease_ms'],
  outcomes: ['renewed', 'lost'],
  /** @returns whether the lease was the caller's */
  decode(reply, outcome): boolean {
    integers(reply, 1)
    return outcome === 'renewed'
  },
})

export type ConfirmOutcome = 'confirmed' | 'lost' | 'gone'

export const confirmScript = defineScript({
  name: 'cache.confirm',
  file: new URL('../scripts/confirm.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease'],
  args: ['on_restart', 'space', 'name', 'proof', 'ttl_ms', 'stale_ms', 'error_ms'],
  outcomes: ['confirmed', 'lost', 'gone'],
  decode(reply, outcome): ConfirmOutcome {
    integers(reply, 1)
    return outcome
  },
})

export const cancelScript = defineScript({
  name: 'cache.cancel',
  file: new URL('../scripts/cancel.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease'],
  args: ['on_restart', 'space', 'name', 'proof', 'backoff_ms', 'pass_ms'],
  outcomes: ['cancelled', 'lost'],
  /** @returns whether the lease was the caller's */
  decode(reply, outcome): boolean {
    integers(reply, 1)
    return outcome === 'cancelled'
  },
})
