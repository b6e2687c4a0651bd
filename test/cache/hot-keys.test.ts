import { describe, expect, it } from 'vitest'
import { FrequentKeys } from '../../src/metrics/frequent-keys.js'
import { useHarness } from '../support/harness.js'

const harness = useHarness({ configFile: 'spaces: { mem: { l1: {} } }' })

const at = (space: string, key: string) => `/v1/cache/${space}/${encodeURIComponent(key)}`
const hot = async (space: string, query = {}) =>
  (await harness.request('get', `/v1/cache-spaces/${space}/hot`).query(query).expect(200)).body

describe('GET hot', () => {
  it.each(['plain', 'mem'])(
    'lists the keys that are read most, found or not: %s',
    async (space) => {
      await harness.request('put', at(space, 'é/1')).send('x').expect(201)
      for (let i = 0; i < 6; i += 1) await harness.request('get', at(space, 'é/1'))
      for (let i = 0; i < 3; i += 1) await harness.request('get', at(space, 'missing'))
      await harness
        .request('post', `/v1/cache/${space}/get-many`)
        .send({ keys: ['missing', 'once'] })

      expect(await hot(space)).toEqual({
        items: [
          { key: 'é/1', reads: 6, error: 0 },
          { key: 'missing', reads: 4, error: 0 },
          { key: 'once', reads: 1, error: 0 },
        ],
        halfLifeMs: 60_000,
      })
      expect((await hot(space, { limit: 1 })).items).toHaveLength(1)
    },
  )

  it('keeps spaces and namespaces apart', async () => {
    await harness.request('get', at('apart', 'a'))
    expect((await hot('elsewhere')).items).toEqual([])
    const { body } = await harness
      .request('get', '/v1/cache-spaces/apart/hot')
      .set('lockstep-namespace', 'another')
    expect(body.items).toEqual([])
    expect((await hot('apart')).items).toHaveLength(1)
  })

  it.each([0, 257, 'x'])('refuses a limit of %s', async (limit) => {
    await harness.request('get', '/v1/cache-spaces/a/hot').query({ limit }).expect(400)
  })
})

describe('hot keys', () => {
  it('count less with time', () => {
    let now = 0
    const keys = new FrequentKeys(() => now)
    for (let i = 0; i < 8; i += 1) keys.saw('n', 's', 'a')
    now = 120_000
    expect(keys.top('n', 's', 9)).toEqual([{ key: 'a', count: 2, error: 0 }])
  })

  it('forget the least recently read space beyond 256', () => {
    const keys = new FrequentKeys()
    for (let i = 0; i < 256; i += 1) keys.saw('n', `s${i}`, 'a')
    keys.saw('n', 's0', 'a')
    keys.saw('n', 'one-more', 'a')
    expect(keys.top('n', 's0', 1)).toHaveLength(1)
    expect(keys.top('n', 's1', 1)).toHaveLength(0)
    expect(keys.top('n', 'one-more', 1)).toHaveLength(1)
  })

  it('are found by 256 counters among a hundred thousand', () => {
    const keys = new FrequentKeys()
    for (let i = 0; i < 100_000; i += 1) keys.saw('n', 's', i % 3 === 0 ? 'hot' : `cold-${i}`)
    expect(keys.top('n', 's', 1)[0]?.key).toBe('hot')
    expect(keys.top('n', 's', 1_000)).toHaveLength(256)
  })
})
