import { readResult } from '../../entries/scripts.js'
import type { LeveledReply } from '../../entries/store.js'
import type { ReadResult } from '../../metrics.js'

/** How the value of a reply was loaded. */
export interface LoadNote {
  /** Of the answer of the origin; undefined where it gave none. */
  readonly status?: number | undefined
  readonly isStored: boolean
  /** The load was for another request as well. */
  readonly isCollapsed: boolean
  /** The load failed, and the value is an old one. */
  readonly isStale: boolean
}

/** Why there is no value. */
export interface LoadFailure {
  readonly code: 'origin-failed' | 'origin-unavailable'
  readonly message: string
  readonly originStatus?: number | undefined
  readonly retryAfterMs: number
}

/** The reply to a read that loads what is missing. */
export interface LoadingReply extends LeveledReply {
  readonly loaded?: LoadNote | undefined
  readonly failure?: LoadFailure
}

/** What a read counts as: a value that had to be loaded was missing. */
export const resultOf = ({ entry, loaded }: Pick<LoadingReply, 'entry' | 'loaded'>): ReadResult =>
  loaded && !loaded.isStale ? 'miss' : readResult(entry)

const RETRY_MS = 1_000

export const unavailable = (message: string, retryAfterMs = RETRY_MS): LoadFailure => ({
  code: 'origin-unavailable',
  message,
  retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)),
})

export const FAILURES = {
  late: () => unavailable('The value was not loaded in time.'),
  busy: () => unavailable('The origin had no time for the request.'),
  incomparable: () =>
    unavailable(
      'The condition has nothing to compare with: a write is under way, or no value is stored.',
    ),
  open: (ms: number) => unavailable('The origin failed often, and is not asked for a while.', ms),
  unreachable: () => unavailable('There is no connection to the origin.'),
  rest: (ms: number) => unavailable('The last load of the key failed.', ms),
  timeout: (ms: number) => unavailable('The origin did not answer in time.', ms),
  broken: (ms: number) => failed('The answer of the origin broke off.', ms),
  'too-large': (ms: number) => failed('The answer of the origin is larger than any value.', ms),
  answered: (ms: number, status?: number) => failed(`The origin answered ${status}.`, ms, status),
} as const

const failed = (message: string, retryAfterMs: number, originStatus?: number): LoadFailure => ({
  code: 'origin-failed',
  message,
  originStatus,
  retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)),
})
