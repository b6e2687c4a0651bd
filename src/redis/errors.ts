import { isPartial, type Reason, replyReason } from './reasons.js'

/**
 * What the caller may conclude when Redis did not answer as it should:
 * `store-unavailable`, `store-full`, `store-not-ready` and `not-replicated` mean that nothing was
 * applied; `outcome-unknown` means that the script may have run, or may still run.
 */
export type StoreErrorCode =
  | 'store-unavailable'
  | 'outcome-unknown'
  | 'store-full'
  | 'store-not-ready'
  | 'not-replicated'

/** Redis could not be asked, or its answer was lost. Never carries arguments: they hold tokens. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode
  /** Set for `store-not-ready`: `loading`, `read-only`, `busy`, ... */
  readonly reason: Reason | undefined

  constructor(code: StoreErrorCode, message: string, reason?: Reason, cause?: unknown) {
    super(message, { cause })
    this.code = code
    this.reason = reason
  }
}

/**
 * A script raised an error that no outage explains: a bug of ours, or a key that holds something
 * else. What the script wrote before that is kept. It is no `StoreError`, because the answers to an
 * outage (a limit that lets requests through, for instance) are wrong here.
 */
export class ScriptError extends Error {
  override readonly name = 'ScriptError'

  /** @param text what Redis says, for the log */
  constructor(text: string) {
    const cause = new Error(text)
    super('A script ended with an error; what it did before that may stand.', { cause })
  }
}

/** Whether what a call was to do may have been done. */
export const isUnknown = (error: unknown): boolean =>
  error instanceof ScriptError || (error instanceof StoreError && error.code === 'outcome-unknown')

/** After these this connection leads to the wrong server, or to one that cannot serve. */
const ELSEWHERE = new Set<Reason>(['read-only', 'loading', 'primary-down', 'cluster-down'])

/** Redis repeats the arguments of a command that it does not know. */
const withoutArguments = (text: string): string =>
  text.replace(/, with args beginning with:.*/s, '')

/** An error of a call that ran: what the script did before it may stand. */
export function toCallError(text: string): StoreError | ScriptError {
  if (!isPartial(text)) return toReplyError(text)
  return new StoreError(
    'outcome-unknown',
    'Redis refused a command in the middle of the call.',
    replyReason(text),
  )
}

/** An error that Redis itself reported, so the command it names was refused. */
export function toReplyError(text: string): StoreError | ScriptError {
  const reason = replyReason(text)
  switch (reason) {
    case undefined:
      return new ScriptError(withoutArguments(text))
    case 'full':
      return full()
    case 'not-replicated':
      return new StoreError(
        'not-replicated',
        'Redis has fewer replicas than it needs to accept writes.',
      )
    default:
      return new StoreError('store-not-ready', `Redis refused the call (${reason}).`, reason)
  }
}

/** Why this connection should be made again after such a reply; undefined where it need not be. */
export function leadsElsewhere(text: string): Reason | undefined {
  const reason = replyReason(text)
  return reason && ELSEWHERE.has(reason) ? reason : undefined
}

export const isMissingScript = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('NOSCRIPT')

/** Refused by the client library before a byte was written; the texts are ioredis' own. */
const NEVER_SENT = /isn't writeable|isn't ready|Failed to refresh slots cache|Cluster is ended/

/** Given up after redirections only, each of which refused the call before it ran. */
const REDIRECTED = /^Too many Cluster redirections\. Last error: ReplyError: (.*)$/s

/** Turns what the client library throws into one of the two error classes above. */
export function toStoreError(error: unknown): StoreError | ScriptError {
  if (error instanceof StoreError || error instanceof ScriptError) return error
  const text = error instanceof Error ? error.message : String(error)
  if (error instanceof Error && error.name === 'ReplyError') return toReplyError(text)
  const redirected = REDIRECTED.exec(text)?.[1]
  if (redirected !== undefined) return toReplyError(redirected)
  if (NEVER_SENT.test(text)) return unavailable()
  return new StoreError('outcome-unknown', 'The call was sent to Redis and its answer was lost.')
}

/** A script has run, and its reply cannot be read: what it did stands. */
export const unreadable = (cause: unknown): StoreError =>
  new StoreError('outcome-unknown', 'Redis gave an answer that cannot be read.', undefined, cause)

export const full = (): StoreError =>
  new StoreError('store-full', 'Redis has no memory left for new data.')

export const unavailable = (): StoreError =>
  new StoreError('store-unavailable', 'Redis is not reachable; nothing was applied.')
