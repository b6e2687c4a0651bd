import type { Exchanged } from '../client.js'
import { verdictOf } from '../writing/verdict.js'
import type { Failing, Settling } from './store.js'

export type Delivered =
  | ({ readonly outcome: 'delivered' | 'superseded' } & Pick<Settling, 'drops'>)
  | ({ readonly outcome: 'refused' | 'failed' | 'away' } & Omit<Failing, 'token' | 'version'>)

/** It is no use to send the same again. */
const FINAL: ReadonlySet<number> = new Set([400, 409, 413, 415, 422])
/** The origin says that it has something newer. */
const NEWER: ReadonlySet<number> = new Set([409, 412])
/** Of what stands before the origin: they say nothing of this write. */
const AWAY: ReadonlySet<number> = new Set([502, 503, 504])

/** What the end of a request says of a delivery. @param exchanged undefined where none was sent */
export function deliveredBy(
  exchanged: Exchanged | undefined,
  operation: 'write' | 'delete',
  version: number,
): Delivered {
  if (!exchanged || exchanged.kind === 'unreachable') return away('The origin cannot be reached.')
  if (exchanged.kind !== 'answered') {
    const why = exchanged.kind === 'timeout' ? 'did not answer in time' : 'broke its answer off'
    return { ...away(`The origin ${why}.`), isUnknown: true }
  }
  const { status, headers } = exchanged
  const verdict = verdictOf(status, operation)
  if (verdict === 'taken') return { outcome: 'delivered', drops: false }
  const there = Number(headers['lockstep-version'])
  // Its own version: the answer to an earlier request was lost.
  if (NEWER.has(status) && there >= version)
    return { outcome: 'superseded', drops: there > version }
  const isFinal = FINAL.has(status)
  return {
    outcome: AWAY.has(status) ? 'away' : isFinal ? 'refused' : 'failed',
    counts: !AWAY.has(status),
    isFinal,
    isUnknown: verdict === 'unknown',
    why: `The origin answered ${status}.`,
  }
}

const away = (why: string) =>
  ({ outcome: 'away', counts: false, isFinal: false, isUnknown: false, why }) as const
