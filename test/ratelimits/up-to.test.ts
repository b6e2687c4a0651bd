import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'
import { COUNTING, limitDriver } from './driver.js'

const harness = useHarness()
const limits = limitDriver(harness)

const upTo = (key: string, more: object) => ({ name: 'a', key, ...more })

describe.each(COUNTING)('%s', (_name, policy) => {
  it('grants as much as is left, and denies where nothing is', async () => {
    const key = randomUUID()
    const ask = async (cost: number) => {
      const limit = upTo(key, { ...policy, cost })
      return (await limits.check({ limits: [limit], take: 'up-to' }).expect(200)).body
    }
    expect(await ask(7)).toMatchObject({ allowed: true, remaining: 3, results: [{ granted: 7 }] })
    expect(await ask(7)).toMatchObject({ allowed: true, remaining: 0, results: [{ granted: 3 }] })
    const denied = await ask(7)
    expect(denied).toMatchObject({ allowed: false, results: [{ granted: 0 }] })
    expect(denied.results[0].unsatisfiable).toBe(false)

    harness.advance(denied.retryAfterMs)
    expect((await ask(1)).results[0].granted).toBe(1)
  })

  it('grants more than can ever be asked for exactly', async () => {
    const limit = upTo(randomUUID(), { ...policy, cost: 1_000 })
    const { body } = await limits.check({ limits: [limit], take: 'up-to' })
    expect(body.results[0]).toMatchObject({ granted: 10, unsatisfiable: false })
  })
})

describe('several limits', () => {
  const window = { algorithm: 'fixed-window', windowMs: 8_640_000_000 }
  const pair = (key: string, cost = 5) => [
    { name: 'wide', key, limit: 10, ...window, cost },
    { name: 'narrow', key, limit: 3, ...window, cost },
  ]
  const granted = (body: { results: { granted: number }[] }) =>
    body.results.map((result) => result.granted)

  it('grant the least of what is left, each the same', async () => {
    const key = randomUUID()
    const first = await limits.check({ limits: pair(key), take: 'up-to' })
    expect(granted(first.body)).toEqual([3, 3])
    const second = await limits.check({ limits: pair(key), take: 'up-to' })
    expect(second.body).toMatchObject({ allowed: false })
    expect(granted(second.body)).toEqual([0, 0])
    expect(second.body.results[0].remaining).toBe(7)
  })

  it('grant each what it has with mode each', async () => {
    const { body } = await limits.check({
      limits: pair(randomUUID()),
      take: 'up-to',
      mode: 'each',
    })
    expect(granted(body)).toEqual([5, 3])
  })

  it('must ask for the same', async () => {
    const [wide, narrow] = pair(randomUUID())
    const mixed = [wide, { ...narrow, cost: 2 }]
    const { body } = await limits.check({ limits: mixed, take: 'up-to' }).expect(400)
    expect(body.errors).toEqual([faultAt('body/limits/1/cost')])
    await limits.check({ limits: mixed, take: 'up-to', mode: 'each' }).expect(200)
  })
})

it('grants no more than one call may start of a leaky bucket, however long its queue', async () => {
  const queue = { algorithm: 'leaky-bucket', limit: 10, windowMs: 1_000, maxDelayMs: 60_000 }
  const limit = upTo(randomUUID(), { ...queue, cost: 1_000 })
  const { body } = await limits.check({ limits: [limit], take: 'up-to' }).expect(200)
  expect(body.results[0]).toMatchObject({ allowed: true, granted: 10 })
})

it('answers a repeat with what the first attempt was granted', async () => {
  const limit = upTo(randomUUID(), { limit: 10, windowMs: 86_400_000, cost: 4 })
  const ask = () =>
    limits.check({ limits: [limit], take: 'up-to' }).set('idempotency-key', limit.key)
  const first = await ask().expect(200)
  const { body, headers } = await ask().expect(200)
  expect(headers['idempotent-replayed']).toBe('true')
  expect(body.results[0]).toMatchObject({ granted: 4, remaining: 6 })
  expect(body.results[0].takenAt).toBe(first.body.results[0].takenAt)
})

it('consumes nothing when peeked', async () => {
  const limit = upTo(randomUUID(), { limit: 10, windowMs: 86_400_000, cost: 4 })
  const { body } = await limits.check({ limits: [limit], take: 'up-to', peek: true })
  expect(body).toMatchObject({ allowed: true, remaining: 10, results: [{ granted: 0 }] })
})
