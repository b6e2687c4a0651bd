import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { createExceptionStore } from '../../src/ratelimits/exceptions/store.js'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'
import { limitDriver } from './driver.js'

const harness = useHarness()
const limits = limitDriver(harness)
let policy = ''

const WINDOW = { limit: 10, windowMs: 3_600_000 }

beforeEach(async () => {
  policy = randomUUID()
  await limits.put(policy, WINDOW).expect(201)
})

const at = (key: string) => `/v1/ratelimit-policies/${policy}/overrides/${encodeURIComponent(key)}`
const override = (key: string, body: object = { limit: 100 }) =>
  harness.request('put', at(key)).send(body)
const block = (key: string, ttlMs = 60_000) =>
  limits.post(`${policy}/block`, { key, ttlMs }).expect(200)
const list = async (kind: 'overrides' | 'blocks', query: object = {}) => {
  const path = `/v1/ratelimit-policies/${policy}/${kind}`
  return (await harness.request('get', path).query(query).expect(200)).body
}
const keys = async (kind: 'overrides' | 'blocks', query: object = {}): Promise<string[]> =>
  (await list(kind, query)).items.map((item: { key: string }) => item.key)
const registries = () => harness.redis.keys(`ls:{${harness.namespace}:policies}:rl-*:${policy}`)

describe('the list', () => {
  it('of overrides has those that hold, as each of them is', async () => {
    await override('user-2', { limit: 5, ttlMs: 60_000 }).expect(201)
    await override('Zoë/{7}').expect(201)
    await override('user-1', { limit: 50, burst: 7 }).expect(201)
    await block('user-3')
    const { items, nextCursor } = await list('overrides')
    expect(nextCursor).toBeUndefined()
    expect(items.map(({ key }: { key: string }) => key)).toEqual(['Zoë/{7}', 'user-1', 'user-2'])
    for (const item of items) {
      const { body } = await harness.request('get', at(item.key)).expect(200)
      expect({ ...item, expiresInMs: 0 }).toEqual({ ...body, expiresInMs: 0 })
    }
  })

  it('of blocks says how much longer each holds', async () => {
    await block('b')
    await block('a', 120_000)
    await override('c').expect(201)
    const { items } = await list('blocks')
    expect(items).toMatchObject([
      { policy, key: 'a' },
      { policy, key: 'b' },
    ])
    expect(items[0].expiresInMs).toBeGreaterThan(60_000)
    expect(items[1].expiresInMs).toBeLessThanOrEqual(60_000)
  })

  it('has no exception that has ended or was deleted', async () => {
    await override('kept').expect(201)
    await override('ending', { limit: 5, ttlMs: 60_000 }).expect(201)
    await override('deleted').expect(201)
    await harness.request('delete', at('deleted')).expect(204)
    await block('ending')
    await block('unblocked')
    await limits.post(`${policy}/unblock`, { key: 'unblocked' }).expect(200)
    expect(await keys('overrides')).toEqual(['ending', 'kept'])
    expect(await keys('blocks')).toEqual(['ending'])
    harness.advance(60_000)
    expect(await keys('overrides')).toEqual(['kept'])
    expect(await keys('blocks')).toEqual([])
  })

  it('comes in pages', async () => {
    const all = Array.from({ length: 7 }, (_, i) => `s${i}`)
    for (const key of all) await override(key).expect(201)
    const pages: string[][] = []
    let cursor: string | undefined
    do {
      const { items, nextCursor } = await list('overrides', { limit: 3, cursor })
      pages.push(items.map(({ key }: { key: string }) => key))
      cursor = nextCursor
    } while (cursor !== undefined)
    expect(pages).toEqual([all.slice(0, 3), all.slice(3, 6), all.slice(6)])
    expect((await list('overrides', { limit: 7 })).nextCursor).toBeUndefined()
  })

  it('begins with a prefix', async () => {
    await limits.put(policy, { ...WINDOW, group: 'g' }).expect(200)
    for (const key of ['a', 'user-1', 'user-2', 'user', 'v']) await override(key).expect(201)
    expect(await keys('overrides', { prefix: 'user' })).toEqual(['user', 'user-1', 'user-2'])
    const { items, nextCursor } = await list('overrides', { prefix: 'user-', limit: 1 })
    expect(items).toMatchObject([{ key: 'user-1' }])
    const next = { prefix: 'user-', cursor: nextCursor }
    expect(await keys('overrides', next)).toEqual(['user-2'])
  })

  it('is of the group that the policy has now', async () => {
    await override('a').expect(201)
    await limits.put(policy, { ...WINDOW, group: 'g' }).expect(200)
    expect(await keys('overrides')).toEqual([])
    await override('b').expect(201)
    expect(await keys('overrides')).toEqual(['b'])
    await limits.put(policy, WINDOW).expect(200)
    expect(await keys('overrides')).toEqual(['a'])
  })

  it.each(['overrides', 'blocks'] as const)(
    'of %s refuses what is no cursor of it',
    async (kind) => {
      const path = `/v1/ratelimit-policies/${policy}/${kind}`
      const { body } = await harness.request('get', path).query({ cursor: '!' }).expect(400)
      expect(body.errors).toEqual([faultAt('query/cursor')])
      await harness.request('get', `/v1/ratelimit-policies/nowhere/${kind}`).expect(404)
    },
  )

  it('has an override that another caller made while one was deleted', async () => {
    // Deletions and overrides run at once, so a deletion may finish after a new override.
    const store = createExceptionStore(harness.binder)
    const subject = { name: policy, key: 'raced', inline: false }
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        i % 2 === 0
          ? store.endOverride(harness.namespace, subject)
          : store.override(harness.namespace, subject, { limit: 5 }),
      ),
    )
    const holds = (await store.read(harness.namespace, subject)).limit > 0
    expect(await keys('overrides')).toEqual(holds ? ['raced'] : [])
  })
})

describe('the list in Redis', () => {
  it('expires with its last exception', async () => {
    await block('a', 60_000)
    await block('b', 120_000)
    const [first, second] = await registries()
    for (const key of [first, second]) {
      const ttl = await harness.redis.pttl(key as string)
      expect(ttl).toBeGreaterThan(60_000)
      expect(ttl).toBeLessThanOrEqual(120_000)
    }
  })

  it('does not expire while an exception has no end', async () => {
    await override('a', { limit: 5, ttlMs: 60_000 }).expect(201)
    await override('b').expect(201)
    const ttls = await Promise.all((await registries()).map((key) => harness.redis.pttl(key)))
    expect(ttls.sort((x, y) => x - y)[0]).toBe(-1)
    expect(Math.max(...ttls)).toBeGreaterThan(0)
    await harness.request('delete', at('b')).expect(204)
    const after = await Promise.all((await registries()).map((key) => harness.redis.pttl(key)))
    for (const ttl of after) expect(ttl).toBeGreaterThan(0)
  })

  it('drops ended exceptions with the next change', async () => {
    for (const key of ['a', 'b', 'c']) await block(key, 1_000)
    await block('kept', 600_000)
    harness.advance(1_000)
    await block('other', 600_000)
    const sizes = await Promise.all((await registries()).map((key) => harness.redis.zcard(key)))
    expect(sizes).toEqual([2, 2])
  })
})

describe('a policy that is deleted', () => {
  const remove = () => harness.request('delete', `/v1/ratelimit-policies/${policy}`)

  it('ends its overrides and blocks', async () => {
    for (let i = 0; i < 105; i++) await override(`s${i}`).expect(201)
    await block('s1')
    await limits.put(policy, { ...WINDOW, group: 'g' }).expect(200)
    await override('in-a-group').expect(201)
    await remove().expect(204)
    expect(await harness.redis.keys(`ls:{${harness.namespace}:*}:x:${policy}*`)).toEqual([])
    expect(await registries()).toEqual([])

    await limits.put(policy, WINDOW).expect(201)
    expect(await limits.remaining(policy, 's1')).toBe(10)
    expect(await keys('overrides')).toEqual([])
  })

  it('ends them with a second DELETE if the answer to the first was lost', async () => {
    await remove().expect(204)
    const subject = { name: policy, key: 'left', inline: false }
    const store = createExceptionStore(harness.binder)
    await store.override(harness.namespace, subject, { limit: 5 })
    await remove().expect(204)
    expect((await store.read(harness.namespace, subject)).limit).toBe(0)
  })

  it('keeps them where its precondition does not hold', async () => {
    await override('kept').expect(201)
    await remove().set('if-match', '"1"').expect(412)
    expect(await keys('overrides')).toEqual(['kept'])
  })
})

describe('the burst of an override', () => {
  const burst = async (body: object, of: object) => {
    await limits.put(policy, { ...WINDOW, ...of }).expect(200)
    const { body: answer } = await override('k', body).expect(201)
    expect(await limits.remaining(policy, 'k')).toBe(answer.burst)
    return answer.burst
  }

  it('is that of the policy, also when it changes', async () => {
    expect(await burst({ limit: 1_000 }, { burst: 20 })).toBe(20)
    await limits.put(policy, { ...WINDOW, burst: 30 }).expect(200)
    expect(await limits.remaining(policy, 'k')).toBe(30)
    expect((await harness.request('get', at('k'))).body.burst).toBe(30)
  })

  it('is the limit where the policy has none', async () => {
    expect(await burst({ limit: 50 }, {})).toBe(50)
  })

  it('is its own where it names one', async () => {
    expect(await burst({ limit: 50, burst: 5 }, { burst: 20 })).toBe(5)
  })
})
