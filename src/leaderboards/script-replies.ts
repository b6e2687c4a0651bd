import { list } from '../redis/reply.js'

/** There is no such board, and the script creates none; or the board has no such season. */
export interface Missing {
  readonly kind: 'missing'
  readonly what: 'board' | 'season'
}

/** What every script of a board may answer instead of doing its work: ask once more, knowing this. */
export type Again =
  | {
      readonly kind: 'other-version'
      readonly version: string
      readonly config: string
      readonly created: string
    }
  | { readonly kind: 'other-season'; readonly nowMs: number }

export const isAgain = (reply: { readonly kind: string }): reply is Again =>
  reply.kind === 'other-version' || reply.kind === 'other-season'

/** Members must leave the season first: leaderboards.tidy removes them, a few at a time. */
export interface Untidy {
  readonly kind: 'untidy'
}

export const isUntidy = (reply: { readonly kind: string }): reply is Untidy =>
  reply.kind === 'untidy'

export const isMissing = (reply: { readonly kind: string }): reply is Missing =>
  reply.kind === 'missing'

/** What leaderboards.describe confirms: the version that a call was made for is the present one. */
export const isKnownToHold = (described: { readonly kind: string }): boolean =>
  !isAgain(described) && !isUntidy(described)

export type Flat = (string | number | Buffer)[]

/** The outcomes that `decodeBoard` reads. */
type BoardOutcome = 'other-version' | 'other-season' | 'no-board' | 'no-season' | 'untidy'

/** `read` sees the whole reply of a script that answers none of them, its outcome first. */
export function decodeBoard<O extends string, R>(read: (reply: Flat, outcome: O) => R) {
  return (reply: unknown, outcome: O | BoardOutcome): R | Again | Untidy | Missing => {
    const fields = list(reply, 1)
    switch (outcome) {
      case 'other-version': {
        const [version, config, created] = fields.slice(1).map(String) as [string, string, string]
        return { kind: 'other-version', version, config, created }
      }
      case 'other-season':
        return { kind: 'other-season', nowMs: Number(fields[1]) }
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

/** Of the plan of a script, see `planOf`. */
export const columnsOf = (plan: unknown): number =>
  (String(plan).split(' ')[1] as string).length / 2

/** The records of a reply that begin at the field `first`. */
export function* records(fields: Flat, first: number, width: number): Generator<Flat> {
  for (let at = first; at < fields.length; at += width) yield fields.slice(at, at + width)
}
