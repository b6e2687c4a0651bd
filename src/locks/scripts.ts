import { integers, list } from '../redis/reply.js'
import { defineScript } from '../redis/script.js'

export type LeaseEnd = 'expired' | 'released' | 'revoked'

export type AcquireReply =
  | { readonly outcome: 'granted' | 'replayed'; fence: number; ttlMs: number; token: string }
  | { readonly outcome: 'held'; readonly fence: number; readonly leftMs: number }
  | { readonly outcome: 'conflict' }
  | { readonly outcome: 'ended'; readonly fence: number; readonly how: LeaseEnd }

export const acquireScript = defineScript({
  name: 'locks.acquire',
  file: new URL('./scripts/acquire.lua', import.meta.url),
  keys: ['lock', 'ended', 'fence', 'memo?'],
  args: [
    'token',
    'ttl_ms',
    'owner',
    'metadata',
    'now_guard',
    'floor',
    'ended_ttl_ms',
    'fingerprint',
    'memo_ttl_ms',
  ],
  decode(reply): AcquireReply {
    const [outcome, fence, ms, text] = numbersAndText(reply)
    switch (outcome) {
      case 1:
        return { outcome: 'granted', fence, ttlMs: ms, token: text }
      case 2:
        return { outcome: 'replayed', fence, ttlMs: ms, token: text }
      case 3:
        return { outcome: 'held', fence, leftMs: ms }
      case 4:
        return { outcome: 'conflict' }
      default:
        return { outcome: 'ended', fence, how: toLeaseEnd(text) }
    }
  },
})

export type TokenReply =
  | { readonly outcome: 'done'; readonly fence: number; readonly ms: number }
  | { readonly outcome: 'ended'; readonly fence: number; readonly how: LeaseEnd }
  | { readonly outcome: 'not-owner' }

export const renewScript = defineScript({
  name: 'locks.renew',
  file: new URL('./scripts/renew.lua', import.meta.url),
  keys: ['lock', 'ended'],
  args: ['token', 'ttl_ms', 'now_guard', 'ended_ttl_ms'],
  decode: toTokenReply,
})

export const releaseScript = defineScript({
  name: 'locks.release',
  file: new URL('./scripts/release.lua', import.meta.url),
  keys: ['lock', 'ended'],
  args: ['token', 'now_guard', 'ended_ttl_ms'],
  decode: toTokenReply,
})

export interface InspectReply {
  readonly holder?: {
    fence: number
    leftMs: number
    heldMs: number
    owner: string
    metadata: string
  }
  readonly lastEnd?: { how: LeaseEnd; fence: number; agoMs: number }
}

export const inspectScript = defineScript({
  name: 'locks.inspect',
  file: new URL('./scripts/inspect.lua', import.meta.url),
  keys: ['lock', 'ended'],
  args: ['now_guard'],
  decode(reply): InspectReply {
    const parts = list(reply, 9)
    const [held, fence, leftMs, heldMs] = integers(parts.slice(0, 4), 4) as [
      number,
      number,
      number,
      number,
    ]
    const [owner, metadata, how] = parts.slice(4, 7).map(String) as [string, string, string]
    const [endFence, agoMs] = integers(parts.slice(7), 2) as [number, number]
    return {
      ...(held === 1 && { holder: { fence, leftMs, heldMs, owner, metadata } }),
      ...(how !== '' && { lastEnd: { how: toLeaseEnd(how), fence: endFence, agoMs } }),
    }
  },
})

function toTokenReply(reply: unknown): TokenReply {
  const [outcome, fence, ms, text] = numbersAndText(reply)
  if (outcome === 1) return { outcome: 'done', fence, ms }
  if (outcome === 2) return { outcome: 'ended', fence, how: toLeaseEnd(text) }
  return { outcome: 'not-owner' }
}

function numbersAndText(reply: unknown): [number, number, number, string] {
  const parts = list(reply, 4)
  return [...(integers(parts.slice(0, 3), 3) as [number, number, number]), String(parts[3])]
}

function toLeaseEnd(text: string): LeaseEnd {
  if (text === 'expired' || text === 'released' || text === 'revoked') return text
  throw new TypeError(`a lease cannot end by "${text}"`)
}
