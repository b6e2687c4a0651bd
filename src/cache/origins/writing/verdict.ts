/** What the status of an answer says of a write. */
export type Verdict = 'taken' | 'refused' | 'unknown'

/** Of 4xx these do not say that the request was looked at, and will never be applied. */
const UNDECIDED: ReadonlySet<number> = new Set([408, 425, 429])

/** 202 promises nothing yet; what is absent needs no delete. */
export function verdictOf(status: number, operation: 'write' | 'delete'): Verdict {
  if (status >= 200 && status < 300) return status === 202 ? 'unknown' : 'taken'
  if (operation === 'delete' && (status === 404 || status === 410)) return 'taken'
  const isRefusal = status >= 400 && status < 500 && !UNDECIDED.has(status)
  return isRefusal ? 'refused' : 'unknown'
}
