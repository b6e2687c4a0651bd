import { expect, it } from 'vitest'
import { isProblem, NoAnswerError } from '../../clients/typescript/src/lockstep.js'
import { freePort } from '../support/free-port.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { connect, connectThrough, connectThroughFaults, refusal, urlOf } from './service.js'

const harness = useHarness()

const hits = { path: { space: 'stats', key: 'hits' } }
const countOf = async (key: string) =>
  (await harness.request('get', `/v1/cache/stats/${key}/counter`)).body.value

it('calls an operation with its path, query and body, in the namespace', async () => {
  const client = connect(harness)
  const path = { name: 'a/b c' }
  const { json: lease } = await client.call('acquireLock', { path, body: { owner: 'me' } })
  const { body } = await harness.request('get', '/v1/locks/a%2Fb%20c').expect(200)
  expect(body).toMatchObject({ state: 'held', holders: [{ owner: 'me', fence: lease.fence }] })
  const { json } = await client.call('listLocks', { query: { prefix: 'a/', limit: 10 } })
  expect(json.items).toMatchObject([{ name: 'a/b c' }])
})

it('passes the trace of the caller on, and its API token', async () => {
  const { client, proxy } = await connectThroughFaults(harness, { token: 'secret-of-the-caller' })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await client.call('getLock', { path: { name: 'traced' } }, { traceparent })
  expect(proxy.sent(`traceparent: ${traceparent}`)).toBe(1)
  expect(proxy.sent('authorization: Bearer secret-of-the-caller')).toBe(1)
})

it('throws the problem of a refusal, whose members its code types, and sends it once', async () => {
  const { client, proxy } = await connectThroughFaults(harness)
  await client.call('acquireLock', { path: { name: 'held' }, body: { owner: 'first' } })
  const error = await client.call('acquireLock', { path: { name: 'held' } }).catch((one) => one)
  expect(isProblem(error, 'lease-expired')).toBe(false)
  if (!isProblem(error, 'lock-held', 'wait-timeout')) throw error
  expect(error.problem.holders[0]?.owner).toBe('first')
  expect(proxy.sent('/v1/locks/held/acquire')).toBe(2)
})

it('repeats a call whose answer was lost under the same key, so that it counts once', async () => {
  const { client, proxy } = await connectThroughFaults(harness)
  proxy.dropReplies()
  const counted = client.call('incrementCacheCounter', hits)
  await until('it is applied', async () => (await countOf('hits')) === '1')
  proxy.heal()
  expect((await counted).json).toEqual({ value: '1' })
  expect(await countOf('hits')).toBe('1')
  expect(proxy.sent('/v1/cache/stats/hits/incr')).toBeGreaterThan(1)
})

const revoked = { path: { name: 'revoked' }, body: { reason: 'in a test', force: true } } as const

it('does not repeat what may apply again when its answer was lost', async () => {
  const { client, proxy } = await connectThroughFaults(harness)
  const direct = connect(harness)
  const acquire = () => direct.call('acquireLock', { path: revoked.path })
  await acquire()
  proxy.dropReplies()
  const called = expect(client.call('revokeLock', revoked)).rejects.toThrow(NoAnswerError)
  const stateOf = async () => (await direct.call('getLock', { path: revoked.path })).json.state
  await until('it is applied', async () => (await stateOf()) === 'free')
  await acquire()
  proxy.heal()
  await called
  expect(await stateOf()).toBe('held')
  expect(proxy.sent('/v1/locks/revoked/revoke')).toBe(1)
})

it('does not repeat what may apply again when its outcome is unknown', async () => {
  let asked = 0
  const answer = async () => {
    asked++
    return refusal(503, 'outcome-unknown')
  }
  const url = [urlOf(harness), urlOf(harness)]
  const client = connectThrough(harness, answer, { url })
  const error = await client.call('revokeLock', revoked).catch((one) => one)
  expect(isProblem(error, 'outcome-unknown')).toBe(true)
  expect(asked).toBe(1)
})

it('repeats what may apply again when it was not applied', async () => {
  let asked = 0
  const gone = `http://127.0.0.1:${await freePort()}`
  const url = [gone, urlOf(harness), urlOf(harness)]
  const client = connectThrough(
    harness,
    async (_, send) => (asked++ === 1 ? refusal(503, 'store-unavailable') : send()),
    { url },
  )
  const free = { ...revoked, path: { name: 'never held' } }
  expect((await client.call('revokeLock', free)).json.revoked).toBe(0)
  expect(asked).toBe(3)
})

it('cuts an attempt that gets no answer, and repeats it', async () => {
  const { client, proxy } = await connectThroughFaults(harness, { attemptMs: 500 })
  proxy.dropReplies()
  const counted = client.call('incrementCacheCounter', { path: { space: 'stats', key: 'slow' } })
  await until('it is repeated', () => proxy.sent('/v1/cache/stats/slow/incr') > 1)
  proxy.heal()
  expect((await counted).json).toEqual({ value: '1' })
})

it('tries the next address when one does not answer', async () => {
  const gone = `http://127.0.0.1:${await freePort()}`
  const client = connect(harness, { url: [gone, urlOf(harness)] })
  expect((await client.call('getLock', { path: { name: 'free' } })).json.state).toBe('free')
})

it('leaves an address that does not answer once for all calls', async () => {
  let gone = 0
  const client = connect(harness, {
    url: ['http://gone.invalid', urlOf(harness)],
    fetch: async (url, init) => {
      if (!String(url).startsWith('http://gone.invalid')) return fetch(url, init)
      gone++
      await until('both calls ask', () => gone > 1)
      throw new TypeError('no such host')
    },
  })
  const ask = () => client.call('getLock', { path: { name: 'free' } })
  await Promise.all([ask(), ask()])
  expect(gone).toBe(2)
})

it.each([
  ['an error', () => new Response('', { status: 502 })],
  ['a page', () => new Response('<p>Log in</p>', { headers: { 'content-type': 'text/html' } })],
  ['nothing', () => new Response(null)],
  ['a problem', () => problemOf('application/problem+json', { title: 'of another service' })],
])('takes the answer of a proxy between for no answer: %s', async (name, ofAnother) => {
  let asked = 0
  const client = connectThrough(
    harness,
    async (_, send) => (asked++ === 0 ? ofAnother() : send()),
    { url: [urlOf(harness), urlOf(harness)] },
  )
  expect((await client.locks.acquire(name)).token).toBeTruthy()
  expect(asked).toBe(2)
})

const problemOf = (type: string, problem: object) =>
  new Response(JSON.stringify(problem), { status: 400, headers: { 'content-type': type } })

it('lets no name lead to another path', async () => {
  const { call, boards } = connect(harness)
  await boards.submit('kept', [{ member: 'ada', score: 1 }])
  for (const member of ['', '.', '..']) {
    const error = await call('deleteEntry', { path: { board: 'kept', member } }).catch((one) => one)
    expect(isProblem(error, 'invalid-request')).toBe(true)
  }
  expect(await boards.rank('kept', 'ada')).toBeTruthy()
})

it('gives a call its time on top of the wait of the service', async () => {
  const { call, queues } = connect(harness)
  await queues.send('calls', [{ body: 'ring' }])
  const wait = { path: { queue: 'calls' }, body: { waitMs: 20_000 } }
  const { json } = await call('receiveMessages', wait, { timeoutMs: 1 })
  expect(json.items).toMatchObject([{ body: 'ring' }])
})

it('gives up when the time of the call is over', async () => {
  const { client, proxy } = await connectThroughFaults(harness, { attemptMs: 50 })
  proxy.freeze()
  const called = client.call('getLock', { path: { name: 'free' } }, { timeoutMs: 200 })
  await expect(called).rejects.toThrow(NoAnswerError)
})

it('ends with the signal of the caller, for its reason', async () => {
  const { client, proxy } = await connectThroughFaults(harness)
  proxy.freeze()
  const stop = new AbortController()
  const called = client.call('getLock', { path: { name: 'x' } }, { signal: stop.signal })
  await until('it is sent', () => proxy.sent('/v1/locks/x') > 0)
  stop.abort(new Error('enough'))
  await expect(called).rejects.toThrow('enough')
})
