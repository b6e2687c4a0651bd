import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { lockDriver } from './driver.js'

const harness = useHarness()
const { post, held, get, release, acquire, queued } = lockDriver(harness)

const permits = (name: string, body: object) =>
  post(`semaphores/${name}/acquire`, { capacity: 10, ttlMs: 60_000, ...body }).expect(200)
const put = (name: string, capacity: number) =>
  harness.request('put', `/v1/semaphores/${name}`).send({ capacity })
const namesOf = async (path: string): Promise<string[]> =>
  (await get(path)).items.map(({ name }: { name: string }) => name)

describe('the list of locks', () => {
  it('has the locks that are held or queued, and no semaphore', async () => {
    const { token } = await held('l-free')
    await release('l-free', token).expect(200)
    await held('l-a')
    await permits('l-s', {})
    const waiting = acquire('l-a', { waitMs: 60_000 }).then((response) => response)
    await queued('l-a', 1)

    expect(await get('locks?prefix=l-')).toEqual({
      items: [{ name: 'l-a', holderCount: 1, queueLength: 1 }],
    })

    await post('locks/l-a/revoke', { reason: 'test', force: true }).expect(200)
    expect((await waiting).status).toBe(200)
  })

  it.each(['locks', 'semaphores'])(
    'of %s comes page by page, in the order of bytes',
    async (of) => {
      const names = ['p-z', 'p-{', 'p-ä', 'p-b']
      for (const name of names) {
        const path = `${of}-${encodeURIComponent(name)}`
        if (of === 'locks') await held(path)
        else await permits(path, {})
      }
      const sorted = ['p-b', 'p-z', 'p-{', 'p-ä'].map((name) => `${of}-${name}`)
      const first = await get(`${of}?prefix=${of}-p&limit=3`)
      expect(first.nextCursor).toEqual(expect.any(String))
      const second = await get(`${of}?prefix=${of}-p&limit=3&cursor=${first.nextCursor}`)
      expect(second).not.toHaveProperty('nextCursor')
      expect(await get(`${of}?prefix=${of}-p&limit=4`)).not.toHaveProperty('nextCursor')
      const seen = [...first.items, ...second.items].map(({ name }) => name)
      // `{` is stored as an escape, which sorts before letters.
      expect(seen.toSorted()).toEqual(sorted.toSorted())
      expect(seen).toHaveLength(4)
    },
  )

  it.each(['locks', 'semaphores'])('of %s refuses bad pages', async (of) => {
    const bad = ['limit=0', 'limit=1001', 'limit=x', 'cursor=', 'cursor=%21', 'other=1']
    for (const query of bad) await harness.request('get', `/v1/${of}?${query}`).expect(400)
    const { nextCursor } = await get(`${of}?limit=1`)
    const other = `/v1/${of}?prefix=other&cursor=${nextCursor}`
    const { body } = await harness.request('get', other).expect(400)
    expect(body.errors).toMatchObject([{ in: 'query', pointer: '/cursor' }])
  })
})

describe('the list of semaphores', () => {
  it('shows capacity and use, of idle ones with a stored capacity too', async () => {
    await permits('s-used', { permits: 3 })
    await put('s-idle', 5).expect(201)
    await held('s-lock')
    expect(await get('semaphores?prefix=s-')).toEqual({
      items: [
        { name: 's-idle', holderCount: 0, queueLength: 0, capacity: 5, used: 0, available: 5 },
        { name: 's-used', holderCount: 1, queueLength: 0, capacity: 10, used: 3, available: 7 },
      ],
    })
  })

  it('keeps one with a stored capacity when its last lease ends, until that is deleted', async () => {
    await put('k-put', 2).expect(201)
    const { body } = await permits('k-put', { capacity: undefined })
    const { body: own } = await permits('k-own', {})
    await post('semaphores/k-put/release', { token: body.token }).expect(200)
    await post('semaphores/k-own/release', { token: own.token }).expect(200)
    expect(await namesOf('semaphores?prefix=k-')).toEqual(['k-put'])
    await harness.request('delete', '/v1/semaphores/k-put').expect(204)
    expect(await namesOf('semaphores?prefix=k-')).toEqual([])
  })

  it('keeps one that is in use when its capacity is deleted, until its last lease ends', async () => {
    await put('d-put', 2).expect(201)
    const { body } = await permits('d-put', { capacity: undefined })
    await harness.request('delete', '/v1/semaphores/d-put').expect(204)
    expect(await namesOf('semaphores?prefix=d-')).toEqual(['d-put'])
    await post('semaphores/d-put/release', { token: body.token }).expect(200)
    expect(await namesOf('semaphores?prefix=d-')).toEqual([])
  })

  it('shows nothing of a lock that has the name of an idle one', async () => {
    await put('m-name', 2).expect(201)
    await held('m-name')
    expect(await namesOf('locks?prefix=m-')).toEqual(['m-name'])
    expect(await get('semaphores?prefix=m-')).toMatchObject({
      items: [{ name: 'm-name', holderCount: 0, used: 0, available: 2 }],
    })
  })
})

describe('a name that becomes another kind in one call', () => {
  it('moves from one list to the other', async () => {
    // No instance sweeps this bucket: the acquire finds what has expired.
    const scripts = lockScripts(harness)
    const listed = async () => [
      (await scripts.list('kind')).length,
      (await scripts.list('kind', 'semaphores')).length,
    ]
    await scripts.acquire('kind', { ttlMs: 1_000 })
    expect(await listed()).toEqual([1, 0])
    expect(await scripts.list('kind')).toMatchObject([{ stored: 'kind', capacity: 0 }])
    harness.advance(1_001)
    await scripts.acquire('kind', { permits: 1, capacity: 2, ttlMs: 1_000 })
    expect(await listed()).toEqual([0, 1])
    harness.advance(1_001)
    await scripts.acquire('kind', { ttlMs: 1_000 })
    expect(await listed()).toEqual([1, 0])
  })

  it.each(['locks', 'semaphores'] as const)(
    'and a record that Redis lost, leave the list of %s with the sweep',
    async (index) => {
      const scripts = lockScripts(harness)
      const asked = index === 'locks' ? {} : { permits: 1, capacity: 2 }
      await scripts.acquire(`lost-${index}`, { ttlMs: 1_000, ...asked })
      await harness.redis.del(scripts.key('lock', `lost-${index}`))
      harness.advance(1_001)
      await scripts.sweep(`lost-${index}`)
      const key = scripts.key(index, `lost-${index}`, '')
      expect(await harness.redis.zscore(key, `lost-${index}`)).toBeNull()
    },
  )
})
