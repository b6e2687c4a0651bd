import { type CheckStore, createCheckStore } from '../../src/ratelimits/checks/store.js'
import { Circuits } from '../../src/ratelimits/outage/circuit.js'
import { RedisClock } from '../../src/redis/clock.js'
import { serversOf } from '../../src/redis/servers.js'
import { WAIT_MS } from '../support/bounds.js'
import type { Harness } from '../support/harness.js'

/** The check store alone: it waits for Redis, and decides nothing without it. */
export const checkStoreOf = (
  { binder, connection }: Pick<Harness, 'binder' | 'connection'>,
  clock: RedisClock = new RedisClock(),
): CheckStore =>
  createCheckStore({
    binder,
    clock,
    slotOf: (key) => connection.slotOf(key),
    circuits: circuitsOf(connection),
    fallback: () => undefined,
  })

export const circuitsOf = (connection: Harness['connection']): Circuits =>
  new Circuits({ servers: serversOf(connection), timeoutMs: WAIT_MS, onChange() {} })
