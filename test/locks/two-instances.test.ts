import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Harness, startHarness } from '../support/harness.js'
import { until } from '../support/until.js'

let harness: Harness
let other: Harness

beforeAll(async () => {
  harness = await startHarness()
  other = await startHarness()
})
afterAll(async () => {
  await other.close()
  await harness.close()
})

const post = (name: string, verb: string, body?: object, at = harness) =>
  at
    .request('post', `/v1/locks/${name}/${verb}`)
    .set('lockstep-namespace', harness.namespace)
    .send(body)

const start = (name: string, body: object, at = harness) => {
  const answer = post(name, 'acquire', body, at).then((response) => response)
  return answer
}

const get = async (name: string) =>
  (await harness.request('get', `/v1/locks/${name}`).expect(200)).body

const queued = (name: string, length: number) =>
  until(`${length} wait`, async () => (await get(name)).queueLength === length)

const held = async (name: string, body: object = {}) =>
  (await post(name, 'acquire', body).expect(200)).body as { token: string; fence: number }

describe('a queue over two service instances', () => {
  it('hands the lock on in ticket order to 100 waiters', async () => {
    const { token } = await held('fifo')
    const order: number[] = []
    const answers: Promise<void>[] = []
    for (let i = 0; i < 100; i++) {
      const at = i % 2 === 0 ? harness : other
      answers.push(
        start('fifo', { waitMs: 60_000 }, at).then(async ({ status, body }) => {
          expect(status).toBe(200)
          order.push(i)
          await post('fifo', 'release', { token: body.token }, at).expect(200)
        }),
      )
      await queued('fifo', i + 1)
    }

    await post('fifo', 'release', { token }).expect(200)
    await Promise.all(answers)

    expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })
})

describe('an idempotency key', () => {
  it('leads a repeat back to the same place, through another instance', async () => {
    const { token } = await held('attach')
    const cut = post('attach', 'acquire', { waitMs: 60_000 }).set('idempotency-key', 'k')
    cut.end(() => undefined)
    await queued('attach', 1)
    const behind = start('attach', { waitMs: 60_000 })
    await queued('attach', 2)

    cut.abort()
    const again = post('attach', 'acquire', { waitMs: 60_000 }, other)
      .set('idempotency-key', 'k')
      .then((response) => response)
    await until('the repeat is attached', async () => {
      const waiters = await harness.redis.hvals(
        `ls:{${harness.namespace}:${harness.lockTag('attach')}}:waiters:attach`,
      )
      return waiters.some((waiter) => waiter.includes('attach\u0002'))
    })
    await post('attach', 'release', { token }).expect(200)

    const { status, body } = await again
    expect(status).toBe(200)
    expect((await get('attach')).queueLength).toBe(1)
    await post('attach', 'release', { token: body.token }).expect(200)
    expect((await behind).status).toBe(200)
  })
})
