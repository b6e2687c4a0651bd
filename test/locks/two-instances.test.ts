import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { lockDriver } from './driver.js'

const harness = useHarness()
const other = useHarness()
const { lock, held, waits, look, queued } = lockDriver(harness)

describe('a queue over two service instances', () => {
  it('hands the lock on in ticket order to 100 waiters', async () => {
    const { token } = await held('fifo', { ttlMs: 600_000 })
    const order: number[] = []
    const answers: Promise<void>[] = []
    for (let i = 0; i < 100; i++) {
      const at = i % 2 === 0 ? harness : other
      answers.push(
        waits('fifo', { waitMs: 240_000 }, at).then(async ({ status, body }) => {
          expect(status).toBe(200)
          order.push(i)
          await lock('fifo', 'release', { token: body.token }, at).expect(200)
        }),
      )
      await queued('fifo', i + 1)
    }

    await lock('fifo', 'release', { token }).expect(200)
    await Promise.all(answers)

    expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })
})

describe('an idempotency key', () => {
  it('gives a repeat the same place, through another instance', async () => {
    const { token } = await held('attach')
    const cut = lock('attach', 'acquire', { waitMs: 60_000 }).set('idempotency-key', 'k')
    cut.end(() => undefined)
    await queued('attach', 1)
    const behind = waits('attach', { waitMs: 60_000 })
    await queued('attach', 2)

    cut.abort()
    const again = lock('attach', 'acquire', { waitMs: 60_000 }, other)
      .set('idempotency-key', 'k')
      .then((response) => response)
    await until('the repeat is attached', async () => {
      const waiters = await harness.redis.hvals(
        `ls:{${harness.namespace}:${harness.lockTag('attach')}}:waiters:attach`,
      )
      return waiters.some((waiter) => waiter.includes('attach\u0002'))
    })
    await lock('attach', 'release', { token }).expect(200)

    const { status, body } = await again
    expect(status).toBe(200)
    expect((await look('attach')).queueLength).toBe(1)
    await lock('attach', 'release', { token: body.token }).expect(200)
    expect((await behind).status).toBe(200)
  })
})
