import { list } from '../redis/reply.js'

/** There is no such board, and the script creates none; or it has no such season. */
export interface Missing {
  readonly kind: 'missing'
  readonly what: 'board' | 'season'
}

/** The reply of a board script that did nothing: the service calls it again with these values. */
export type Stale =
  | {
      readonly kind: 'stale-version'
      readonly version: string
      readonly config: string
      readonly created: string
    }
  | { readonly kind: 'stale-season'; readonly nowMs: number }

export const isStale = (reply: { readonly kind: string }): reply is Stale =>
  reply.kind === 'stale-version' || reply.kind === 'stale-season'

/** Members must leave the season first; leaderboards.tidy removes a few at a time. */
export interface Untidy {
  readonly kind: 'untidy'
}

export const isUntidy = (reply: { readonly kind: string }): reply is Untidy =>
  reply.kind === 'untidy'

export const isMissing = (reply: { readonly kind: string }): reply is Missing =>
  reply.kind === 'missing'

/** Whether leaderboards.describe found another version or season than it was called for, or untidiness. */
export const mustRepeat = (reply: { readonly kind: string }): reply is Stale | Untidy =>
  isStale(reply) || isUntidy(reply)

export type Flat = (string | number | Buffer)[]

/** The outcomes that `decodeBoard` reads. */
type BoardOutcome = 'stale-version' | 'stale-season' | 'no-board' | 'no-season' | 'untidy'

/** @param read decodes all other replies; the first field is the outcome */
export function decodeBoard<O extends string, R>(read: (reply: Flat, outcome: O) => R) {
  return (reply: unknown, outcome: O | BoardOutcome): R | Stale | Untidy | Missing => {
    const fields = list(reply, 1)
    switch (outcome) {
      case 'stale-version': {
        const [version, config, created] = fields.slice(1).map(String) as [string, string, string]
        return { kind: 'stale-version', version, config, created }
      }
      case 'stale-season':
        return { kind: 'stale-season', nowMs: Number(fields[1]) }
      case 'no-board':
        return { kind: 'missing', what: 'board' }
      case 'no-season':
        return { kind: 'missing', what: 'season' }
      case 'untidy':
        return { kind: 'untidy' }
      default:
        return read(fields, outcome as O)
    }
  }
}

/** Number of columns in a plan, see `planOf`. */
export const columnsOf = (plan: unknown): number =>
  (String(plan).split(' ')[1] as string).length / 2

/** The groups of `width` fields of a reply, from the field `first`. */
export function* records(fields: Flat, first: number, width: number): Generator<Flat> {
  for (let at = first; at < fields.length; at += width) yield fields.slice(at, at + width)
}
