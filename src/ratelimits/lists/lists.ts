import type { Limit } from '../limit.js'
import type { Policy } from '../policies/policy.js'
import { isBrokenNetwork, prefixOf, toNetwork } from './network.js'

/** `allow`: never limited, nothing is counted; `deny`: always denied. */
export type Listed = 'allow' | 'deny'

type Listable = Pick<Limit, 'policy' | 'key' | 'address'>

interface Lists {
  readonly exact: ReadonlyMap<string, Listed>
  readonly networks: ReadonlyMap<string, Listed>
  /** Lengths of the networks that there are, the longest first. */
  readonly lengths: readonly number[]
}

/** Policies are replaced, never changed, so what follows from one is kept with it. */
const known = new WeakMap<Policy, Lists>()

/**
 * Whether a policy names a subject, as text or as an address in one of its networks. Of several
 * entries the one that says the most of it holds, so that a list may have exceptions: the text
 * before a network, a longer network before a shorter one; of the same in both lists, `deny`.
 * A key that was made of an address says less than the address itself.
 */
export function listedAs({ policy, key, address = key }: Listable): Listed | undefined {
  if (policy.allow === undefined && policy.deny === undefined) return undefined
  const { exact, networks, lengths } = listsOf(policy)
  const verdict = exact.get(key)
  if (verdict || lengths.length === 0) return verdict
  const network = toNetwork(address)
  if (!network) return undefined
  for (const length of lengths) {
    const found = length <= network.length && networks.get(prefixOf(network, length))
    if (found) return found
  }
  return undefined
}

function listsOf(policy: Policy): Lists {
  let lists = known.get(policy)
  if (!lists) {
    lists = compile(policy)
    known.set(policy, lists)
  }
  return lists
}

function compile({ allow = [], deny = [] }: Policy): Lists {
  const exact = new Map<string, Listed>()
  const networks = new Map<string, Listed>()
  const lengths = new Set<number>()
  const add = (entry: string, listed: Listed) => {
    const network = toNetwork(entry)
    if (!network) return exact.set(entry, listed)
    lengths.add(network.length)
    return networks.set(prefixOf(network, network.length), listed)
  }
  for (const entry of allow) add(entry, 'allow')
  for (const entry of deny) add(entry, 'deny')
  return { exact, networks, lengths: [...lengths].sort((a, b) => b - a) }
}

/** The first entry that was meant as a network and is none. */
export function listFault({ allow, deny }: Policy) {
  if (!allow && !deny) return undefined
  for (const [field, entries = []] of [
    ['allow', allow],
    ['deny', deny],
  ] as const) {
    const index = entries.findIndex(isBrokenNetwork)
    if (index >= 0) return { field: `${field}/${index}` as const, message: 'is no network' }
  }
  return undefined
}
