const INT64 = /^-?(0|[1-9]\d{0,18})$/
export const INT64_MIN = -(2n ** 63n)
export const INT64_MAX = 2n ** 63n - 1n

/**
 * An integer of 64 bits as a caller sent it: a JSON number, or text beyond 2^53. Undefined for what
 * is none: a number beyond 2^53 has lost digits on its way.
 */
export function toInt64(sent: number | string): bigint | undefined {
  if (typeof sent === 'number') return Number.isSafeInteger(sent) ? BigInt(sent) : undefined
  if (!INT64.test(sent)) return undefined
  const value = BigInt(sent)
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined
}
