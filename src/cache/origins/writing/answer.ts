import { invalid, type Problem } from '../../../http/problem.js'
import { problem } from '../../problems.js'
import { notLoaded } from '../answer.js'
import type { WriteEnd } from './writer.js'

export type Taken = Extract<WriteEnd, { kind: 'created' | 'replaced' }>

/** The origin did not take it, or not for sure. */
export type Untaken = Extract<
  WriteEnd,
  { kind: 'miss' | 'changed' | 'refused' | 'unknown' | 'not-sent' }
>

const UNTAKEN: ReadonlySet<string> = new Set<Untaken['kind']>([
  'miss',
  'changed',
  'refused',
  'unknown',
  'not-sent',
])

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
  }
}

/** How a write went, as Cache-Status says it (RFC 9211); undefined for a repeat, which did nothing. */
export function writeStatus({ originStatus, version }: Taken): string | undefined {
  if (originStatus === undefined) return undefined
  return `lockstep; fwd=method; fwd-status=${originStatus}${version > 0 ? '; stored' : ''}`
}
