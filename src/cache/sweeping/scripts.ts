import { integers } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'

/** @returns how many were dropped. */
export const sweepScript = defineScript({
  name: 'cache.sweep',
  file: new URL('../scripts/sweep.lua', import.meta.url),
  keys: ['clock', 'entry[]'],
  args: ['seed', 'on_restart', 'space'],
  // As many as one look finds: a batch already.
  coalesce: false,
  decode: (reply): number => (integers(reply, 1) as [number])[0],
})
