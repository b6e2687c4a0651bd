const INT64 = /^-?(0|[1-9]\d{0,18})$/
const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** A 64-bit integer from JSON: a number, or text beyond 2^53, where a number has lost digits. */
export function toInt64(sent: number | string): bigint | undefined {
  if (typeof sent === 'number') return Number.isSafeInteger(sent) ? BigInt(sent) : undefined
  if (!INT64.test(sent)) return undefined
  const value = BigInt(sent)
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined
}
