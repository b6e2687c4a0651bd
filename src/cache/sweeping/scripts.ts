import { integer, integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'

/** @returns how many entries were dropped. */
export const sweepScript = defineScript({
  name: 'cache.sweep',
  file: new URL('../scripts/sweep.lua', import.meta.url),
  keys: ['clock', 'entry[]'],
  args: ['on_restart', 'space'],
  // The keys of one turn are a batch already.
  coalesce: false,
  decode: (reply): number => integers(reply, 1)[0],
})

/** @returns how many sweeps are noted. */
export const addScript = defineScript({
  name: 'cache.sweep-add',
  file: new URL('../scripts/sweep-add.lua', import.meta.url),
  keys: ['sweeps'],
  args: ['name'],
  decode: (reply): number => integers(reply, 1)[0],
})

/** A sweep that this instance has claimed. */
export interface Claim {
  readonly name: string
  readonly untilMs: number
}

export interface ClaimReply {
  readonly claim: Claim | undefined
  /** How many sweeps are noted. */
  readonly sweeps: number
}

export const claimScript = defineScript({
  name: 'cache.sweep-claim',
  file: new URL('../scripts/sweep-claim.lua', import.meta.url),
  keys: ['sweeps'],
  args: ['lasts_ms'],
  decode(reply): ClaimReply {
    const [name, untilMs, sweeps] = list(reply, 3)
    const claim = untilMs === 0 ? undefined : { name: String(name), untilMs: integer(untilMs) }
    return { claim, sweeps: integer(sweeps) }
  },
})

export interface KeepReply {
  /** 0 where the sweep is over, or not this instance's any more. */
  readonly untilMs: number
  /** How many sweeps are noted. */
  readonly sweeps: number
}

export const keepScript = defineScript({
  name: 'cache.sweep-keep',
  file: new URL('../scripts/sweep-keep.lua', import.meta.url),
  keys: ['sweeps'],
  args: ['name', 'until_ms', 'lasts_ms'],
  decode(reply): KeepReply {
    const [untilMs, sweeps] = integers(reply, 2)
    return { untilMs, sweeps }
  },
})
