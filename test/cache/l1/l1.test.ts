import { describe, expect, it } from 'vitest'
import { type Harness, startHarness, useHarness } from '../../support/harness.js'
import { until } from '../../support/until.js'

const SPACES = `spaces:
  mem: { ttlMs: 60000, staleMs: 30000, jitter: 0, l1: {} }
  short: { ttlMs: 60000, jitter: 0, l1: { ttlMs: 5000 } }
  tiny: { l1: { maxEntries: 2 } }
  idle: { ttlMs: 600000, idleMs: 50000, l1: {} }
`

const here = useHarness({ configFile: SPACES })
const there = useHarness({ configFile: SPACES })

const at = (space: string, key: string) => `/v1/cache/${space}/${key}`
type Method = 'get' | 'put' | 'post' | 'patch' | 'delete'
const on = (harness: Harness, method: Method, path: string) =>
  harness.request(method, path).set('lockstep-namespace', here.namespace)
const get = (harness: Harness, space: string, key: string) => on(harness, 'get', at(space, key))
const put = (harness: Harness, space: string, key: string, value: string) =>
  on(harness, 'put', at(space, key)).type('text/plain').send(value)
const isFromMemory = async (harness: Harness, space: string, key: string) =>
  /detail=L1/.test((await get(harness, space, key)).headers['cache-status'] ?? '')

/** Both instances share the clock of one Redis. */
const advance = (ms: number) => {
  here.advance(ms)
  there.advance(ms)
}

/** Asks until L1 answers: on a busy machine it may be out of sync for a moment. */
const fromMemory = (ask: () => ReturnType<typeof get>) =>
  until('an answer of L1', async () => {
    const answer = await ask()
    return answer.headers['cache-status']?.includes('detail=L1') && answer
  })

/** Reads until L1 answers, which needs one read whose value L1 may keep. */
const warm = (harness: Harness, space: string, key: string) =>
  until(`${space}/${key} in memory`, () => isFromMemory(harness, space, key))

describe('a value in memory', () => {
  it('is the value of Redis with its headers, aged by the time in memory', async () => {
    const storedAt = performance.now()
    await put(here, 'mem', 'a', 'one').set('cache-groups', '"t"').expect(201)
    const first = await get(here, 'mem', 'a').expect(200)
    await warm(here, 'mem', 'a')
    advance(3_000)
    const { text, headers } = await fromMemory(() => get(here, 'mem', 'a').expect(200))
    expect(text).toBe('one')
    expect(headers).toMatchObject({
      etag: first.headers.etag,
      'content-type': 'text/plain',
      'lockstep-state': 'fresh',
    })
    const passedS = Math.ceil((performance.now() - storedAt) / 1_000)
    const [, ttl] =
      /^lockstep; hit; ttl=(\d+); detail=L1$/.exec(headers['cache-status'] ?? '') ?? []
    for (const ageS of [Number(headers.age), 60 - Number(ttl)]) {
      expect(ageS).toBeGreaterThanOrEqual(3)
      expect(ageS).toBeLessThanOrEqual(3 + passedS)
    }
    await get(here, 'mem', 'a')
      .set('if-none-match', headers.etag as string)
      .expect(304)
    const { body } = await here.request('get', `${at('mem', 'a')}/meta`).expect(200)
    expect(body).toMatchObject({ tags: ['t'], sizeBytes: 3, state: 'fresh' })
    await here.request('head', at('mem', 'a')).expect(200)
  })

  it('is served within max-stale and min-fresh, and never for no-cache', async () => {
    await put(here, 'mem', 'b', 'x').expect(201)
    await warm(here, 'mem', 'b')
    const ask = (directive: string) => get(here, 'mem', 'b').set('cache-control', directive)
    const status = async (directive: string) => (await ask(directive)).headers['cache-status']
    await fromMemory(() => ask('min-fresh=10'))
    expect(await status('min-fresh=3600')).not.toContain('detail=L1')
    expect(await status('no-cache')).not.toContain('detail=L1')
  })

  it('is not served stale, nor for longer than the policy allows', async () => {
    await put(here, 'mem', 'old', 'x').expect(201)
    await warm(here, 'mem', 'old')
    advance(60_000)
    const { headers } = await get(here, 'mem', 'old').expect(200)
    expect(headers['lockstep-state']).toBe('stale')
    expect(headers['cache-status']).not.toContain('L1')

    await put(here, 'short', 'a', 'x').expect(201)
    await warm(here, 'short', 'a')
    advance(5_000)
    expect(await isFromMemory(here, 'short', 'a')).toBe(false)
  })

  it('goes to Redis within the idle time, so that a used value does not expire', async () => {
    await put(here, 'idle', 'a', 'x').expect(201)
    for (let i = 0; i < 6; i += 1) {
      await warm(here, 'idle', 'a')
      advance(20_000)
      await get(here, 'idle', 'a').expect(200)
    }
  })

  it('is served by get-many and pipelines as well', async () => {
    await put(here, 'mem', 'many', '7').expect(201)
    await warm(here, 'mem', 'many')
    const hits = async () => {
      const text = await here.app.metrics.registry.metrics()
      return Number(/l1_reads_total\{space="mem",result="hit"\} (\d+)/.exec(text)?.[1] ?? 0)
    }
    // On a busy machine memory may be out of sync for a moment.
    await until('both from memory', async () => {
      const before = await hits()
      const { body } = await on(here, 'post', '/v1/cache/mem/get-many').send({ keys: ['many'] })
      expect(body.results[0].value).toBe(7)
      await on(here, 'post', '/v1/cache-pipeline').send({
        operations: [{ op: 'get', space: 'mem', key: 'many' }],
      })
      return (await hits()) === before + 2
    })
  })

  it('is evicted beyond the bounds of its space', async () => {
    for (const key of ['a', 'b', 'c']) {
      await put(here, 'tiny', key, 'x').expect(201)
      await warm(here, 'tiny', key)
    }
    expect(await isFromMemory(here, 'tiny', 'a')).toBe(false)
    await expect
      .poll(async () => (await here.request('get', '/metrics')).text)
      .toMatch(/lockstep_cache_l1_evictions_total{space="tiny"} [1-9]/)
  })
})

describe('a change', () => {
  const changes: [string, (harness: Harness, key: string) => Promise<unknown>][] = [
    ['a PUT', (harness, key) => put(harness, 'mem', key, 'new').expect(204)],
    ['a DELETE', (harness, key) => on(harness, 'delete', at('mem', key)).expect(204)],
    [
      'set-many',
      (harness, key) =>
        on(harness, 'post', '/v1/cache/mem/set-many')
          .send({ entries: [{ key, value: 'new' }] })
          .expect(200),
    ],
    [
      'delete-many',
      (harness, key) =>
        on(harness, 'post', '/v1/cache/mem/delete-many')
          .send({ keys: [key] })
          .expect(200),
    ],
    [
      'a pipeline',
      (harness, key) =>
        on(harness, 'post', '/v1/cache-pipeline')
          .send({ operations: [{ op: 'put', space: 'mem', key, value: 'new' }] })
          .expect(200),
    ],
    ...(['soft', 'hard'] as const).flatMap((mode): typeof changes => [
      [
        `a ${mode} invalidation by key`,
        (harness, key) =>
          on(harness, 'post', '/v1/cache/mem/invalidate')
            .send({ keys: [key], mode })
            .expect(204),
      ],
      [
        `a ${mode} invalidation by tag`,
        (harness, key) =>
          on(harness, 'post', '/v1/cache/mem/invalidate')
            .send({ tags: [`tag-${key}`], mode })
            .expect(204),
      ],
      [
        `a ${mode} invalidation of all`,
        (harness) =>
          on(harness, 'post', '/v1/cache/mem/invalidate').send({ all: true, mode }).expect(204),
      ],
    ]),
  ]
  /** Whether a reader gets the old value as fresh, which must not happen after the change. */
  const seesOld = async (harness: Harness, key: string) => {
    const { text, status, headers } = await get(harness, 'mem', key)
    return status === 200 && text === 'old' && headers['lockstep-state'] === 'fresh'
  }

  it.each(changes)(
    'is seen at once where it was made, and soon elsewhere: %s',
    async (name, change) => {
      const key = `change-${changes.findIndex(([known]) => known === name)}`
      await put(here, 'mem', key, 'old').set('surrogate-key', `tag-${key}`).expect(201)
      await warm(here, 'mem', key)
      await warm(there, 'mem', key)

      await change(here, key)

      expect(await seesOld(here, key)).toBe(false)
      await until('the change elsewhere', async () => !(await seesOld(there, key)))
      // The old value does not come back.
      expect([await seesOld(here, key), await seesOld(there, key)]).toEqual([false, false])
    },
  )

  it('of kind is seen as well', async () => {
    await put(here, 'mem', 'kind', 'old').expect(201)
    await warm(there, 'mem', 'kind')
    await on(here, 'delete', at('mem', 'kind')).expect(204)
    await on(here, 'post', `${at('mem', 'kind')}/incr`).expect(200)
    await until('the other kind', async () => (await get(there, 'mem', 'kind')).status === 409)
  })

  it('drops the memory of a space whose policy turns L1 off', async () => {
    await put(here, 'mem', 'off', 'x').expect(201)
    await warm(here, 'mem', 'off')
    here.reload('spaces: { mem: { ttlMs: 60000 } }')
    expect(await isFromMemory(here, 'mem', 'off')).toBe(false)
    here.reload(SPACES)
    await warm(here, 'mem', 'off')
  })
})

it('keeps all spaces within LOCKSTEP_CACHE_L1_MAX_BYTES, and evicts the least recently used', async () => {
  const small = await startHarness({
    configFile: 'spaces: { a: { l1: {} }, b: { l1: { eviction: lfu, maxEntries: 100 } } }',
    environment: { LOCKSTEP_CACHE_L1_MAX_BYTES: '1048576' },
  })
  const value = 'x'.repeat(100_000)
  try {
    for (const space of ['a', 'b', 'a']) {
      for (let i = 0; i < 8; i++) {
        await small
          .request('put', at(space, `k${i}`))
          .type('text/plain')
          .send(value)
        await until('a value from memory', async () => {
          const { headers } = await small.request('get', at(space, `k${i}`))
          return headers['cache-status']?.includes('detail=L1')
        })
      }
    }
    const { text } = await small.request('get', '/metrics').expect(200)
    const sizes = [...text.matchAll(/lockstep_cache_l1_bytes{[^}]*} (\d+)/g)].map(([, n]) =>
      Number(n),
    )
    expect(sizes.length).toBeGreaterThan(0)
    expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(1_048_576)
  } finally {
    await small.close()
  }
})
