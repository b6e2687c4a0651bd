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

export interface DecideOptions {
  readonly store: CheckStore
  readonly policies: PolicyStore
  readonly metrics: RateLimitMetrics
  readonly answers: Answers
}

/**
 * Checks limits for a route, counts what came of it, and sets the headers that tell of it on the
 * reply, if there is one that has them. Of the request itself it reads nothing: a proxy's may be
 * full of what its visitor sent.
 * @throws Problem for limits that cannot be checked; StoreError where a policy is closed.
 */
export type Decide = (
  reply: FastifyReply | undefined,
  namespace: string,
  inputs: readonly LimitInput[],
  options: CheckOptions,
) => Promise<Answer>

export function createDecide({ store, policies, metrics, answers }: DecideOptions): Decide {
  return async (reply, namespace, inputs, options) => {
    const limits = await toLimits(policies, namespace, inputs, options.peek)
    const outcome = await store.check(namespace, limits, options)
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

/** One entry of `limits` as its schema lets it through: with a policy or with a name. */
export interface LimitInput extends Partial<Policy> {
  readonly policy?: string
  readonly name?: string
  readonly key: string
  readonly cost: number
  /** Not of a request, but of the proxy's visitor: see Limit. */
  readonly address?: string | undefined
}

/** What describes a limit that no policy is named for. */
const OWN_FIELDS = ['algorithm', 'limit', ...PARAMETERS, 'shadow', 'group', 'onError'] as const

/**
 * Looks up the policies that limits name. Most are known, and cost nothing to wait for.
 * @throws Problem not-found for an unknown policy; invalid-request for an entry that is neither a
 * stored nor a complete inline limit, and for two entries that count the same thing.
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
    if (first < i) throw invalid(`body/limits/${i}`, 'stands there twice')
  }
}

/** The least of what is left is granted by each, which means something for equal costs alone. */
export function requireEqualCosts(inputs: readonly LimitInput[]): void {
  const odd = inputs.findIndex(({ cost }) => cost !== inputs[0]?.cost)
  if (odd > 0) {
    throw invalid(`body/limits/${odd}/cost`, 'must be that of the others with take up-to')
  }
}

async function storedPolicy(
  policies: PolicyStore,
  namespace: string,
  input: LimitInput,
  at: string,
): Promise<Policy> {
  const surplus = OWN_FIELDS.find((field) => input[field] !== undefined)
  if (surplus) throw invalid(`${at}/${surplus}`, 'belongs to a limit without policy')
  const name = input.policy as string
  const document = await policies.get(namespace, name)
  if (!document) throw unknownPolicy(name)
  if (document.value.algorithm === 'concurrency') throw invalid(`${at}/policy`, COUNTS_LEASES)
  return document.value
}

/** Parameters are read by name: what else stands in the input is none. */
function inlinePolicy(input: LimitInput, at: string): Policy {
  const { limit } = input
  if (limit === undefined) throw invalid(`${at}/limit`, 'is required')
  const policy: Policy = Object.assign({ algorithm: 'gcra' as const, limit }, input)
  const fault = policyFault(policy)
  if (fault) throw invalid(`${at}/${fault.field}`, fault.message)
  return policy
}
