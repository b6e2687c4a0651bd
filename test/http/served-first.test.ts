import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'

const harness = useHarness()

/** What keeps, ends or settles a lease, a delivery or a reservation that the caller has. */
const LEASE = [
  'cancelCacheLease',
  'cancelRateLimitReservation',
  'commitRateLimitReservation',
  'deleteSession',
  'downgradeLock',
  'endSession',
  'keepSession',
  'releaseConcurrencyLease',
  'releaseLock',
  'releaseLockSet',
  'releasePermits',
  'renewCacheLease',
  'renewConcurrencyLease',
  'renewLock',
  'renewLockSet',
  'renewPermits',
  'revokeLock',
  'setLockMetadata',
  'setLockSetMetadata',
  'setPermitMetadata',
  'settleEntries',
  'settleMessages',
]
/** A check is decided by its policy while Redis is slow, and a value may be in memory. */
const WITHOUT_REDIS = [
  'authorizeVisitor',
  'authorizeVisitorByPolicies',
  'checkRateLimit',
  'checkRateLimits',
  'getCacheEntry',
  'getManyCacheEntries',
]
/** Ends the work of the service. */
const OTHERS = ['cancelCacheWarming']
const ALWAYS = ['getLiveness', 'getReadiness', 'getStatus']

interface Operation {
  readonly operationId: string
  readonly 'x-lockstep-served'?: string
}

it('every operation that keeps or ends a lease is served before others', async () => {
  const { body } = await harness.request('get', '/openapi.json').expect(200)
  const paths = Object.values(body.paths as Record<string, Record<string, Operation>>)
  const operations = paths.flatMap((methods) => Object.values(methods))
  const servedAs = (served: string) =>
    operations
      .filter((operation) => operation['x-lockstep-served'] === served)
      .map(({ operationId }) => operationId)
      .sort()

  expect(servedAs('lease')).toEqual(LEASE)
  expect(servedAs('always')).toEqual(ALWAYS)
  expect(servedAs('without-redis')).toEqual(WITHOUT_REDIS)
  const like = /^(keep|end|renew|release|settle|cancel|commit|revoke)/
  const named = operations.map(({ operationId }) => operationId).filter((id) => like.test(id))
  expect(named.filter((id) => ![...LEASE, ...OTHERS].includes(id))).toEqual([])
})
