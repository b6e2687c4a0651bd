import { randomInt } from 'node:crypto'
import type { SpacePolicy } from '../spaces/policy.js'

/** How long a value is served. */
export interface Life {
  readonly ttlMs: number
  readonly staleMs: number
  readonly errorMs: number
}

/** A value, and how long it is served: by default as long as the space says. */
export interface Value {
  readonly payload: Buffer
  readonly contentType: string
  readonly contentEncoding: string
  readonly tags: readonly string[]
  readonly ttlMs?: number | undefined
  readonly staleMs?: number | undefined
  readonly errorMs?: number | undefined
  /** The value is known to be absent: the payload is empty, and nothing is served stale. */
  readonly isNegative?: boolean
}

/** The arguments of scripts that store a value. */
export function toValueArgs(value: Value, policy: SpacePolicy) {
  const { payload, contentType, contentEncoding, tags, isNegative = false } = value
  const usualMs = isNegative ? policy.negativeTtlMs : policy.ttlMs
  return {
    negative: isNegative ? 1 : 0,
    ttl_ms: jittered(value.ttlMs ?? usualMs, policy.jitter),
    stale_ms: isNegative ? 0 : (value.staleMs ?? policy.staleMs),
    error_ms: isNegative ? 0 : (value.errorMs ?? policy.errorMs),
    type: contentType,
    encoding: contentEncoding,
    tags: tags.join('\n'),
    payload,
  }
}

/** Never longer: no value outlives what its writer asked for. */
export const jittered = (ttlMs: number, jitter: number): number =>
  jitter === 0 ? ttlMs : Math.max(1, ttlMs - Math.floor(ttlMs * jitter * uniform()))

/** Uniform in (0, 1]. */
export const uniform = (): number => randomInt(1, 2 ** 32 + 1) / 2 ** 32
