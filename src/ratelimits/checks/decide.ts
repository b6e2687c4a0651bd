import type { FastifyReply } from 'fastify'
import { invalid } from '../../http/problem.js'
import { idempotencyConflict } from '../../http/request-fingerprint.js'
import { PARAMETERS, policyFault } from '../algorithms/algorithms.js'
import type { RateLimitMetrics } from '../metrics.js'
import type { Policy } from '../policies/policy.js'
import type { PolicyStore } from '../policies/store.js'
import { COUNTS_LEASES, problem, unknownPolicy } from '../problems.js'
import type { Answer, Answers } from './answer.js'
import type { CheckOptions, CheckStore, LimitRequest } from './store.js'

interface Options {
  readonly checks: CheckStore
  readonly policies: PolicyStore
  readonly metrics: RateLimitMetrics
  readonly answers: Answers
}

export function createDecide({ checks, policies, metrics, answers }: Options) {
  /**
   * Checks limits for a route and records the decision. Sets the headers if there is a reply for
   * them. Reads nothing of the request: the headers of a proxy's request may come from its visitor.
   * @throws Problem for limits that cannot be checked; StoreError without Redis if a policy is closed.
   */
  return async (
    reply: FastifyReply | undefined,
    namespace: string,
    inputs: readonly LimitInput[],
    options: CheckOptions,
  ): Promise<Answer> => {
    const limits = await toLimits(policies, namespace, inputs, options.peek)
    const outcome = await checks.check(namespace, limits, options)
    switch (outcome.kind) {
      case 'conflict':
        throw idempotencyConflict()
      case 'cross-slot':
        throw problem('cross-slot', 'Limits of several subjects cannot be checked all or nothing.')
      case 'closed':
        if (!options.peek) metrics.recordFailClosed(limits)
        throw outcome.error
    }
    return answers.toAnswer(reply, namespace, limits, outcome, !options.peek)
  }
}

/** One entry of `limits` in a request: it has either a policy or a name. */
export interface LimitInput extends Partial<Policy> {
  readonly policy?: string
  readonly name?: string
  readonly key: string
  readonly cost: number
  /** Of the visitor of a proxy: see Limit. */
  readonly address?: string | undefined
}

/** The fields of an inline limit, which has no policy. */
const INLINE_FIELDS = ['algorithm', 'limit', ...PARAMETERS, 'shadow', 'group', 'onError'] as const

/**
 * Looks up the policies of the limits. Most are in memory.
 * @throws Problem not-found for an unknown policy; invalid-request for an entry that is neither a
 * stored nor a complete inline limit, and for a duplicate.
 */
async function toLimits(
  policies: PolicyStore,
  namespace: string,
  inputs: readonly LimitInput[],
  isPeek: boolean,
): Promise<LimitRequest[]> {
  const limits: LimitRequest[] = []
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i] as LimitInput
    const at = `body/limits/${i}`
    const inline = input.policy === undefined
    const policy = inline
      ? inlinePolicy(input, at)
      : await storedPolicy(policies, namespace, input, at)
    limits.push({
      name: (inline ? input.name : input.policy) as string,
      key: input.key,
      address: input.address,
      group: policy.group,
      inline,
      cost: isPeek ? 1 : input.cost,
      policy,
    })
  }
  requireDistinct(limits)
  return limits
}

function requireDistinct(limits: readonly LimitRequest[]): void {
  for (let i = 1; i < limits.length; i++) {
    const { inline, name, key } = limits[i] as LimitRequest
    const first = limits.findIndex(
      (other) => other.key === key && other.name === name && other.inline === inline,
    )
    if (first < i) throw invalid(`body/limits/${i}`, 'is listed twice')
  }
}

/** Each limit grants the least of what remains, which only makes sense for equal costs. */
export function requireEqualCosts(inputs: readonly LimitInput[]): void {
  const odd = inputs.findIndex(({ cost }) => cost !== inputs[0]?.cost)
  if (odd > 0) {
    throw invalid(`body/limits/${odd}/cost`, 'must equal the other costs with take up-to')
  }
}

async function storedPolicy(
  policies: PolicyStore,
  namespace: string,
  input: LimitInput,
  at: string,
): Promise<Policy> {
  const surplus = INLINE_FIELDS.find((field) => input[field] !== undefined)
  if (surplus) throw invalid(`${at}/${surplus}`, 'belongs to a limit without policy')
  const name = input.policy as string
  const document = await policies.get(namespace, name)
  if (!document) throw unknownPolicy(name)
  if (document.value.algorithm === 'concurrency') throw invalid(`${at}/policy`, COUNTS_LEASES)
  return document.value
}

/** Policies are read field by field, so the other fields of the input do no harm. */
function inlinePolicy(input: LimitInput, at: string): Policy {
  const { limit } = input
  if (limit === undefined) throw invalid(`${at}/limit`, 'is required')
  const policy: Policy = Object.assign({ algorithm: 'gcra' as const, limit }, input)
  const fault = policyFault(policy)
  if (fault) throw invalid(`${at}/${fault.field}`, fault.message)
  return policy
}
