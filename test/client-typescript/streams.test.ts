import { expect, it } from 'vitest'
import {
  isProblem,
  NackError,
  PositionLostError,
  type StreamEntry,
} from '../../clients/typescript/src/lockstep.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { connect, connectThroughFaults } from './service.js'

const harness = useHarness()

/** Follows a stream into a list, until the signal aborts. */
function collect<T>(events: AsyncGenerator<T>) {
  const seen: T[] = []
  const ended = (async () => {
    for await (const one of events) seen.push(one)
  })().catch((error) => error)
  return { seen, ended }
}

const said = (...data: unknown[]) => data.map((one) => ({ event: 'said', data: one }))
const dataOf = (entries: readonly StreamEntry[]) => entries.map(({ data }) => data)

it('appends JSON and bytes, and reads them page by page', async () => {
  const { streams } = connect(harness)
  const ids = await streams.append('log', said({ by: 'ada' }, Uint8Array.of(0, 255)))
  const first = await streams.read('log', { limit: 1 })
  expect(first.items).toMatchObject([{ id: ids[0], event: 'said', data: { by: 'ada' } }])
  const { items } = await streams.read('log', { after: first.nextCursor ?? '' })
  expect(dataOf(items)).toEqual([Uint8Array.of(0, 255)])
})

it('follows a stream, and goes on after a cut with each entry once', async () => {
  const { streams } = connect(harness)
  const { client, proxy } = await connectThroughFaults(harness)
  const stop = new AbortController()
  await streams.append('chat', said(1))
  const { seen, ended } = collect(
    client.streams.follow('chat', { after: 'start', signal: stop.signal }),
  )
  await until('the first is seen', () => seen.length === 1)
  proxy.refuse()
  await streams.append('chat', said(2, 3))
  proxy.heal()
  await until('all are seen', () => seen.length === 3)
  await streams.append('chat', said(4))
  await until('the last is seen', () => seen.length === 4)
  expect(dataOf(seen)).toEqual([1, 2, 3, 4])
  stop.abort(new Error('enough'))
  expect((await ended).message).toBe('enough')
})

it('says which entries a reader missed, or throws', async () => {
  const { call, streams } = connect(harness)
  await call('putStream', { path: { stream: 'small' }, body: { capacity: 2 } })
  const [first = ''] = await streams.append('small', said(1))
  await streams.append('small', said(2, 3, 4))
  const lost = { asked: first, missed: 1 }
  const error = await streams
    .follow('small', { after: first })
    .next()
    .catch((one) => one)
  expect(error).toBeInstanceOf(PositionLostError)
  expect(error.lost).toMatchObject(lost)
  const resets: unknown[] = []
  const onReset = (one: unknown) => resets.push(one)
  const { value } = await streams.follow('small', { after: first, onReset }).next()
  expect(value.data).toBe(3)
  expect(resets).toMatchObject([lost])
})

it('throws what the service refuses, and does not ask again', async () => {
  const { client, proxy } = await connectThroughFaults(harness)
  const followed = client.streams.follow('chat', { after: 'nowhere' }).next()
  const error = await followed.catch((one) => one)
  expect(isProblem(error, 'invalid-request')).toBe(true)
  expect(proxy.sent('/v1/streams/chat/events')).toBe(1)
})

it('watches a lock', async () => {
  const { locks } = connect(harness)
  const { client, proxy } = await connectThroughFaults(harness)
  const stop = new AbortController()
  const { seen, ended } = collect(client.locks.watch('watched', { signal: stop.signal }))
  await until('it watches', () => seen.length === 1)
  const { token, fence } = await locks.acquire('watched', { owner: 'me' })
  await until('the grant is seen', () => seen.length === 2)
  proxy.cut()
  await locks.release('watched', token)
  await until('the release is seen', () => seen.length === 3)
  stop.abort()
  await ended
  expect(seen).toMatchObject([
    { event: 'watching', data: { state: 'free' } },
    { event: 'granted', data: { fence, owner: 'me' } },
    { event: 'released', data: { fence } },
  ])
})

it('works through the entries of a group as through a queue', async () => {
  const { call, streams } = connect(harness)
  const path = { stream: 'orders', group: 'billing' }
  await call('putStreamGroup', { path, body: { start: 'start' } })
  const stop = new AbortController()
  const handled: unknown[] = []
  const working = streams.work(
    'orders',
    'billing',
    { concurrency: 3, signal: stop.signal },
    ({ event, data, failures }) => {
      if (event === 'failed') throw new NackError('no such order', { dead: true, delayMs: 1 })
      if (event === 'shaky' && failures === 0) throw new Error('try again')
      handled.push(data)
    },
  )
  await streams.append('orders', [
    { event: 'placed', data: { order: 7 } },
    { event: 'shaky', data: Uint8Array.of(0, 255) },
    { event: 'failed', data: 9 },
  ])
  const group = async () => (await call('getStreamGroup', { path })).json
  await until('all are settled', async () => {
    const { lag, leased, ready, dead } = await group()
    return dead === 1 && lag + leased + ready === 0
  })
  expect(handled).toHaveLength(2)
  expect(handled).toEqual(expect.arrayContaining([{ order: 7 }, Uint8Array.of(0, 255)]))
  const { items } = (await call('listDeadEntries', { path })).json
  expect(items).toMatchObject([{ event: 'failed', error: 'no such order' }])
  stop.abort()
  await working
})
