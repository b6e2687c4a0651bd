import { invalid } from '../../http/problem.js'
import { type Policy, policyFault } from '../policies/policy.js'
import { unknownPolicy } from '../policies/routes.js'
import type { PolicyDocument } from '../policies/store.js'
import type { LimitRequest } from './store.js'

/** One entry of `limits` as its schema lets it through. */
export interface LimitInput extends Partial<Policy> {
  readonly policy?: string
  readonly name?: string
  readonly key: string
  readonly cost: number
}

type Find = (name: string) => Promise<PolicyDocument | undefined>

const PARAMETERS = ['algorithm', 'limit', 'windowMs', 'burst', 'align', 'buckets', 'mode'] as const

/**
 * Looks up the policies that limits name.
 * @throws Problem not-found for an unknown policy; invalid-request for an entry that is neither a
 * stored nor a complete inline limit, and for two entries that count the same thing.
 */
export async function toLimits(
  inputs: readonly LimitInput[],
  find: Find,
  peek: boolean,
): Promise<LimitRequest[]> {
  const limits = await Promise.all(inputs.map((input, i) => toLimit(input, i, find, peek)))
  const seen = new Set<string>()
  limits.forEach(({ inline, name, key }, i) => {
    const identity = JSON.stringify([inline, name, key])
    if (seen.has(identity)) throw invalid(`body/limits/${i}`, 'stands there twice')
    seen.add(identity)
  })
  return limits
}

async function toLimit(
  input: LimitInput,
  index: number,
  find: Find,
  peek: boolean,
): Promise<LimitRequest> {
  const at = (field: string) => `body/limits/${index}/${field}`
  const asked = { key: input.key, cost: peek ? 1 : input.cost }
  if (input.policy === undefined) {
    return { ...asked, name: nameOf(input, at), policy: inlinePolicy(input, at), inline: true }
  }
  const surplus = (['name', ...PARAMETERS] as const).find((field) => input[field] !== undefined)
  if (surplus) throw invalid(at(surplus), 'belongs to a limit without policy')
  const document = await find(input.policy)
  if (!document) throw unknownPolicy(input.policy)
  return { ...asked, name: input.policy, policy: document.value, inline: false }
}

function nameOf({ name }: LimitInput, at: (field: string) => string): string {
  if (name === undefined)
    throw invalid(at('policy'), 'is required, or name with limit and windowMs')
  return name
}

function inlinePolicy(input: LimitInput, at: (field: string) => string): Policy {
  const { algorithm = 'gcra', limit, windowMs, burst, align, buckets, mode } = input
  if (limit === undefined) throw invalid(at('limit'), 'is required')
  if (windowMs === undefined) throw invalid(at('windowMs'), 'is required')
  const policy: Policy = {
    algorithm,
    limit,
    windowMs,
    ...(burst !== undefined && { burst }),
    ...(align !== undefined && { align }),
    ...(buckets !== undefined && { buckets }),
    ...(mode !== undefined && { mode }),
  }
  const fault = policyFault(policy)
  if (fault) throw invalid(at(fault.field), fault.message)
  return policy
}
