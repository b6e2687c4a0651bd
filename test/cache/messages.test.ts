import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { cacheDriver, leaseOf, versionOf } from './driver.js'
import { keysOf } from './keys.js'

const harness = useHarness({ configFile: 'spaces: { mem: { l1: {} }, users: {} }' })
const { at, get, put, patch, incr, invalidate, ask, lease } = cacheDriver(harness)

/** Collects the messages of the key's partition from now on. */
async function listen(key: string, space = 'users'): Promise<string[]> {
  const heard: string[] = []
  await harness.connections.cachePubSub.subscribe(keysOf(harness, key, space).clock, (message) => {
    heard.push(message)
  })
  return heard
}

/** Causes a message after all others of the key, and waits for it. The key must have no lease. */
async function end(heard: readonly string[], key: string, space = 'users'): Promise<void> {
  await remove(key, space)
  const token = leaseOf(await ask(key, space).expect(404))
  await lease(key, 'cancel', { token }, space).expect(200)
  await until('the last message', () => heard.some((message) => message.includes(' w ')))
}

const remove = (key: string, space?: string) =>
  harness.request('delete', at(key, space)).expect(204)
const touch = (key: string, space?: string) => harness.request('post', `${at(key, space)}/touch`)

/** Every way to change a key, in an order in which each is possible. */
const CHANGES = [
  (key: string, space: string) => put(key, 'x', space),
  // A touch keeps the ETag, which therefore does not name the clock of its message.
  async (key: string, space: string) => {
    const { status } = await touch(key, space)
    return { status, headers: {} as { etag?: string } }
  },
  (key: string, space: string) => remove(key, space),
  (key: string, space: string) => incr(key, {}, space),
  (key: string, space: string) => incr(key, {}, space),
  (key: string, space: string) => remove(key, space),
  (key: string, space: string) => patch(key, { set: { a: '1' } }, space),
  (key: string, space: string) => invalidate({ keys: [key] }, space),
]

const kinds = (heard: readonly string[]) => heard.map((message) => message.split(' ')[2])

it('announces that a load was given up or refused, as no change', async () => {
  const key = 'given-up'
  const heard = await listen(key)
  const win = async () => {
    const { headers } = await harness.request('get', at(key)).query({ lease: true })
    return headers['lockstep-lease'] as string
  }
  const cancel = async (body: object) =>
    harness
      .request('post', `${at(key)}/lease/cancel`)
      .send({ token: await win(), ...body })
      .expect(200)

  await cancel({})
  const token = await win()
  const gone = { tags: ['gone'], mode: 'hard' }
  await harness.request('post', '/v1/cache/users/invalidate').send(gone).expect(204)
  await harness
    .request('put', at(key))
    .set('lockstep-lease', token)
    .set('surrogate-key', 'gone')
    .send('late')
    .expect(412)
  await cancel({ failed: true })

  // A tag marks every partition, so this partition gets its message too.
  await until('the messages', () => heard.length === 4)
  const messages = heard.map((message) => message.split(' '))
  expect(messages.map(([, , ...rest]) => rest.join(' '))).toEqual([
    `w users ${key}`,
    't users gone',
    `w users ${key}`,
    `w users ${key}`,
  ])
  for (const [prev, clk, kind] of messages) if (kind === 'w') expect(prev).toBe(clk)
})

it('announces every change of a kept key, with its clock and that of the message before', async () => {
  const key = 'announced'
  await put(key, 'x', 'mem').expect(201)
  await get(key, 'mem').expect(200)
  const heard = await listen(key, 'mem')
  const { clock } = keysOf(harness, key, 'mem')
  const plain = Array.from({ length: 2_000 }, (_, i) => `plain-${i}`).find(
    (name) => keysOf(harness, name).clock === clock,
  ) as string
  const tags: (string | undefined)[] = []
  for (const change of CHANGES) {
    const { status, headers } = await change(key, 'mem')
    expect(status).toBeLessThan(300)
    tags.push(headers.etag)
    // This key is in the same partition and not in L1, so it causes no message.
    await put(plain, 'x')
  }
  await until('eight messages', () => heard.length === CHANGES.length)

  const messages = heard.map((message) => message.split(' '))
  for (const [i, [prev, clk, ...rest]] of messages.entries()) {
    expect(rest).toEqual(['k', 'mem', key])
    if (i > 0) expect(prev).toBe(messages[i - 1]?.[1])
    expect(Number(clk)).toBeGreaterThan(Number(prev))
    if (tags[i]) expect(Number(clk)).toBe(versionOf(tags[i]))
  }
})

it('announces tags and spaces, and later changes with the clock of that message', async () => {
  const key = 'marked'
  await put(key, 'x', 'mem').expect(201)
  await get(key, 'mem').expect(200)
  const heard = await listen(key, 'mem')
  await invalidate({ tags: ['a', 'b'] }, 'mem').expect(204)
  await invalidate({ all: true }, 'mem').expect(204)
  await put(key, 'y', 'mem').expect(201)
  await until('four messages', () => heard.length === 4)

  expect(kinds(heard)).toEqual(['t', 't', 'f', 'k'])
  const clocks = heard.map((message) => message.split(' '))
  expect(clocks.slice(1).map(([prev]) => prev)).toEqual(clocks.slice(0, 3).map(([, clk]) => clk))
})

it('announces no change of a key that is neither kept nor loaded', async () => {
  const key = 'plain'
  await put(key, 'x').expect(201)
  const heard = await listen(key)
  for (const change of CHANGES) expect((await change(key, 'users')).status).toBeLessThan(300)
  await end(heard, key)
  expect(kinds(heard)).toEqual(['w'])
})

it.each([
  ['a value', (key: string) => put(key, 'x')],
  ['a counter', (key: string) => incr(key)],
  ['an object', (key: string) => patch(key, { set: { a: '1' } })],
  ['a delete', (key: string) => remove(key)],
  ['a soft invalidation', (key: string) => invalidate({ keys: [key] })],
])('wakes the requests that wait for a load by %s', async (what, change) => {
  const key = `loading ${what}`
  await put(key, 'x').expect(201)
  await remove(key)
  const heard = await listen(key)
  await ask(key).expect(404)
  expect((await change(key)).status).toBeLessThan(300)
  await until('the message', () => heard.length === 1)
  expect(heard[0]).toMatch(/ k users loading /)
})

it('announces the first change after a clock was lost, and with it the notes of who keeps what', async () => {
  const key = 'lost'
  await put(key, 'x', 'mem').expect(201)
  await get(key, 'mem').expect(200)
  const heard = await listen(key, 'mem')
  await harness.redis.del(keysOf(harness, key, 'mem').clock)
  await put(key, 'y', 'mem').expect(201)
  await put(key, 'z', 'mem').expect(204)
  await end(heard, key, 'mem')
  expect(kinds(heard)).toEqual(['k', 'w'])
})

it('announces changes of a space for as long as a value read from it may live', async () => {
  const key = 'ends'
  await put(key, 'x', 'mem').expect(201)
  await get(key, 'mem').expect(200)
  const heard = await listen(key, 'mem')
  harness.advance(3_600_000)
  await put(key, 'y', 'mem').expect(201)
  harness.advance(3_600_000)
  await put(key, 'z', 'mem').expect(201)
  await end(heard, key, 'mem')
  expect(kinds(heard)).toEqual(['k', 'w'])

  await get(key, 'mem')
  await put(key, 'x', 'mem').expect(201)
  await until('a message again', () => heard.length === 3)
})
