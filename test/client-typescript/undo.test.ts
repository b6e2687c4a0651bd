import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { connect, connectThrough, connectThroughFaults, refusal } from './service.js'

const harness = useHarness()
const patient = { ttlMs: 600_000 }

const look = async (name: string) =>
  (await harness.request('get', `/v1/locks/${name}`).expect(200)).body
const isReleased = async (name: string) => (await look(name)).lastEnd?.how === 'released'

it('releases a lock that was granted after the caller had given up', async () => {
  const { client, proxy } = await connectThroughFaults(harness)
  proxy.dropReplies()
  const stop = new AbortController()
  const acquired = client.locks.acquire('given-up', { signal: stop.signal, ...patient })
  await until('it is granted', async () => (await look('given-up')).state === 'held')
  stop.abort(new Error('enough'))
  await expect(acquired).rejects.toThrow('enough')
  proxy.heal()
  await until('it is released', async () => (await look('given-up')).state === 'free')
})

it.each(['outcome-unknown', 'draining'])(
  'releases a lock that may be granted when the last answer is %s',
  async (code) => {
    const name = `last-${code}`
    let calls = 0
    const client = connectThrough(harness, async (_, send) => {
      const answer = await send()
      return calls++ === 0 ? refusal(503, code) : answer
    })
    await expect(client.locks.acquire(name, patient)).rejects.toMatchObject({ code })
    await until('it is released', () => isReleased(name))
  },
)

it('leaves a lock to a caller that may repeat under its own key', async () => {
  let calls = 0
  const client = connectThrough(harness, async (_, send) => {
    calls++
    await send()
    return refusal(503, 'outcome-unknown')
  })
  const idempotencyKey = crypto.randomUUID()
  const lost = client.locks.acquire('own-key', { idempotencyKey, ...patient })
  await expect(lost).rejects.toMatchObject({ code: 'outcome-unknown' })
  const made = calls
  await new Promise((resolve) => setImmediate(resolve))
  expect(calls).toBe(made)
  const { fence } = await connect(harness).locks.acquire('own-key', { idempotencyKey, ...patient })
  expect(await look('own-key')).toMatchObject({ state: 'held', holders: [{ fence }] })
})

it('releases a lock whose first renewal is refused', async () => {
  const holder = await connect(harness).locks.acquire('waited', patient)
  const client = connectThrough(harness, (path, send) =>
    path.endsWith('/renew') ? Promise.resolve(refusal(403, 'forbidden')) : send(),
  )
  const terms = { ttlMs: 9_000, waitMs: 60_000 }
  const work = client.locks.run('waited', terms, () => expect.unreachable())
  const began = performance.now()
  await until('the term is too old to be sure of', () => performance.now() - began > 3_000)
  await connect(harness).locks.release('waited', holder.token)
  await expect(work).rejects.toMatchObject({ code: 'forbidden' })
  expect(await look('waited')).toMatchObject({ state: 'free', lastEnd: { how: 'released' } })
})

it('frees a place that was granted after the caller had given up', async () => {
  const { client, proxy } = await connectThroughFaults(harness)
  const policy = { algorithm: 'concurrency', limit: 1, leaseMs: 600_000 }
  await harness.request('put', '/v1/ratelimit-policies/flight').send(policy).expect(201)
  const usage = () => harness.request('get', '/v1/ratelimits/flight/leases?key=user-7').expect(200)
  const isTaken = async () => (await usage()).body.inFlight === 1
  proxy.dropReplies()
  const stop = new AbortController()
  const terms = { key: 'user-7', signal: stop.signal }
  const work = client.limits.run('flight', terms, () => expect.unreachable())
  await until('it is granted', isTaken)
  stop.abort(new Error('enough'))
  await expect(work).rejects.toThrow('enough')
  proxy.heal()
  await until('it is free', async () => !(await isTaken()))
})
