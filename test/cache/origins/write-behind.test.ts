import { describe, expect, it } from 'vitest'
import { startHarness, useHarness } from '../../support/harness.js'
import { until } from '../../support/until.js'
import { behind, type LoadingSpace, loadingDriver, originFile, SPACE } from './driver.js'
import { status } from './test-origin.js'
import { useWritableOrigin, type WritableOrigin } from './writable-origin.js'

const harness = useHarness()
const cache = loadingDriver(harness)
const { at, get, put, invalidate, incr, patch, loadFrom } = cache

const HOUR_MS = 3_600_000
/** At once, or not within this test. */
const SOON = { intervalMs: 0 }
const LATER = { intervalMs: 60_000 }

const remove = (key: string) => harness.request('delete', at(key))
const setMany = (entries: readonly object[]) =>
  harness.request('post', `/v1/cache/${SPACE}/set-many`).send({ entries })
const removeMany = (keys: readonly string[]) =>
  harness.request('post', `/v1/cache/${SPACE}/delete-many`).send({ keys })

/** A writable origin, and a space that writes behind to it. */
async function writing(settings: object = SOON, origin: object = {}, space: LoadingSpace = {}) {
  const own = await useWritableOrigin()
  loadFrom(own, behind(settings, origin, space))
  return own
}
const isPending = async (key: string) => 'lockstep-pending' in (await get(key)).headers
const delivered = (key: string) =>
  until(`the delivery of ${key}`, async () => !(await isPending(key)))
const loads = (origin: WritableOrigin, key: string) =>
  origin.count(key) - origin.writes.filter((write) => write.key === key).length

describe('a PUT', () => {
  it('is answered and read before its origin has it', async () => {
    const origin = await writing(LATER)
    const created = await put('later', 'first').expect(201)
    const replaced = await put('later', 'second').expect(204)
    const version = Number(replaced.headers['lockstep-pending'])
    expect(version).toBeGreaterThan(Number(created.headers['lockstep-pending']))
    const hit = await get('later').expect(200)
    expect(hit.text).toBe('second')
    expect(hit.headers).toMatchObject({
      etag: replaced.headers.etag,
      'lockstep-pending': `${version}`,
      'lockstep-state': 'fresh',
    })
    expect(origin.count('later')).toBe(0)
  })

  it('reaches its origin with its version', async () => {
    const origin = await writing(SOON, { headers: { authorization: 'Bearer mine' } })
    const { headers } = await put('soon', 'bytes').set('content-encoding', 'coded').expect(201)
    await delivered('soon')
    expect(origin.values.get('soon')).toBe('bytes')
    const version = headers['lockstep-pending'] as string
    expect(origin.writes.find(({ key }) => key === 'soon')?.headers).toMatchObject({
      authorization: 'Bearer mine',
      'content-type': 'text/plain',
      'content-encoding': 'coded',
      'lockstep-version': version,
      'idempotency-key': expect.stringMatching(new RegExp(`^[\\w-]{22}-${version}$`)),
    })
    const hit = await get('soon').expect(200)
    expect([hit.text, hit.headers.etag]).toEqual(['bytes', headers.etag])
    expect(loads(origin, 'soon')).toBe(0)
  })

  it('is sent once for many of a key', async () => {
    const origin = await writing(LATER)
    for (const value of ['one', 'two', 'three']) await put('many', value)
    await harness.request('post', `/v1/cache-spaces/${SPACE}/outbox/flush`).expect(200)
    await delivered('many')
    expect(origin.values.get('many')).toBe('three')
    expect(origin.count('many')).toBe(1)
  })

  it('is not kept with `after: drop` once it is delivered', async () => {
    const origin = await writing(SOON, { after: 'drop' })
    await put('dropped', ' Given ').expect(201)
    await until('the delivery', () => origin.values.has('dropped'))
    origin.values.set('dropped', 'given')
    await until('a load', async () => (await get('dropped')).text === 'given')
  })
})

it('a DELETE reads as an absence, and reaches the origin', async () => {
  const origin = await writing(SOON)
  origin.values.set('gone', 'old')
  await get('gone').expect(200)
  const { headers } = await remove('gone').expect(204)
  expect(headers['lockstep-pending']).toMatch(/^\d{16}$/)
  await get('gone').expect(404)
  await until('the delivery', () => !origin.values.has('gone'))
  await get('gone').expect(404)
  expect(loads(origin, 'gone')).toBe(1)
})

it('items of a batch are each pending', async () => {
  const origin = await writing(SOON)
  const { body } = await setMany([
    { key: 'item-1', value: 1 },
    { key: 'item-2', value: 2 },
    { key: 'item-1', value: 3 },
  ]).expect(200)
  expect(body.results).toEqual(
    ['item-1', 'item-2', 'item-1'].map((key, i) => ({
      key,
      status: i === 2 ? 'replaced' : 'created',
      etag: expect.any(String),
      pending: expect.any(Number),
    })),
  )
  await until('the deliveries', () => origin.values.get('item-1') === '3')
  await until('the other', () => origin.values.get('item-2') === '2')
  const gone = await removeMany(['item-1', 'item-2']).expect(200)
  expect(gone.body.results[1]).toEqual({
    key: 'item-2',
    status: 'deleted',
    pending: expect.any(Number),
  })
  await until('the deletes', () => origin.values.size === 0)
})

it('reads answer from what is pending, whatever is invalidated', async () => {
  const origin = await writing(LATER)
  origin.values.set('kept', 'old')
  await put('kept', 'new').set('surrogate-key', 'red').expect(201)
  for (const mode of ['soft', 'hard']) {
    await invalidate({ keys: ['kept'], mode }).expect(204)
    await invalidate({ tags: ['red'], mode }).expect(204)
    await invalidate({ all: true, mode }).expect(204)
  }
  harness.advance(3 * HOUR_MS)
  expect((await get('kept').set('cache-control', 'min-fresh=86400').expect(200)).text).toBe('new')
  expect((await get('kept').set('cache-control', 'max-stale=0').expect(200)).text).toBe('new')
  loadFrom(origin, behind(SOON))
  await until('the delivery', () => origin.values.get('kept') === 'new')
  await until('a load', async () => (await get('kept')) && loads(origin, 'kept') > 0)
})

it('an instance that stops delivers first', async () => {
  const origin = await useWritableOrigin()
  const other = await startHarness()
  try {
    other.reload(originFile(origin, other.namespace, behind(LATER)))
    await other.request('put', at('stopped')).send('x').expect(201)
    // It delivers the outbox once it has claimed it.
    await until('the claim', async () =>
      /^lockstep_cache_outbox_pending{.*} 1$/m.test((await other.app.inject('/metrics')).payload),
    )
    expect(origin.values.size).toBe(0)
  } finally {
    await other.close()
  }
  expect(origin.values.has('stopped')).toBe(true)
})

describe('every other change of a space that writes behind is refused', () => {
  it.each([
    ['a counter', () => incr('owned')],
    ['an object', () => patch('owned', { set: { a: 'b' } })],
    ['a known absence', () => put('owned', '').set('lockstep-negative', 'true')],
    ['a fill', () => put('owned', 'x').set('lockstep-lease', `${'a'.repeat(22)}.1`)],
  ])('%s', async (_name, change) => {
    await writing(LATER)
    expect((await change().expect(409)).body.code).toBe('origin-owned')
  })
})

it('a condition is compared with what is pending, or loaded', async () => {
  const origin = await writing(LATER)
  origin.values.set('compared', 'old')
  await put('compared', 'new').set('if-none-match', '*').expect(412)
  const { headers } = await get('compared').expect(200)
  const first = await put('compared', 'one')
    .set('if-match', headers.etag as string)
    .expect(204)
  await put('compared', 'two')
    .set('if-match', headers.etag as string)
    .expect(412)
  await put('compared', 'two')
    .set('if-match', first.headers.etag as string)
    .expect(204)
  await put('nothing', 'one').set('if-none-match', '*').expect(201)
  expect(loads(origin, 'compared')).toBe(1)
})

it('an Idempotency-Key makes a repeat harmless', async () => {
  const origin = await writing(LATER)
  const once = () => put('once', 'first').set('idempotency-key', 'a')
  const first = await once().expect(201)
  await put('once', 'second').expect(204)
  const repeat = await once().expect(201)
  expect(repeat.headers).toMatchObject({ etag: first.headers.etag, 'idempotent-replayed': 'true' })
  expect(repeat.headers).not.toHaveProperty('lockstep-pending')
  expect((await get('once')).text).toBe('second')
  expect(origin.values.get('once')).not.toBe('first')
})

describe('what the origin answers', () => {
  it.each([500, 503, 429])('%s: is tried again', async (code) => {
    const origin = await writing(SOON)
    origin.onWrite = status(code)
    await put(`again-${code}`, 'x').expect(201)
    await until('two attempts', () => origin.count(`again-${code}`) > 1)
    origin.onWrite = undefined
    await until('the delivery', () => origin.values.get(`again-${code}`) === 'x')
  })

  it.each([400, 409, 413, 415, 422])('%s: is not tried again', async (code) => {
    const origin = await writing(SOON)
    origin.onWrite = status(code)
    await put(`final-${code}`, 'x').expect(201)
    await until('an attempt', () => origin.count(`final-${code}`) > 0)
    await put('another', 'x')
    await until('another', () => origin.writes.some(({ key }) => key === 'another'))
    expect(origin.writes.filter(({ key }) => key === `final-${code}`)).toHaveLength(1)
    expect((await get(`final-${code}`)).text).toBe('x')
  })

  it('something newer: what the cache has is dropped', async () => {
    const origin = await writing(SOON)
    origin.values.set('newer', 'theirs')
    origin.onWrite = (_request, response) =>
      void response.writeHead(409, { 'lockstep-version': '9007199254740000' }).end()
    await put('newer', 'ours').expect(201)
    await until('the load', async () => (await get('newer')).text === 'theirs')
  })

  it('that it has this version already: it is done', async () => {
    const origin = await writing(SOON)
    origin.onWrite = (request, response) =>
      void response
        .writeHead(412, { 'lockstep-version': `${request.headers['lockstep-version']}` })
        .end()
    await put('mine', 'ours').expect(201)
    await delivered('mine')
    expect((await get('mine')).text).toBe('ours')
  })
})
