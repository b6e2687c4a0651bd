import { integer, integers, list } from '../../../redis/reply.js'
import { defineScript } from '../../../redis/script.js'

export interface LoadError {
  /** Undefined where the keys themselves could not be read. */
  readonly key?: string
  readonly detail: string
}

export interface Counts {
  readonly total: number
  readonly loaded: number
  readonly skipped: number
  readonly failed: number
}

export interface WarmingRecord extends Counts {
  readonly state: 'running' | 'done' | 'cancelled' | 'interrupted' | 'failed'
  readonly startedMs: number
  /** 0 while it runs. */
  readonly finishedMs: number
  readonly errors: readonly LoadError[]
}

export const noteScript = defineScript({
  name: 'cache.warming-note',
  file: new URL('../../scripts/warming-note.lua', import.meta.url),
  keys: ['record'],
  args: ['step', 'total', 'loaded', 'skipped', 'failed', 'errors'],
  outcomes: ['running', 'done', 'failed', 'stopped'],
  /** @returns whether it was cancelled, or its record was lost */
  decode(reply, outcome): boolean {
    integers(reply, 1)
    return outcome === 'stopped'
  },
})

export const readWarmingScript = defineScript({
  name: 'cache.warming-read',
  file: new URL('../../scripts/warming-read.lua', import.meta.url),
  keys: ['record'],
  args: ['cancels', 'silent_ms'],
  outcomes: ['none', 'running', 'done', 'cancelled', 'interrupted', 'failed'],
  decode(reply, state): WarmingRecord | undefined {
    if (state === 'none') {
      integers(reply, 1)
      return undefined
    }
    const parts = list(reply, 8)
    const [, total, loaded, skipped, failed, startedMs, finishedMs] = integers(parts.slice(0, 7), 7)
    const errors = JSON.parse(String(parts[7])) as LoadError[]
    return { state, total, loaded, skipped, failed, startedMs, finishedMs, errors }
  },
})

export type ClaimReply =
  | { readonly kind: 'claimed' }
  /** Another warming was claimed. */
  | { readonly kind: 'held'; readonly id: string; readonly agedMs: number }

export const claimScript = defineScript({
  name: 'cache.warming-claim',
  file: new URL('../../scripts/warming-claim.lua', import.meta.url),
  keys: ['claim'],
  args: ['id', 'instead_of'],
  outcomes: ['claimed', 'held'],
  decode(reply, kind): ClaimReply {
    const [, id, aged] = list(reply, 3)
    const agedMs = integer(aged)
    return kind === 'held' ? { kind, id: String(id), agedMs } : { kind }
  },
})
