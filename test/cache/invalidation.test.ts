import { describe, expect, it } from 'vitest'
import { Partitions } from '../../src/cache/partition.js'
import { layoutOf } from '../../src/redis/layout.js'
import { startHarness, useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { until } from '../support/until.js'
import { cacheDriver } from './driver.js'

const harness = useHarness()
const { at, invalidate } = cacheDriver(harness)

const state = async (key: string, space = 'users') => {
  const { status, headers } = await harness.request('get', at(key, space))
  return status === 404 ? 'miss' : headers['lockstep-state']
}

async function fill(key: string, options = {}) {
  const { space = 'users', tags = '' } = options as { space?: string; tags?: string }
  await harness
    .request('put', `${at(key, space)}?staleMs=60000`)
    .set('surrogate-key', tags)
    .send(Buffer.from('v'))
    .expect(({ status }) => expect([201, 204]).toContain(status))
}

describe('invalidate', () => {
  it('by key: soft is stale, hard is gone', async () => {
    await fill('a')
    await fill('b')
    await invalidate({ keys: ['a'] }).expect(204)
    await invalidate({ keys: ['b', 'b', 'never-there'], mode: 'hard' }).expect(204)

    expect([await state('a'), await state('b')]).toEqual(['stale', 'miss'])
  })

  it('softly reads as a miss where nothing may be served stale', async () => {
    await harness.request('put', at('strict')).send(Buffer.from('v'))
    await invalidate({ keys: ['strict'] }).expect(204)
    expect(await state('strict')).toBe('miss')
  })

  it('by tag: the values with it, in this space only', async () => {
    await fill('t1', { tags: 'red blue' })
    await fill('t2', { tags: 'blue' })
    await fill('t3', { space: 'teams', tags: 'red' })
    await invalidate({ tags: ['red'] }).expect(204)
    expect([await state('t1'), await state('t2'), await state('t3', 'teams')]).toEqual([
      'stale',
      'fresh',
      'fresh',
    ])
    await invalidate({ tags: ['blue'], mode: 'hard' }).expect(204)
    expect([await state('t1'), await state('t2')]).toEqual(['miss', 'miss'])
  })

  it('all: the space, and no value that is stored later', async () => {
    await fill('s1', { space: 'all' })
    await fill('s2', { space: 'other' })
    await invalidate({ all: true }, 'all').expect(204)
    expect([await state('s1', 'all'), await state('s2', 'other')]).toEqual(['stale', 'fresh'])
    await invalidate({ all: true, mode: 'hard' }, 'all').expect(204)
    expect(await state('s1', 'all')).toBe('miss')
    await fill('s1', { space: 'all' })
    expect(await state('s1', 'all')).toBe('fresh')
  })

  it('all: false is as good as absent', async () => {
    await fill('one', { space: 'some' })
    await fill('two', { space: 'some' })
    await invalidate({ keys: ['one'], all: false }, 'some').expect(204)
    expect([await state('one', 'some'), await state('two', 'some')]).toEqual(['stale', 'fresh'])
  })

  it('does not extend the time that a value is stale', async () => {
    await harness.request('put', `${at('old')}?ttlMs=1000&staleMs=5000`).send(Buffer.from('v'))
    harness.advance(2_000)
    await invalidate({ all: true }).expect(204)
    harness.advance(4_500)
    expect(await state('old')).toBe('miss')
  })

  describe.each([
    ['a tag', { tags: ['again'] }, {}],
    ['all', { all: true }, {}],
    ['a key', { keys: ['k'] }, {}],
    ['all and then a tag', { all: true }, { tags: ['again'] }],
    ['a tag and then all', { tags: ['again'] }, { all: true }],
    ['all and then a key', { all: true }, { keys: ['k'] }],
    ['a key and then a tag', { keys: ['k'] }, { tags: ['again'] }],
  ])('softly, and again: %s', (name, first, second) => {
    const space = `twice-${name.replaceAll(' ', '-')}`
    const again = Object.keys(second).length > 0 ? second : first
    const put = (staleMs: number) =>
      harness
        .request('put', `${at('k', space)}?ttlMs=600000&staleMs=${staleMs}`)
        .set('surrogate-key', 'again')
        .send('old')

    it('makes nothing fresh again', async () => {
      await put(1_000).expect(201)
      await invalidate(first, space).expect(204)
      harness.advance(1_200)
      expect(await state('k', space)).toBe('miss')
      await invalidate(again, space).expect(204)
      expect(await state('k', space)).toBe('miss')
    })

    it('does not restart the stale window', async () => {
      await put(100_000).expect(({ status }) => expect([201, 204]).toContain(status))
      await invalidate(first, space).expect(204)
      harness.advance(60_000)
      await invalidate(again, space).expect(204)
      const { headers } = await harness.request('get', at('k', space)).expect(200)
      expect(headers['cache-status']).toMatch(/; ttl=-[67]\d;/)
      const accepting = (seconds: number) =>
        harness.request('get', at('k', space)).set('cache-control', `max-stale=${seconds}`)
      await accepting(50).expect(404)
      await accepting(99).expect(200)
      harness.advance(40_000)
      expect(await state('k', space)).toBe('miss')
    })
  })

  it.each([
    ['nothing', {}],
    ['not all', { all: false }],
    ['two things at once', { keys: ['a'], all: true }],
    ['an empty list', { keys: [] }],
    ['an unknown mode', { all: true, mode: 'hot' }],
  ])('refuses %s', async (_what, body) => {
    const answer = await invalidate(body).expect(400)
    expect(placeOf(answer.body.errors[0])).toMatch(/^body/)
  })
})

describe('lost data', () => {
  const clockKey = () => {
    const partitions = new Partitions(layoutOf(harness.connection), 'flush')
    const { clock } = partitions.keysOf(harness.namespace, 'users', 'lost')
    return clock
  }

  it('is a miss where the clock was lost: no value outlives its marks', async () => {
    await fill('lost')
    await harness.redis.del(clockKey())
    expect(await state('lost')).toBe('miss')
    await fill('lost')
    expect(await state('lost')).toBe('fresh')
  })

  it('leaves no key without an expiry', async () => {
    await fill('lost')
    expect(await harness.redis.pttl(clockKey())).toBeGreaterThan(0)
  })
})

describe('a restart of Redis', () => {
  it('with soft twice does not restart the stale window', async () => {
    const other = await startHarness({ environment: { LOCKSTEP_CACHE_ON_RESTART: 'soft' } })
    const { clock } = new Partitions(layoutOf(other.connections.cache), 'keep').keysOf(
      other.namespace,
      'users',
      'run',
    )
    const restart = () => other.redis.zadd(clock, 1, 'run')
    await other
      .request('put', `${at('run')}?staleMs=100000`)
      .send('v')
      .expect(201)
    await restart()
    await other.request('get', at('run')).expect(200)
    other.advance(60_000)
    await restart()
    await other.request('get', at('run')).expect(200)
    other.advance(40_000)
    await other.request('get', at('run')).expect(404)
    await other.close()
  })

  it('with flush drops the marks, and sends a message to instances with memory', async () => {
    const other = await startHarness({ environment: { LOCKSTEP_CACHE_ON_RESTART: 'flush' } })
    const { clock } = new Partitions(layoutOf(other.connections.cache), 'keep').keysOf(
      other.namespace,
      'users',
      'run',
    )
    await other.request('put', at('run')).send('v').expect(201)
    await other
      .request('post', '/v1/cache/users/invalidate')
      .send({ tags: ['t'] })
      .expect(204)
    const heard: string[] = []
    await other.connections.cachePubSub.subscribe(clock, (message) => heard.push(message))
    await other.redis.zadd(clock, 1, 'run')
    await other.request('get', at('run')).expect(404)
    expect(await other.redis.zscore(clock, 't:users:t')).toBeNull()
    await until('the message', () => heard.some((message) => message.split(' ')[2] === 'a'))
    await other.close()
  })

  it.each([
    ['flush', 'miss'],
    ['soft', 'stale'],
    ['keep', 'fresh'],
  ])('with %s leaves a value %s', async (setting, expected) => {
    const other = await startHarness({ environment: { LOCKSTEP_CACHE_ON_RESTART: setting } })
    try {
      const request = (method: 'get' | 'put') => other.request(method, `${at('run')}?staleMs=60000`)
      await request('put').send(Buffer.from('v'))
      const partitions = new Partitions(layoutOf(other.connection), 'keep')
      // Simulates a restart: another run of Redis used the clock last.
      await other.redis.zadd(partitions.keysOf(other.namespace, 'users', 'run').clock, 1, 'run')

      const { status, headers } = await other.request('get', at('run'))
      expect(status === 404 ? 'miss' : headers['lockstep-state']).toBe(expected)
    } finally {
      await other.close()
    }
  })
})
