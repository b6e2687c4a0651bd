import { invalid } from '../http/problem.js'
import { MAX_BATCH, type Settlement, type SettleStatus } from './settlement.js'

interface SentNack {
  readonly receipt: string
  readonly delayMs?: number
  readonly error?: string
  readonly dead: boolean
}

interface SettleRequest {
  readonly ack?: readonly string[]
  readonly nack?: readonly SentNack[]
  readonly extend?: readonly { readonly receipt: string; readonly visibilityMs: number }[]
  readonly release?: readonly string[]
}

const MAX_ERROR_BYTES = 1_024

/**
 * The settlements of a request, in the order of the results.
 * @throws Problem for a request that breaks a rule which its schema cannot express
 */
export function toSettlements({
  ack = [],
  nack = [],
  extend = [],
  release = [],
}: SettleRequest): Settlement[] {
  const count = ack.length + nack.length + extend.length + release.length
  if (count === 0 || count > MAX_BATCH) {
    throw invalid('body', `must have 1 to ${MAX_BATCH} receipts in all, not ${count}`)
  }
  for (const [at, one] of nack.entries()) checkNack(one, `body/nack/${at}`)
  checkOnce([
    ...ack.map((receipt, at) => ({ receipt, pointer: `ack/${at}` })),
    ...nack.map(({ receipt }, at) => ({ receipt, pointer: `nack/${at}/receipt` })),
    ...extend.map(({ receipt }, at) => ({ receipt, pointer: `extend/${at}/receipt` })),
    ...release.map((receipt, at) => ({ receipt, pointer: `release/${at}` })),
  ])
  return [
    ...ack.map((receipt) => ({ kind: 'ack' as const, receipt })),
    ...nack.map((one) => ({ kind: 'nack' as const, ...one })),
    ...extend.map((one) => ({ kind: 'extend' as const, ...one })),
    ...release.map((receipt) => ({ kind: 'release' as const, receipt })),
  ]
}

function checkNack({ delayMs, error = '', dead }: SentNack, pointer: string): void {
  if (dead && delayMs !== undefined) {
    throw invalid(`${pointer}/delayMs`, 'does not go with dead, which ends the retries')
  }
  if (!error.isWellFormed() || Buffer.byteLength(error) > MAX_ERROR_BYTES) {
    throw invalid(`${pointer}/error`, `must be at most ${MAX_ERROR_BYTES} bytes of UTF-8`)
  }
}

/** The second of two settlements would find what the first one left. */
function checkOnce(all: readonly { readonly receipt: string; readonly pointer: string }[]): void {
  const seen = new Set<string>()
  for (const { receipt, pointer } of all) {
    if (seen.has(receipt)) throw invalid(`body/${pointer}`, 'is listed twice: settle it once')
    seen.add(receipt)
  }
}

/** The results of an answer, one for each settlement. */
export const toResults = (
  settlements: readonly Settlement[],
  statuses: readonly SettleStatus[],
): { readonly receipt: string; readonly status: SettleStatus }[] =>
  settlements.map(({ receipt }, at) => ({ receipt, status: statuses[at] as SettleStatus }))
