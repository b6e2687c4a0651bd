import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'

const harness = useHarness({
  configFile: `spaces:
  users: { jitter: 0, negativeTtlMs: 60000 }
  mem: { l1: { maxEntries: 1 } }`,
})

const at = (space: string, key: string) => `/v1/cache/${space}/${key}`
const put = (space: string, key: string) => harness.request('put', at(space, key)).send('x')
const get = (space: string, key: string) => harness.request('get', at(space, key))
const post = (path: string, body: object = {}) => harness.request('post', path).send(body)

/** Samples of the cache that are not 0, by name and labels; from the registry, which is current. */
async function counts(): Promise<Record<string, number>> {
  const text = await harness.app.metrics.registry.metrics()
  const lines = [...text.matchAll(/^lockstep_cache_(\w+)\{([^}]*)\} ([\d.]+)$/gm)]
  return Object.fromEntries(
    lines
      .map(([, name, labels, value]) => [`${name} ${labels?.replaceAll('"', '')}`, Number(value)])
      .filter(([, value]) => value !== 0),
  )
}

it('counts by space of the file, and all other spaces as one', async () => {
  await put('users', 'a').query({ ttlMs: 60_000, staleMs: 600_000 }).expect(201)
  await put('users', 'a').query({ ttlMs: 60_000, staleMs: 600_000 }).expect(204)
  await put('users', 'a').set('if-none-match', '*').expect(412)
  await get('users', 'a').expect(200)
  harness.advance(61_000)
  await get('users', 'a').expect(200)
  await get('users', 'none').expect(404)
  await put('users', 'absent').unset('content-type').set('lockstep-negative', 'true').send()
  await post('/v1/cache/users/get-many', { keys: ['a', 'none', 'absent'] }).expect(200)
  await post('/v1/cache/users/invalidate', { keys: ['x', 'y'] }).expect(204)
  await post('/v1/cache/users/invalidate', { tags: ['t'], mode: 'hard' }).expect(204)
  await harness.request('delete', at('users', 'a')).expect(204)
  for (const space of ['made', 'up']) {
    await post(`${at(space, 'n')}/incr`).expect(200)
    await harness.request('get', `${at(space, 'n')}/counter`).expect(200)
    await post('/v1/cache-pipeline', { operations: [{ op: 'get', space, key: 'none' }] })
  }
  const lease = await get('users', 'load').query({ lease: true }).expect(404)
  await put('users', 'load').set('lockstep-lease', lease.headers['lockstep-lease'] as string)
  await put('users', 'load').set('lockstep-lease', 'no-such-lease-0000.1').expect(412)

  expect(await counts()).toMatchObject({
    'reads_total space=users,level=redis,result=hit': 1,
    'reads_total space=users,level=redis,result=stale': 2,
    'reads_total space=users,level=redis,result=miss': 3,
    'reads_total space=users,level=redis,result=negative': 1,
    'writes_total space=users,result=created': 3,
    'writes_total space=users,result=replaced': 1,
    'writes_total space=users,result=refused': 1,
    'invalidations_total space=users,by=keys,mode=soft': 2,
    'invalidations_total space=users,by=keys,mode=hard': 1,
    'invalidations_total space=users,by=tags,mode=hard': 1,
    'leases_total space=users,result=granted': 1,
    'fills_total space=users,result=accepted': 1,
    'fills_total space=users,result=refused': 1,
    'writes_total space=other,result=created': 2,
    'reads_total space=other,level=redis,result=hit': 2,
    'reads_total space=other,level=redis,result=miss': 2,
  })
})

it('counts the reads of memory by space', async () => {
  for (const key of ['a', 'b', 'c']) await put('mem', key).expect(201)
  await until('memory', async () => (await get('mem', 'a')).headers['cache-status']?.includes('L1'))
  // Reads bypass L1 until it receives messages of the partition, and on a busy machine.
  await until('an eviction', async () => {
    for (const key of ['b', 'c']) await get('mem', key).expect(200)
    return (await counts())['l1_evictions_total space=mem'] !== undefined
  })

  const counted = await counts()
  expect(counted['reads_total space=mem,level=L1,result=hit']).toBeGreaterThan(0)
  expect(counted['l1_reads_total space=mem,result=hit']).toBeGreaterThan(0)
  const asked = ['miss', 'bypass'].map((how) => counted[`l1_reads_total space=mem,result=${how}`])
  expect(asked.some((count) => count !== undefined)).toBe(true)
  expect(counted['l1_evictions_total space=mem']).toBeGreaterThan(0)
  expect(counted['l1_entries space=mem']).toBe(1)
  expect(counted['l1_bytes space=mem']).toBeGreaterThan(0)
})

it('follows a reload of the file', async () => {
  harness.reload('spaces: { late: {} }')
  await get('late', 'a').expect(404)
  await get('users', 'a').expect(404)
  const counted = await counts()
  expect(counted['reads_total space=late,level=redis,result=miss']).toBe(1)
  expect(counted['reads_total space=other,level=redis,result=miss']).toBeGreaterThan(0)
})
