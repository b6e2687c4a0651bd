/** Problems, validation, bodies, tokens, namespaces, request log, OpenAPI, event streams. */

import type { TSchema } from 'typebox'
import { SHARED_PROBLEMS, type SharedCode } from './problem-codes.js'
import { toResponses } from './problem-responses.js'
import type { ProblemSpec, ProblemSpecs } from './problems/spec.js'
import { explainFaults, type RequestFault, toRequestFault } from './request-faults.js'

interface More {
  /** Members added to the body, per code. */
  readonly extensions?: Readonly<Record<string, unknown>>
  /** When to repeat the request; sent exactly, and as Retry-After in seconds. */
  readonly retryAfterMs?: number
  /** Caps the header only: a client should try earlier than the body says. */
  readonly maxRetryAfterS?: number
}

/**
 * Thrown by routes only: a store returns an outcome, and a route decides whether it is an error.
 * Made by the `problem` of a domain or of this file.
 */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: string
  readonly spec: ProblemSpec
  readonly more: More

  constructor(code: string, spec: ProblemSpec, detail: string, more: More = {}) {
    super(detail)
    this.code = code
    this.spec = spec
    this.more = more
  }
}

/**
 * The errors of one domain. Its routes can throw and declare these and the shared ones; any other
 * code does not compile.
 */
export function defineProblems<const S extends ProblemSpecs>(specs: S) {
  type Code = (keyof S & string) | SharedCode
  const known: ProblemSpecs = { ...SHARED_PROBLEMS, ...specs }
  return {
    specs,
    problem: (code: Code, detail: string, more?: More) =>
      new Problem(code, known[code] as ProblemSpec, detail, more),
    problemResponses: (...codes: readonly Code[]) => toResponses(known, codes),
    /** The responses of a route: its 200, the errors of every route, and its own. */
    responses: <R extends TSchema>(ok: R, ...codes: readonly Code[]) => ({
      200: ok,
      ...toResponses(known, [...COMMON_PROBLEMS, ...codes]),
    }),
  }
}

export const { problem, problemResponses } = defineProblems({})

/** Every route that uses Redis can answer with these. */
export const COMMON_PROBLEMS = [
  'invalid-request',
  'unauthenticated',
  'origin-refused',
  'host-refused',
  'forbidden',
  'too-large',
  'headers-too-large',
  'unsupported-media-type',
  'store-unavailable',
  'outcome-unknown',
  'store-full',
  'store-not-ready',
  'not-replicated',
  'overloaded',
  'draining',
  'internal',
] as const satisfies readonly SharedCode[]

/** A 400 that lists the faults of the request. */
export const invalidRequest = (errors: readonly RequestFault[]): Problem =>
  problem('invalid-request', explainFaults(errors), { extensions: { errors } })

/**
 * A 400 about one place of the request, for a rule that a schema cannot express.
 * @param place part and JSON pointer: `body/limits/0/cost`, `query/key`, `path/name`, `header/if-match`
 * @param detail completes "<place> ..."
 */
export const invalid = (place: string, detail: string): Problem =>
  invalidRequest([toRequestFault(place, detail)])
