import { type CheckStore, createCheckStore } from '../../src/ratelimits/checks/store.js'
import { Circuits } from '../../src/ratelimits/outage/circuit.js'
import { RedisClock } from '../../src/redis/clock.js'
import { reachOf } from '../../src/redis/reach.js'
import type { Harness } from '../support/harness.js'

/** The store of checks alone, which waits for Redis and decides nothing without it. */
export const checkStoreOf = (
  { binder, link }: Pick<Harness, 'binder' | 'link'>,
  clock: RedisClock = new RedisClock(),
): CheckStore =>
  createCheckStore({
    binder,
    clock,
    slotOf: (key) => link.slotOf(key),
    circuits: circuitsOf(link),
    fallback: () => undefined,
  })

export const circuitsOf = (link: Harness['link']): Circuits =>
  new Circuits({ reach: reachOf(link), timeoutMs: 5_000, onChange() {} })
