import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import {
  type Delivery,
  LeaseLostError,
  type Lockstep,
  NackError,
  type WorkOptions,
} from '../../clients/typescript/src/lockstep.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import {
  aborted,
  connect,
  connectThrough,
  connectThroughFaults,
  problem,
  refusal,
} from './service.js'

const harness = useHarness()

const countsOf = async (queue: string) =>
  (await harness.request('get', `/v1/queues/${queue}`).expect(200)).body.counts

/** Works until the test stops it. */
function work(
  client: Lockstep,
  queue: string,
  handler: Parameters<Lockstep['queues']['work']>[2],
  options: WorkOptions<Delivery> = {},
) {
  const stop = new AbortController()
  const ended = client.queues.work(queue, { signal: stop.signal, ...options }, handler)
  return {
    async end() {
      stop.abort()
      await ended
    },
    ended,
  }
}

it('works through messages, several at a time, and acknowledges them', async () => {
  const client = connect(harness)
  const seen: Delivery[] = []
  let together = 0
  const { end } = work(
    client,
    'mails',
    async (message) => {
      together++
      seen.push(message)
      await until('two are worked on', () => together > 1)
    },
    { concurrency: 2 },
  )
  const sent = await client.queues.send('mails', [
    { body: { to: 'ada' } },
    { body: Uint8Array.of(0, 255), headers: { kind: 'bytes' } },
  ])
  await until('both are done', async () => (await countsOf('mails')).leased === 0 && together > 1)
  await end()
  expect(seen.map(({ id }) => id).sort()).toEqual(sent.map(({ id }) => id))
  expect(seen.map(({ body }) => body)).toEqual(
    expect.arrayContaining([{ to: 'ada' }, Uint8Array.of(0, 255)]),
  )
  expect(await countsOf('mails')).toMatchObject({ ready: 0, leased: 0, delayed: 0, dead: 0 })
})

it('fails a message whose handler throws, as the error says', async () => {
  const client = connect(harness)
  const failures: unknown[] = []
  const { end } = work(
    client,
    'failing',
    ({ body }) => {
      if (body === 'again') throw new Error('mailbox full')
      throw new NackError('no such street', { dead: true })
    },
    { onFailure: (error) => failures.push(error) },
  )
  await client.queues.send('failing', [{ body: 'never' }])
  await until('it is dead', async () => (await countsOf('failing')).dead === 1)
  await client.queues.send('failing', [{ body: 'again' }])
  await until('it failed', () => failures.length > 1)
  await end()
  const { items } = (
    await client.call('listMessages', { path: { queue: 'failing' }, query: { state: 'dead' } })
  ).json
  expect(items).toMatchObject([{ body: 'never', error: 'no such street' }])
  expect(failures.map(String)).toContain('Error: mailbox full')
})

it('extends the visibility of a message while its handler runs', async () => {
  const { client, proxy } = await connectThroughFaults(harness)
  let deliveries = 0
  const { end } = work(
    client,
    'slow',
    async ({ throwIfLost }: Delivery & { throwIfLost?: () => void }) => {
      deliveries++
      throwIfLost?.()
      await until('it is extended', () => proxy.sent('"extend"') > 1)
    },
    { visibilityMs: 9_000 },
  )
  await client.queues.send('slow', [{ body: 1 }])
  await until('it is done', async () => deliveries > 0 && (await countsOf('slow')).leased === 0)
  await end()
  expect(deliveries).toBe(1)
})

it('stops a handler whose message another worker has', async () => {
  const client = connect(harness)
  let lost: unknown
  const { end } = work(
    client,
    'taken',
    async (_, { signal }) => {
      harness.advance(60_000)
      await harness.request('post', '/v1/queues/taken/receive').expect(200)
      lost = await aborted(signal)
    },
    { visibilityMs: 3_000 },
  )
  await client.queues.send('taken', [{ body: 1 }])
  await until('it is lost', () => lost)
  await end()
  expect(lost).toBeInstanceOf(LeaseLostError)
})

it('gives back what it has not done when its time to stop is over', async () => {
  const client = connect(harness)
  let begun = false
  let told = false
  const { end } = work(
    client,
    'stopped',
    (_, { signal }) => {
      begun = true
      signal.addEventListener('abort', () => {
        told = true
      })
      return new Promise(() => {})
    },
    { stopMs: 0 },
  )
  await client.queues.send('stopped', [{ body: 1 }])
  await until('it has begun', () => begun)
  await end()
  expect(told).toBe(true)
  expect(await countsOf('stopped')).toMatchObject({ ready: 1, leased: 0 })
})

it('gives back a message that was on its way when it stopped', async () => {
  const stop = new AbortController()
  let receives = 0
  const client = connectThrough(harness, async (path, send) => {
    const answer = await send()
    if (path.endsWith('/receive') && receives++ === 0) {
      stop.abort()
      throw new TypeError('the connection was cut')
    }
    return answer
  })
  await client.queues.send('on-its-way', [{ body: 1 }])
  await client.queues.work('on-its-way', { signal: stop.signal }, () => expect.unreachable())
  expect(await countsOf('on-its-way')).toMatchObject({ ready: 1, leased: 0 })
})

it('goes on after an outage, and ends with what the service refuses', async () => {
  const { client, proxy } = await connectThroughFaults(harness)
  const done: unknown[] = []
  proxy.refuse()
  const { end } = work(client, 'outage', ({ body }) => done.push(body))
  await connect(harness).queues.send('outage', [{ body: 1 }])
  proxy.heal()
  await until('it is done', () => done.length === 1)
  await end()
  const refused = client.queues.work('not a name', {}, () => {})
  await expect(refused).rejects.toMatchObject({ code: 'invalid-request' })
})

it('goes on after a failure of the service, and stops while it may not receive', async () => {
  const stop = new AbortController()
  let receives = 0
  const client = connectThrough(harness, async (path, send) => {
    if (!path.endsWith('/receive')) return send()
    receives++
    if (receives === 1) return problem(500, 'internal')
    if (receives === 3) {
      setImmediate(() => stop.abort())
      return refusal(429, 'too-many-receivers')
    }
    return send()
  })
  await client.queues.send('failing-service', [{ body: 1 }])
  const done: unknown[] = []
  const options = { signal: stop.signal }
  await client.queues.work('failing-service', options, ({ body }) => done.push(body))
  expect(done).toEqual([1])
})

it('reports an error of any text, and forgets a message that is done', async () => {
  const { queues, call } = connect(harness)
  let handled: WeakRef<Delivery> | undefined
  const { end } = work(connect(harness), 'any-text', (message) => {
    handled = new WeakRef(message)
    throw new NackError('\ud83d'.repeat(2_000), { dead: true })
  })
  await queues.send('any-text', [{ body: 1 }])
  await until('it is dead', async () => (await countsOf('any-text')).dead === 1)
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  await until('it is forgotten', () => {
    collect()
    return handled?.deref() === undefined
  })
  await end()
  const input = { path: { queue: 'any-text' }, query: { state: 'dead' as const } }
  const { items } = (await call('listMessages', input)).json
  expect(items[0]?.error).toBe('\ufffd'.repeat(250))
})
