import { describe, expect, it } from 'vitest'
import { useFreshHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { until } from '../support/until.js'
import { lockDriver } from './driver.js'

// A new service for each test, so that its counters begin at 0.
const harness = useFreshHarness()
const { lock, held, waits, queued } = lockDriver(harness)

/** Waits until a scrape has these lines: the service caches a scrape for a second. */
const counted = (...lines: string[]) =>
  until(lines.join(', '), async () => {
    const { text } = await harness.request('get', '/metrics')
    return lines.every((line) => text.includes(`lockstep_locks_${line}\n`))
  })

describe('the metrics of locks', () => {
  it('count every outcome of an acquire', async () => {
    await held('outcomes')
    await lock('outcomes', 'acquire').expect(423)
    await lock('outcomes', 'acquire', { waitMs: 1 }).expect(423)
    await lock('outcomes', 'acquire', { waitMs: 1, maxQueue: 0 }).expect(429)
    const keyed = () => lock('keyed', 'acquire').set('idempotency-key', 'k').expect(200)
    await keyed()
    await keyed()

    await counted(
      'acquire_total{outcome="granted"} 2',
      'acquire_total{outcome="held"} 1',
      'acquire_total{outcome="timeout"} 1',
      'acquire_total{outcome="too-many-waiters"} 1',
      'acquire_total{outcome="replayed"} 1',
      'replayed_total 1',
    )
  })

  it('count waiters, and measure waiting and holding times', async () => {
    const { token } = await held('waiting')
    const second = waits('waiting')
    await queued('waiting', 1)
    await counted('waiters 1')
    harness.advance(3_000)
    const { body } = await lock('waiting', 'release', { token }).expect(200)
    expect(body.heldMs).toBeGreaterThanOrEqual(3_000)
    expect((await second).body.waitedMs).toBeGreaterThanOrEqual(3_000)

    await counted(
      'waiters 0',
      'wait_seconds_count 1',
      'held_seconds_count 1',
      'ended_total{how="released"} 1',
    )
  })

  it('count a waiter whose time was over before its instance removed it', async () => {
    const scripts = lockScripts(harness, harness.namespace)
    const { token } = await held('gone', { ttlMs: 600_000 })
    await scripts.acquire('gone', { instance: 'dead', waitMs: 30_000 })
    harness.advance(30_000)
    await lock('gone', 'release', { token }).expect(200)
    await counted('waiters_gone_total 1')
  })

  it('count how leases end, and a holder that lost its lease by time', async () => {
    const first = await held('lost', { ttlMs: 1_000 })
    harness.advance(1_001)
    await lock('lost', 'renew', { token: first.token }).expect(410)
    const second = await held('lost')
    await lock('lost', 'revoke', { reason: 'test', force: true }).expect(200)
    await lock('lost', 'release', { token: second.token }).expect(410)

    await counted(
      'ended_total{how="expired"} 1',
      'ended_total{how="revoked"} 1',
      'expired_while_held_total 1',
    )
  })
})
