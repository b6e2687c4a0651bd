import { integers } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'

/** Whether the lease was the caller's. */
const toHeld = (reply: unknown): boolean => (integers(reply, 1) as [number])[0] === 1

export const renewScript = defineScript({
  name: 'cache.renew',
  file: new URL('../scripts/renew.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease'],
  args: ['seed', 'on_restart', 'space', 'proof', 'lease_ms'],
  decode: toHeld,
})

export const cancelScript = defineScript({
  name: 'cache.cancel',
  file: new URL('../scripts/cancel.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease'],
  args: ['seed', 'on_restart', 'space', 'name', 'proof', 'backoff_ms'],
  decode: toHeld,
})
