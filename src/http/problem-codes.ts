import { REQUEST_PROBLEMS } from './problems/request.js'
import type { ProblemSpecs } from './problems/spec.js'
import { STORE_PROBLEMS } from './problems/store.js'

/**
 * Errors of every domain. The key is the last part of the `type` URI and of the page /errors/<code>.
 * Append only: a released code is never renamed.
 */
export const SHARED_PROBLEMS = { ...REQUEST_PROBLEMS, ...STORE_PROBLEMS }

export type SharedCode = keyof typeof SHARED_PROBLEMS

/** The codes of all domains. */
export function collectProblems(
  domains: readonly { readonly problems: ProblemSpecs }[],
): ReadonlyMap<string, ProblemSpecs[string]> {
  const all = new Map<string, ProblemSpecs[string]>(Object.entries(SHARED_PROBLEMS))
  for (const [code, spec] of domains.flatMap(({ problems }) => Object.entries(problems))) {
    if (all.has(code)) throw new Error(`two domains define the problem ${code}`)
    all.set(code, spec)
  }
  return all
}
