import { invalid, type Problem } from '../../../http/problem.js'
import { problem } from '../../problems.js'
import { notLoaded } from '../answer.js'
import type { WriteEnd } from './writer.js'

export type Taken = Extract<WriteEnd, { kind: 'created' | 'replaced' }>

/** The origin did not take it, or not for sure. */
export type Untaken = Extract<
  WriteEnd,
  { kind: 'miss' | 'changed' | 'refused' | 'unknown' | 'not-sent' | 'full' | 'outbox-pending' }
>

const UNTAKEN: ReadonlySet<string> = new Set<Untaken['kind']>([
  'miss',
  'changed',
  'refused',
  'unknown',
  'not-sent',
  'full',
  'outbox-pending',
])

/** A delivery takes about as long. */
const FULL_MS = 1_000

/** The value that is there has yet to reach its origin, and this process does not bring it there. */
export const outboxPending = (): Problem =>
  problem('outbox-pending', 'What the key holds has yet to reach its origin.')

export const isUntaken = <E extends { readonly kind: string }>(end: E | Untaken): end is Untaken =>
  UNTAKEN.has(end.kind)

/** @param place of the condition in the request */
export function notTaken(end: Untaken, place: string): Problem {
  switch (end.kind) {
    case 'miss':
      return invalid(place, 'needs a value in the cache, and reads of the space load none')
    case 'changed':
      return problem('precondition-failed', 'The origin has another value.')
    case 'refused': {
      const { kind: _, ...extensions } = end
      return problem('write-refused', `The origin answered ${end.originStatus}.`, { extensions })
    }
    case 'unknown':
      return problem('outcome-unknown', end.message)
    case 'not-sent':
      return notLoaded(end.failure)
    case 'full':
      return problem('outbox-full', 'Too much has yet to reach the origin of the space.', {
        retryAfterMs: FULL_MS,
      })
    case 'outbox-pending':
      return outboxPending()
  }
}

/** How a write went, as Cache-Status says it (RFC 9211); undefined for a repeat, which did nothing. */
export function writeStatus({ originStatus, version }: Taken): string | undefined {
  if (originStatus === undefined) return undefined
  return `lockstep; fwd=method; fwd-status=${originStatus}${version > 0 ? '; stored' : ''}`
}
