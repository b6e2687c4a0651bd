import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { cacheDriver } from './driver.js'
import { keysOf } from './keys.js'

const harness = useHarness()
const { at, get, put, incr, patch } = cacheDriver(harness)
const remove = (key: string) => harness.request('delete', at(key))
const setMany = (entries: object[]) =>
  harness.request('post', '/v1/cache/users/set-many').send({ entries })
const pipeline = (operations: object[]) =>
  harness.request('post', '/v1/cache-pipeline').send({ operations })
const fencesOf = (key: string) => keysOf(harness, key).entry.replace(':entry:', ':fences:')
const under = (fence: number, name = 'lock') => ({ 'if-fence': `${name}=${fence}` })

type Change = (key: string, fence: number) => Promise<{ status: string; body?: object }>

/** Every change that carries a fence; `done` for one that is applied, else the code of its refusal. */
const CHANGES: Readonly<Record<string, Change>> = {
  put: async (key, fence) => answered(await put(key, 'v').set(under(fence))),
  delete: async (key, fence) => answered(await remove(key).set(under(fence))),
  incr: async (key, fence) => answered(await incr(key).set(under(fence))),
  patch: async (key, fence) => answered(await patch(key, { set: { a: 'b' } }).set(under(fence))),
  'set-many': async (key, fence) =>
    listed(await setMany([{ key, value: 1, ifFence: `lock=${fence}` }])),
  'put of a pipeline': async (key, fence) =>
    listed(await pipeline([{ ...one(key, fence), op: 'put', value: 1 }])),
  'delete of a pipeline': async (key, fence) =>
    listed(await pipeline([{ ...one(key, fence), op: 'delete' }])),
  'incr of a pipeline': async (key, fence) =>
    listed(await pipeline([{ ...one(key, fence), op: 'incr' }])),
}
const one = (key: string, fence: number) => ({ space: 'users', key, ifFence: `lock=${fence}` })
const answered = ({ status, body }: { status: number; body: { code?: string } }) =>
  status < 300 ? { status: 'done' } : { status: body.code ?? `${status}`, body }
const listed = ({ body }: { body: { results: { status: string }[] } }) => {
  const status = body.results[0]?.status ?? ''
  return { status: /^(created|replaced|deleted|counted)$/.test(status) ? 'done' : status }
}

describe('a fence that a change carries', () => {
  it.each(Object.entries(CHANGES))('keeps a late holder from a %s', async (name, change) => {
    const key = `late ${name}`
    expect((await change(key, 5)).status).toBe('done')
    expect((await change(key, 7)).status).toBe('done')
    expect((await change(key, 7)).status).toBe('done')
    const before = await harness.redis.zscore(fencesOf(key), 'lock')
    const { status, body } = await change(key, 6)
    expect([status, before]).toEqual(['fence-outdated', '7'])
    if (body) expect(body).toMatchObject({ status: 412, name: 'lock', fence: 6, highest: 7 })
  })

  it('keeps the paused holder of a lock from its write', async () => {
    const acquire = async () => {
      const asked = harness.request('post', '/v1/locks/cache%20key/acquire').send({ ttlMs: 1_000 })
      return (await asked.expect(200)).body.fence as number
    }
    const first = await acquire()
    await put('guarded', 'first').set(under(first, 'cache%20key')).expect(201)
    harness.advance(1_001)
    const second = await acquire()
    await put('guarded', 'second').set(under(second, 'cache%20key')).expect(204)

    await put('guarded', 'late').set(under(first, 'cache%20key')).expect(412)
    await remove('guarded').set(under(first, 'cache%20key')).expect(412)

    expect((await get('guarded').expect(200)).text).toBe('second')
  })

  it('holds where the value was deleted, replaced, or has expired', async () => {
    await put('gone', 'v').query({ ttlMs: 1_000 }).set(under(7)).expect(201)
    harness.advance(1_001)
    await get('gone').expect(404)
    await put('gone', 'late').set(under(6)).expect(412)
    await put('gone', 'without a fence').expect(201)
    await incr('gone').set(under(6)).expect(412)
    await remove('gone').set(under(8)).expect(204)
    await put('gone', 'late').set(under(7)).expect(412)
    await get('gone').expect(404)
  })

  it('is one of one key and of one lock', async () => {
    await put('a', 'v').set(under(7)).expect(201)
    await put('b', 'v').set(under(6)).expect(201)
    await put('a', 'v').set(under(6, 'other')).expect(204)
    await put('a', 'v').expect(204)
    await harness
      .request('put', at('a', 'another-space'))
      .set(under(6))
      .type('text/plain')
      .send('v')
      .expect(201)
  })

  it('counts although the change is refused for another reason', async () => {
    await put('refused', 'v').set(under(7)).set('if-match', '"1"').expect(412)
    expect((await put('refused', 'v').set(under(6)).expect(412)).body.code).toBe('fence-outdated')
  })

  it('does not count once it is outdated', async () => {
    await put('back', 'v').set(under(7)).expect(201)
    await put('back', 'v').set(under(6)).expect(412)
    await put('back', 'v').set(under(7)).expect(204)
  })

  it('is remembered for seven days after it came last', async () => {
    const leftMs = () => harness.redis.pttl(fencesOf('kept'))
    const week = 7 * 86_400_000
    await put('kept', 'v').set(under(7)).expect(201)
    expect(await leftMs()).toBeGreaterThan(week - 3_600_000)
    await harness.redis.pexpire(fencesOf('kept'), 60_000)
    await put('kept', 'v').set(under(7)).expect(204)
    expect(await leftMs()).toBeGreaterThan(week - 3_600_000)
    expect(await leftMs()).toBeLessThanOrEqual(week)
  })

  it('does not refuse the repeat of what was applied', async () => {
    const keyed = { 'idempotency-key': 'once', ...under(6) }
    const again = { 'idempotency-key': 'count', ...under(6) }
    const fields = { 'idempotency-key': 'fields', ...under(6) }
    await put('repeat', 'v').set(keyed).expect(201)
    await put('repeat', 'v').set(under(7)).expect(204)
    const repeat = await put('repeat', 'v').set(keyed).expect(201)
    expect(repeat.headers['idempotent-replayed']).toBe('true')
    await incr('count').set(again).expect(200)
    await incr('count').set(under(7)).expect(200)
    expect((await incr('count').set(again).expect(200)).body.value).toBe('1')
    await patch('fields', { incr: { n: 1 } })
      .set(fields)
      .expect(200)
    await patch('fields', { incr: { n: 1 } })
      .set(under(7))
      .expect(200)
    await patch('fields', { incr: { n: 1 } })
      .set(fields)
      .expect(200)
    await put('repeat', 'w').set('idempotency-key', 'other').set(under(6)).expect(412)
  })
})

describe('the fences of more than eight locks', () => {
  it('are forgotten from the lowest, which every other lock has to reach then', async () => {
    for (let i = 1; i <= 8; i++) await put('many', 'v').set(under(10 * i, `lock-${i}`))
    expect(await harness.redis.zcard(fencesOf('many'))).toBe(8)
    await put('many', 'v').set(under(5, 'low')).expect(204)
    // The lowest two are forgotten: 5 and 10.
    await put('many', 'v').set(under(9, 'another')).expect(412)
    await put('many', 'v').set(under(10, 'lock-1')).expect(204)
    await put('many', 'v').set(under(19, 'lock-2')).expect(412)
    await put('many', 'v').set(under(100, 'lock-9')).expect(204)
    expect(await harness.redis.zcard(fencesOf('many'))).toBe(8)
  })
})

describe('fences in any order', () => {
  it('are applied as if each lock had one counter', async () => {
    const fence = fc.record({
      name: fc.constantFrom('a', 'b', 'c%3D%2C', '%C3%A4'),
      fence: fc.integer({ min: 1, max: 9 }),
      change: fc.constantFrom(...Object.keys(CHANGES).slice(0, 4)),
    })
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fence, { minLength: 1, maxLength: 12 }), async (sent) => {
        const key = `order-${run++}`
        const highest = new Map<string, number>()
        for (const { name, fence, change } of sent) {
          await harness.redis.del(keysOf(harness, key).entry)
          const request = { put: put(key, 'v'), delete: remove(key), incr: incr(key) }[change]
          const { status } = await (request ?? patch(key, { set: { a: 'b' } })).set(
            under(fence, name),
          )
          const isOutdated = fence < (highest.get(name) ?? 0)
          expect([name, fence, status === 412]).toEqual([name, fence, isOutdated])
          if (!isOutdated) highest.set(name, fence)
        }
      }),
      { numRuns: 25 },
    )
  })

  it('never let a lower one pass, however many locks there are', async () => {
    const fence = fc.record({
      name: fc.integer({ min: 1, max: 12 }),
      fence: fc.integer({ min: 1, max: 30 }),
    })
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fence, { minLength: 20, maxLength: 40 }), async (sent) => {
        const entries = sent.map(({ name, fence }) => ({
          op: 'put',
          space: 'users',
          key: `names-${run}`,
          value: 1,
          ifFence: `${name}=${fence}`,
        }))
        run++
        const { body } = await pipeline(entries).expect(200)
        const highest = new Map<number, number>()
        for (const [i, { name, fence }] of sent.entries()) {
          if (body.results[i].status === 'fence-outdated') continue
          expect(fence).toBeGreaterThanOrEqual(highest.get(name) ?? 0)
          highest.set(name, fence)
        }
      }),
      { numRuns: 25 },
    )
  })
})

describe('what is no fence', () => {
  it.each([
    '',
    'lock',
    'lock=',
    '=5',
    'lock=0',
    'lock=05',
    'lock=-5',
    'lock=1.5',
    'lock=9007199254740992',
    'lock=9007199254740900',
    'a=b=5',
    'a=5,b=6',
    'a=5, b=6',
    'two words=5',
    '%=5',
    '%2E=5',
    '%E4=5',
    '%00=5',
    `${'x'.repeat(513)}=5`,
  ])('is refused by name: %j', async (sent) => {
    const { body } = await put('bad', 'v').set('if-fence', sent).expect(400)
    expect(body.errors.map(placeOf)).toEqual(['header/if-fence'])
  })

  it('is refused in an item, by its place', async () => {
    const entries = [
      { key: 'a', value: 1 },
      { key: 'b', value: 1, ifFence: 'lock' },
    ]
    const { body } = await setMany(entries).expect(400)
    expect(body.errors.map(placeOf)).toEqual(['body/entries/1/ifFence'])
    for (const op of [{ op: 'put', value: 1 }, { op: 'delete' }, { op: 'incr' }]) {
      const operations = [{ ...op, space: 'users', key: 'a', ifFence: '5' }]
      const refused = await pipeline(operations).expect(400)
      expect(refused.body.errors.map(placeOf)).toEqual(['body/operations/0/ifFence'])
    }
  })
})

it('a call that compares no fence takes none', async () => {
  const calls: [string, object][] = [
    [`${at('a')}/touch`, {}],
    ['/v1/cache/users/set-many', { entries: [{ key: 'a', value: 1 }] }],
    ['/v1/cache/users/delete-many', { keys: ['a'] }],
    ['/v1/cache/users/invalidate', { keys: ['a'] }],
  ]
  for (const [path, body] of calls) {
    const refused = await harness.request('post', path).set(under(5)).send(body).expect(400)
    expect(refused.body.errors.map(placeOf)).toEqual(['header/if-fence'])
  }
})
