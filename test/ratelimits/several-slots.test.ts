import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { CheckStore } from '../../src/ratelimits/checks/store.js'
import type { Policy } from '../../src/ratelimits/policies/policy.js'
import { useHarness } from '../support/harness.js'
import { checkStoreOf } from './check-store.js'
import { limitDriver } from './driver.js'

const harness = useHarness()
let store: CheckStore

beforeAll(async () => {
  // This store treats every tag as a slot of its own.
  const connection = { ...harness.connection, slotOf: slotOfTag }
  store = checkStoreOf({ binder: harness.binder, connection })
})

const slots: string[] = []
function slotOfTag(key: string | Buffer): number {
  const tag = /\{(.*?)\}/.exec(String(key))?.[1] ?? ''
  if (!slots.includes(tag)) slots.push(tag)
  return slots.indexOf(tag)
}

const POLICY: Policy = { algorithm: 'fixed-window', limit: 5, windowMs: 8_640_000_000 }
const limit = (key: string, more: Partial<Policy> = {}, cost = 1) => {
  const policy = { ...POLICY, ...more }
  return { name: 'a', key, group: policy.group, inline: true, policy, cost }
}

const EACH = { mode: 'each', take: 'exact', peek: false } as const
const ALL = { ...EACH, mode: 'all' } as const

async function decided(...args: Parameters<CheckStore['check']>) {
  const outcome = await store.check(...args)
  if (outcome.kind !== 'decided') throw new Error(outcome.kind)
  return outcome
}

describe('limits of several slots', () => {
  it('are not checked all or nothing, and lose nothing', async () => {
    const limits = [limit(randomUUID()), limit(randomUUID())]
    expect(await store.check(harness.namespace, limits, ALL)).toEqual({ kind: 'cross-slot' })
    const { results } = await decided(harness.namespace, limits, { ...EACH, peek: true })
    expect(results.map(({ remaining }) => remaining)).toEqual([5, 5])
  })

  it('decide each for itself, and are answered in the order asked', async () => {
    const [a, b] = [randomUUID(), randomUUID()]
    const limits = [limit(a, {}, 3), limit(b, {}, 6), limit(a, { limit: 9 }, 2)]
    const named = limits.map((one, i) => ({ ...one, name: `n${i}` }))
    const { allowed, results } = await decided(harness.namespace, named, EACH)
    expect(allowed).toBe(false)
    expect(results.map(({ granted, remaining }) => [granted, remaining])).toEqual([
      [3, 2],
      [0, 5],
      [2, 7],
    ])
  })

  it('have an idempotency record in each slot', async () => {
    const [a, b] = [randomUUID(), randomUUID()]
    const idempotency = { digest: randomUUID(), fingerprint: 'f', ttlMs: 60_000 }
    const ask = (limits: ReturnType<typeof limit>[]) =>
      decided(harness.namespace, limits, { ...EACH, idempotency })
    expect((await ask([limit(a)])).replayed).toBe(false)
    // The other slot has no record of this key, so the call counts only the limit that is new.
    expect((await ask([limit(a), limit(b)])).replayed).toBe(false)
    const { replayed, results } = await ask([limit(a), limit(b)])
    expect(replayed).toBe(true)
    expect(results.map(({ remaining }) => remaining)).toEqual([4, 4])
    const foreign = { ...EACH, idempotency: { ...idempotency, fingerprint: 'g' } }
    expect(await store.check(harness.namespace, [limit(a)], foreign)).toEqual({ kind: 'conflict' })
  })

  it('of one group are in one slot', async () => {
    const group = randomUUID()
    const limits = [limit(randomUUID(), { group }), limit(randomUUID(), { group })]
    expect((await decided(harness.namespace, limits, ALL)).allowed).toBe(true)
  })
})

it('a check over several slots of a Cluster is a 422', async () => {
  const { slotOf } = harness.connection
  const isCluster = slotOf('ls:{a}:x') !== slotOf('ls:{b}:x')
  const inline = (key: string) => ({ name: 'a', key, limit: 5, windowMs: 60_000 })
  const body = { limits: [inline('a'), inline('b')] }
  const answer = await limitDriver(harness).check(body)
  if (!isCluster) return expect(answer.body.allowed).toBe(true)
  expect(answer.body).toMatchObject({ status: 422, code: 'cross-slot' })
  expect((await limitDriver(harness).check({ ...body, mode: 'each' })).body.allowed).toBe(true)
})
