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

/** Redis could not be asked, or its answer was lost. Its message holds no arguments: they hold tokens. */
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
 * else. Redis keeps what the script wrote before that. It is no `StoreError`: the answer to an outage,
 * such as a limit that lets requests through, is wrong here.
 */
export class ScriptError extends Error {
  override readonly name = 'ScriptError'

  /** @param text the error of Redis, for the log */
  constructor(text: string) {
    const cause = new Error(text)
    super('A script ended with an error; what it wrote before that is kept.', { cause })
  }
}

/** Whether the call may have been applied. */
export const isUnknown = (error: unknown): boolean =>
  error instanceof ScriptError || (error instanceof StoreError && error.code === 'outcome-unknown')

/** This connection leads to the wrong server, or to one that cannot serve. */
const RECONNECT = new Set<Reason>(['read-only', 'loading', 'primary-down', 'cluster-down'])

/** Redis repeats the arguments of a command that it does not know. */
const withoutArguments = (text: string): string =>
  text.replace(/, with args beginning with:.*/s, '')

/** The error of a call that ran: what the script wrote before it may be kept. */
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

/** Why to connect again after this error of Redis; undefined where there is no need. */
export function reconnectReason(text: string): Reason | undefined {
  const reason = replyReason(text)
  return reason && RECONNECT.has(reason) ? reason : undefined
}

export const isMissingScript = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('NOSCRIPT')

/** ioredis refused the call before it wrote a byte. */
const NEVER_SENT = /isn't writeable|isn't ready|Failed to refresh slots cache|Cluster is ended/

/** ioredis gave up after redirections, each of which refused the call before it ran. */
const REDIRECTED = /^Too many Cluster redirections\. Last error: ReplyError: (.*)$/s

/** Turns any error of ioredis into one of the two classes above. */
export function toStoreError(error: unknown): StoreError | ScriptError {
  if (error instanceof StoreError || error instanceof ScriptError) return error
  const text = error instanceof Error ? error.message : String(error)
  if (error instanceof Error && error.name === 'ReplyError') return toReplyError(text)
  const redirected = REDIRECTED.exec(text)?.[1]
  if (redirected !== undefined) return toReplyError(redirected)
  if (NEVER_SENT.test(text)) return unavailable()
  return new StoreError('outcome-unknown', 'The call was sent to Redis and its answer was lost.')
}

/** The script ran and its writes are kept, but its reply cannot be read. */
export const unreadable = (cause: unknown): StoreError =>
  new StoreError('outcome-unknown', 'Redis gave an answer that cannot be read.', undefined, cause)

/**
 * A step of a call that has several.
 * @param isLater whether one before it was applied: then an error does not mean that nothing was
 * @throws StoreError `outcome-unknown` with the message then
 */
export async function stepOf<R>(step: Promise<R>, isLater: boolean, message: string): Promise<R> {
  try {
    return await step
  } catch (error) {
    if (!isLater || !(error instanceof StoreError)) throw error
    throw new StoreError('outcome-unknown', message, undefined, error)
  }
}

export const full = (): StoreError =>
  new StoreError('store-full', 'Redis has no memory left for new data.')

export const unavailable = (): StoreError =>
  new StoreError('store-unavailable', 'Redis is not reachable; nothing was applied.')
