import { beforeAll, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { limitDriver } from './driver.js'

const TTL_MS = 600_000
const harness = useHarness({ environment: { LOCKSTEP_IDEMPOTENCY_TTL_MS: `${TTL_MS}` } })
const limits = limitDriver(harness)
const key = 'k'

beforeAll(async () => {
  await limits.put('api', { limit: 10, windowMs: 60_000 }).expect(201)
  await limits.put('slots', { algorithm: 'concurrency', limit: 3, leaseMs: 60_000 }).expect(201)
})

it.each([
  ['check', 'api/check', {}],
  ['refund', 'api/refund', {}],
  ['reserve', 'api/reserve', {}],
  ['settle', 'api/commit', { actual: 1 }],
  ['acquire', 'slots/leases/acquire', {}],
])(
  'a %s with a key is recognized for LOCKSTEP_IDEMPOTENCY_TTL_MS',
  async (operation, path, body) => {
    const { token } = (await limits.post('api/reserve', { key }).expect(200)).body
    const settled = operation === 'settle' && { token }
    await limits
      .post(path, { key, ...body, ...settled })
      .set('idempotency-key', operation)
      .expect(200)
    const [record] = await harness.redis.keys(`ls:{${harness.namespace}:*}:record-${operation}:*`)
    const left = await harness.redis.pttl(record as string)
    expect(left).toBeGreaterThan(TTL_MS / 2)
    expect(left).toBeLessThanOrEqual(TTL_MS)
  },
)
