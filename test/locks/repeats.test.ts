import { EventEmitter } from 'node:events'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Granted } from '../../src/locks/leases/outcomes.js'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { newLockStore } from '../support/lock-store.js'
import { until } from '../support/until.js'

/** A hedging client sends a request again, takes the first answer, and cuts the other connection. */
const harness = useHarness()
let scripts: ReturnType<typeof lockScripts>

beforeAll(async () => {
  scripts = lockScripts(harness)
})

const waitMs = 60_000
const keyed = (digest: string) => ({ digest, fingerprint: 'f', record_ttl_ms: 600_000 })
const isWhole = async (name: string, token: string) => {
  harness.advance(15_000)
  expect(await scripts.renew(name, token, 30_000)).toMatchObject({ kind: 'renewed' })
}

describe('a cut repeat of a request that was answered', () => {
  it('leaves the lease as it is', async () => {
    const { token } = await scripts.acquire('at-once', keyed('at-once'))
    const repeat = await scripts.acquire('at-once', keyed('at-once'))
    expect(repeat).toMatchObject({ kind: 'replayed', attach: 2 })
    expect(await scripts.leave('at-once', token, 'detach', 2)).toMatchObject({ kind: 'granted' })
    await isWhole('at-once', token)
  })

  it.each(['before', 'after'])('%s that answer leaves the lease as it is', async (order) => {
    const first = await scripts.acquire(order)
    const { token } = await scripts.acquire(order, { ...keyed(order), waitMs })
    await scripts.acquire(order, { ...keyed(order), waitMs })
    await scripts.handOver(order, first.token, order, token, 2)

    const cut = () => scripts.leave(order, token, 'detach', 2)
    if (order === 'before') await cut()
    expect(await scripts.claim(order, token, 1)).toMatchObject({ kind: 'granted' })
    if (order === 'after') await cut()

    await isWhole(order, token)
  })

  it('leaves it when it was handed over with the answer to a release', async () => {
    const store = newLockStore(harness, () => 0)
    const ns = harness.namespace
    const first = (await store.acquire(ns, ['handed'], { ttlMs: 60_000 })) as Granted
    const idempotency = { digest: 'handed', fingerprint: 'f', ttlMs: 600_000 }
    const ask = (connection: EventEmitter & { destroyed: boolean }) =>
      store.acquire(ns, ['handed'], { ttlMs: 60_000, waitMs, idempotency, connection })
    const client = () => Object.assign(new EventEmitter(), { destroyed: false })
    const [one, other] = [client(), client()]
    const answer = ask(one)
    const tag = harness.lockTag('handed')
    const waits = (what: string) =>
      until(what, async () =>
        (await harness.redis.hvals(`ls:{${ns}:${tag}}:waiters:handed`))[0]?.includes(what),
      )
    await waits('attach\u0001')
    const repeat = ask(other)
    await waits('attach\u0002')

    const released = store.release(ns, ['handed'], first.token)
    other.destroyed = true
    await released

    expect(await repeat).toEqual({ kind: 'gone' })
    expect(await answer).toMatchObject({ kind: 'granted' })
    const [holder] = (await store.inspect(ns, 'handed', 1)).holders
    expect(holder?.leftMs).toBeGreaterThan(20_000)
    store.close()
  })
})
