import { isProblem, NoAnswerError } from './errors.js'
import type { Repeat } from './operations.js'

const FIRST_MS = 50
const LONGEST_MS = 2_000

/** Timers of the platform take no longer time. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** What the platform says, in Node, when there was no connection to send the request over. */
const UNSENT = ['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']

/**
 * Whether the same request may be sent again. What may have been applied is repeated under a
 * condition only with an Idempotency-Key: the condition might hold no more because of it.
 */
export function mayRepeat(
  error: unknown,
  repeat: Repeat,
  headers: Readonly<Record<string, string>>,
): boolean {
  if (isProblem(error, 'store-unavailable', 'overloaded', 'draining')) return true
  if (isUnsent(error)) return true
  if (!isProblem(error, 'outcome-unknown') && !(error instanceof NoAnswerError)) return false
  const names = Object.keys(headers).map((name) => name.toLowerCase())
  const isConditional = names.includes('if-match') || names.includes('if-none-match')
  return repeat === 'keyed' || (repeat === 'harmless' && !isConditional)
}

/** Whether one of the causes of the error is that no connection was made. */
const isUnsent = (error: unknown): boolean =>
  error instanceof Error &&
  (UNSENT.includes((error as { readonly code?: string }).code ?? '') || isUnsent(error.cause))

/** What the service asks for, or a random part of a time that doubles. */
export function backoffMs(error: unknown, tries: number): number {
  const jittered = Math.random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** tries)
  return jittered + retryAfterMs(error)
}

export function retryAfterMs(error: unknown): number {
  return error instanceof Error && 'problem' in error
    ? ((error.problem as { retryAfterMs?: number }).retryAfterMs ?? 0)
    : 0
}

/** Calls it after this time, or at once when that is over. */
export const after = (ms: number, call: () => void) =>
  setTimeout(call, Math.min(Math.max(0, ms), LONGEST_TIMER_MS))

/** @throws the reason of the signal, when it aborts */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const end = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = after(ms, () => {
      signal?.removeEventListener('abort', end)
      resolve()
    })
    signal?.addEventListener('abort', end, { once: true })
  })
}
