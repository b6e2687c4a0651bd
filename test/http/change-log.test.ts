import { beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import { behind, originFile, SPACE } from '../cache/origins/driver.js'
import { type Harness, useHarness } from '../support/harness.js'
import { tokensYaml } from '../support/tokens.js'
import { until } from '../support/until.js'

const TOKENS = tokensYaml([
  {
    token: 'all',
    name: 'operator',
    scopes: [
      ...['admin', 'operations:read'],
      ...['locks:write', 'ratelimits:write', 'leaderboards:write', 'cache:write'],
      'queues:write',
      'streams:write',
    ],
  },
  { token: 'few', name: 'reader', scopes: ['locks:read'], namespaces: ['elsewhere'] },
])
const harness = useHarness({ configFile: TOKENS })

/** An origin that is away, so that what is written behind stays pending. */
const AWAY = { url: 'http://127.0.0.1:1' }
beforeAll(() => {
  const space = originFile(AWAY, harness.namespace, behind({ intervalMs: 60_000 }))
  harness.reload(TOKENS + space)
})

type Method = Parameters<Harness['request']>[0]
type Line = Readonly<Record<string, unknown>>

const ask = (method: Method, path: string, body?: object) =>
  harness.request(method, path).set('authorization', 'Bearer all').send(body)

/** The lines that the requests in `make` add to the change log. */
async function changesOf(make: () => Promise<unknown>): Promise<Line[]> {
  const from = harness.log.length
  await make()
  return harness.log
    .slice(from)
    .map((line) => JSON.parse(line) as Line)
    .filter(({ change }) => change !== undefined)
}

const WHO = { level: 30, msg: 'changed', caller: 'operator', address: '127.0.0.1' }
const POLICY = { limit: 5, windowMs: 3_600_000 }
const BOARD = { columns: [{ name: 'points', order: 'desc' }] }

it('names who changed a policy, and its versions before and after', async () => {
  const path = '/v1/ratelimit-policies/audited'
  const versions: number[] = []
  const put = async (limit: number) => {
    const { body } = await ask('put', path, { ...POLICY, limit })
    versions.push(body.version)
  }
  const lines = await changesOf(async () => {
    await put(5)
    await put(6)
    await put(6)
    await ask('delete', path).expect(204)
    await ask('delete', path).expect(204)
  })
  const [first, second] = versions
  const what = { ...WHO, namespace: harness.namespace, policy: 'audited' }
  expect(lines).toMatchObject([
    { ...what, change: 'policy.put', before: 0, version: first },
    { ...what, change: 'policy.put', before: first, version: second },
    { ...what, change: 'policy.delete', before: second },
  ])
})

type Call = readonly [Method, string, object?]

interface Example {
  /** Calls that prepare the change; their own lines are ignored. */
  readonly given?: readonly Call[]
  /** The same, for calls that need each other's answers. @returns the id of what was made */
  readonly prepare?: () => Promise<string>
  readonly change: Call
  readonly line: Line
  /** Whether a repeat of the request changes nothing and logs no line. */
  readonly repeats?: true
}

const DAILY = { ...BOARD, season: { every: 'daily' } }
const SUBMITTED: Call = [
  'post',
  '/v1/leaderboards/d/scores',
  { entries: [{ member: 'm', score: 1 }] },
]
const GIVEN_BOARD: readonly Call[] = [['put', '/v1/leaderboards/d', DAILY], SUBMITTED]
const GIVEN_POLICY: readonly Call[] = [['put', '/v1/ratelimit-policies/p', POLICY]]
const BLOCKED: Call = ['post', '/v1/ratelimits/p/block?key=u1', { ttlMs: 60_000 }]
const OVERRIDDEN: Call = ['put', '/v1/ratelimit-policies/p/overrides/u1', { limit: 9 }]
const version = expect.any(Number)

/** A dead letter in the queue p. */
async function bury(): Promise<string> {
  const post = async (path: string, body?: object) =>
    (await ask('post', `/v1/queues/p/${path}`, body)).body
  await post('messages', { messages: [{ body: 1 }] })
  const { items } = await post('receive')
  await post('settle', { nack: [{ receipt: items[0].receipt, dead: true }] })
  return items[0].id
}

/** An entry of the stream s. */
async function append(): Promise<string> {
  const entries = [{ event: 'e', data: 1 }]
  return (await ask('post', '/v1/streams/s/entries', { entries })).body.entries[0].id
}

/** One change by each administrative operation, and the line that it logs. */
const EXAMPLES: Readonly<Record<string, Example>> = {
  revokeLock: {
    change: ['post', '/v1/locks/a/revoke', { reason: 'stuck', force: true }],
    line: { change: 'lock.revoke', lock: 'a', reason: 'stuck' },
  },
  putSemaphore: {
    given: [['put', '/v1/semaphores/s', { capacity: 3 }]],
    change: ['put', '/v1/semaphores/s', { capacity: 5 }],
    line: { change: 'semaphore.put', semaphore: 's', before: version, version },
    repeats: true,
  },
  deleteSemaphore: {
    given: [['put', '/v1/semaphores/s', { capacity: 3 }]],
    change: ['delete', '/v1/semaphores/s'],
    line: { change: 'semaphore.delete', semaphore: 's', before: version },
    repeats: true,
  },
  deleteSession: {
    given: [['post', '/v1/sessions', { prefix: 's' }]],
    change: ['delete', '/v1/sessions/{id}'],
    line: { change: 'session.end', session: expect.any(String), leaseCount: 0 },
    repeats: true,
  },
  putCacheSpace: {
    change: ['put', '/v1/cache-spaces/new', { ttlMs: 1_000 }],
    line: { change: 'space.put', space: 'new', before: 0, version },
    repeats: true,
  },
  patchCacheSpace: {
    given: [['put', '/v1/cache-spaces/c', { ttlMs: 1_000 }]],
    change: ['patch', '/v1/cache-spaces/c', { ttlMs: 2_000 }],
    line: { change: 'space.patch', space: 'c', before: version, version },
    repeats: true,
  },
  deleteCacheSpace: {
    given: [['put', '/v1/cache-spaces/b', { ttlMs: 1_000 }]],
    change: ['delete', '/v1/cache-spaces/b'],
    line: { change: 'space.delete', space: 'b', before: version },
    repeats: true,
  },
  retryCacheWrites: {
    given: [['put', `/v1/cache/${SPACE}/retried`, {}]],
    change: ['post', `/v1/cache-spaces/${SPACE}/outbox/retry`, { keys: ['retried'] }],
    line: { change: 'outbox.retry', space: SPACE, keys: 1 },
  },
  flushCacheOutbox: {
    given: [['put', `/v1/cache/${SPACE}/flushed`, {}]],
    change: ['post', `/v1/cache-spaces/${SPACE}/outbox/flush`],
    line: { change: 'outbox.flush', space: SPACE, keys: expect.any(Number) },
  },
  discardCacheWrites: {
    given: [['put', `/v1/cache/${SPACE}/discarded`, {}]],
    change: ['post', `/v1/cache-spaces/${SPACE}/outbox/discard`, { keys: ['discarded'] }],
    line: { change: 'outbox.discard', space: SPACE, keys: 1 },
    repeats: true,
  },
  putQueue: {
    change: ['put', '/v1/queues/new', { maxFailures: 1 }],
    line: { change: 'queue.put', queue: 'new', before: 0, version },
    repeats: true,
  },
  patchQueue: {
    given: [['put', '/v1/queues/q', { maxFailures: 1 }]],
    change: ['patch', '/v1/queues/q', { maxFailures: 2 }],
    line: { change: 'queue.patch', queue: 'q', before: version, version },
    repeats: true,
  },
  deleteQueue: {
    given: [['put', '/v1/queues/q', { maxFailures: 1 }]],
    change: ['delete', '/v1/queues/q'],
    line: { change: 'queue.delete', queue: 'q', before: version },
    repeats: true,
  },
  purgeQueue: {
    given: [['post', '/v1/queues/p/messages', { messages: [{ body: 1 }] }]],
    change: ['post', '/v1/queues/p/purge', { state: 'ready' }],
    line: { change: 'queue.purge', queue: 'p', state: 'ready', messages: 1 },
    repeats: true,
  },
  redriveDeadLetters: {
    prepare: bury,
    change: ['post', '/v1/queues/p/dead/redrive', { ids: ['{id}'] }],
    line: { change: 'queue.redrive', queue: 'p', messages: 1 },
    repeats: true,
  },
  discardDeadLetters: {
    prepare: bury,
    change: ['post', '/v1/queues/p/dead/discard', { ids: ['{id}'] }],
    line: { change: 'queue.discard', queue: 'p', messages: 1 },
    repeats: true,
  },
  putStream: {
    change: ['put', '/v1/streams/new', { capacity: 1 }],
    line: { change: 'stream.put', stream: 'new', before: 0, version },
    repeats: true,
  },
  patchStream: {
    given: [['put', '/v1/streams/s', { capacity: 1 }]],
    change: ['patch', '/v1/streams/s', { capacity: 2 }],
    line: { change: 'stream.patch', stream: 's', before: version, version },
    repeats: true,
  },
  deleteStream: {
    given: [['put', '/v1/streams/s', { capacity: 1 }]],
    change: ['delete', '/v1/streams/s'],
    line: { change: 'stream.delete', stream: 's', before: version },
    repeats: true,
  },
  deleteStreamEntry: {
    prepare: append,
    change: ['delete', '/v1/streams/s/entries/{id}'],
    line: { change: 'stream.remove-entry', stream: 's', id: expect.any(String) },
    repeats: true,
  },
  putStreamGroup: {
    change: ['put', '/v1/streams/s/groups/new', { maxFailures: 1 }],
    line: { change: 'stream.put-group', stream: 's', group: 'new' },
    repeats: true,
  },
  seekStreamGroup: {
    given: [['put', '/v1/streams/s/groups/g', {}]],
    change: ['post', '/v1/streams/s/groups/g/seek', { to: 'end' }],
    line: { change: 'stream.seek-group', stream: 's', group: 'g', to: 'end' },
  },
  deleteStreamGroup: {
    given: [['put', '/v1/streams/s/groups/old', {}]],
    change: ['delete', '/v1/streams/s/groups/old'],
    line: { change: 'stream.remove-group', stream: 's', group: 'old' },
    repeats: true,
  },
  invalidateCache: {
    change: ['post', '/v1/cache/b/invalidate', { all: true }],
    line: { change: 'space.invalidate', space: 'b', mode: 'soft' },
  },
  putRateLimitPolicy: {
    change: ['put', '/v1/ratelimit-policies/new', POLICY],
    line: { change: 'policy.put', policy: 'new', before: 0, version },
    repeats: true,
  },
  patchRateLimitPolicy: {
    given: GIVEN_POLICY,
    change: ['patch', '/v1/ratelimit-policies/p', { limit: 6 }],
    line: { change: 'policy.patch', policy: 'p', before: version, version },
    repeats: true,
  },
  deleteRateLimitPolicy: {
    given: [['put', '/v1/ratelimit-policies/old', POLICY]],
    change: ['delete', '/v1/ratelimit-policies/old'],
    line: { change: 'policy.delete', policy: 'old', before: version },
    repeats: true,
  },
  resetRateLimit: {
    given: [...GIVEN_POLICY, ['post', '/v1/ratelimits/p/check', { key: 'u1' }]],
    change: ['post', '/v1/ratelimits/p/reset?key=u1'],
    line: { change: 'subject.reset', policy: 'p', key: 'u1' },
    repeats: true,
  },
  blockRateLimitSubject: {
    given: GIVEN_POLICY,
    change: BLOCKED,
    line: { change: 'subject.block', policy: 'p', key: 'u1', ttlMs: 60_000 },
  },
  unblockRateLimitSubject: {
    given: [...GIVEN_POLICY, BLOCKED],
    change: ['post', '/v1/ratelimits/p/unblock?key=u1'],
    line: { change: 'subject.unblock', policy: 'p', key: 'u1' },
    repeats: true,
  },
  putRateLimitOverride: {
    given: [...GIVEN_POLICY, OVERRIDDEN],
    change: ['put', '/v1/ratelimit-policies/p/overrides/u1', { limit: 7, ttlMs: 60_000 }],
    line: { change: 'override.put', policy: 'p', key: 'u1', limit: 7, before: version, version },
  },
  patchRateLimitOverride: {
    given: [...GIVEN_POLICY, OVERRIDDEN],
    change: ['patch', '/v1/ratelimit-policies/p/overrides/u1', { limit: 8 }],
    line: { change: 'override.patch', policy: 'p', key: 'u1', limit: 8, before: version, version },
  },
  deleteRateLimitOverride: {
    given: [...GIVEN_POLICY, OVERRIDDEN],
    change: ['delete', '/v1/ratelimit-policies/p/overrides/u1'],
    line: { change: 'override.delete', policy: 'p', key: 'u1', before: version },
    repeats: true,
  },
  putLeaderboard: {
    change: ['put', '/v1/leaderboards/new', BOARD],
    line: { change: 'board.put', board: 'new', before: 0, version },
    repeats: true,
  },
  patchLeaderboard: {
    given: [['put', '/v1/leaderboards/part', BOARD]],
    change: ['patch', '/v1/leaderboards/part', { maxMembers: 5 }],
    line: { change: 'board.patch', board: 'part', before: version, version },
    repeats: true,
  },
  deleteLeaderboard: {
    given: [['put', '/v1/leaderboards/old', BOARD]],
    change: ['delete', '/v1/leaderboards/old'],
    line: { change: 'board.delete', board: 'old', before: version },
    repeats: true,
  },
  closeSeason: {
    given: [...GIVEN_BOARD, ['post', '/v1/leaderboards/d/open']],
    change: ['post', '/v1/leaderboards/d/close'],
    line: { change: 'season.close', board: 'd', season: expect.any(String) },
    repeats: true,
  },
  openSeason: {
    given: [...GIVEN_BOARD, ['post', '/v1/leaderboards/d/close']],
    change: ['post', '/v1/leaderboards/d/open'],
    line: { change: 'season.open', board: 'd', season: expect.any(String) },
    repeats: true,
  },
  hideMember: {
    given: [...GIVEN_BOARD, ['post', '/v1/leaderboards/d/unhide', { member: 'm' }]],
    change: ['post', '/v1/leaderboards/d/hide', { member: 'm' }],
    line: { change: 'member.hide', board: 'd', member: 'm' },
    repeats: true,
  },
  unhideMember: {
    given: [...GIVEN_BOARD, ['post', '/v1/leaderboards/d/hide', { member: 'm' }]],
    change: ['post', '/v1/leaderboards/d/unhide', { member: 'm' }],
    line: { change: 'member.unhide', board: 'd', member: 'm' },
    repeats: true,
  },
  deleteEntry: {
    given: GIVEN_BOARD,
    change: ['delete', '/v1/leaderboards/d/entries/m'],
    line: { change: 'entry.delete', board: 'd', member: 'm' },
    repeats: true,
  },
  eraseMember: {
    given: GIVEN_BOARD,
    change: ['post', '/v1/members/m/erase'],
    line: { change: 'member.erase', member: 'm', entries: 1 },
    repeats: true,
  },
}

/** @returns the id of what was made, for a call with `{id}` */
const make = async ([method, path, body]: Call): Promise<string> => {
  const { status, body: made } = await ask(method, path, body)
  expect(status).toBeLessThan(300)
  return String(made.id)
}

it.each(Object.entries(EXAMPLES))('%s logs one line', async (_operation, example) => {
  // Another example may have closed the season of the board.
  await ask('post', '/v1/leaderboards/d/open')
  let id = (await example.prepare?.()) ?? ''
  for (const call of example.given ?? []) id = await make(call)
  const change = JSON.parse(JSON.stringify(example.change).replace('{id}', id)) as Call
  const lines = await changesOf(() => make(change))
  expect(lines).toMatchObject([{ ...WHO, namespace: harness.namespace, ...example.line }])
  if (!example.repeats) return
  expect(await changesOf(() => ask(...change))).toEqual([])
})

/** Operations of ordinary callers, on what is their own. */
const EVERYDAY = new Set([
  ...['acquireLock', 'renewLock', 'releaseLock', 'setLockMetadata', 'holdLock'],
  'downgradeLock',
  ...['acquirePermits', 'renewPermits', 'releasePermits', 'setPermitMetadata'],
  ...['acquireLockSet', 'renewLockSet', 'releaseLockSet', 'setLockSetMetadata'],
  ...['openSession', 'keepSession', 'endSession'],
  ...['putCacheEntry', 'deleteCacheEntry', 'touchCacheEntry'],
  ...['setManyCacheEntries', 'deleteManyCacheEntries'],
  ...['startCacheWarming', 'cancelCacheWarming'],
  ...['renewCacheLease', 'cancelCacheLease', 'incrementCacheCounter', 'patchCacheFields'],
  ...['checkRateLimits', 'checkRateLimit', 'refundRateLimit'],
  ...['reserveRateLimit', 'commitRateLimitReservation', 'cancelRateLimitReservation'],
  ...['acquireConcurrencyLease', 'renewConcurrencyLease', 'releaseConcurrencyLease'],
  ...['submitScores', 'submitToLeaderboards'],
  ...['sendMessages', 'receiveMessages', 'settleMessages', 'appendToStream'],
  ...['receiveEntries', 'settleEntries'],
])

interface Operation {
  readonly operationId: string
  readonly 'x-lockstep-scope'?: string
}

it('has an example of every operation that changes configuration', async () => {
  const { body } = await harness.request('get', '/openapi.json').expect(200)
  const changing = Object.values(body.paths as Record<string, Record<string, Operation>>)
    .flatMap((methods) => Object.entries(methods))
    .filter(([method]) => method !== 'get')
    .map(([, operation]) => operation)
    .filter(({ 'x-lockstep-scope': scope }) => !scope?.endsWith(':read'))
    .map(({ operationId }) => operationId)
  expect(Object.keys(EXAMPLES).toSorted()).toEqual(
    changing.filter((operation) => !EVERYDAY.has(operation)).toSorted(),
  )
})

it('logs no refused change, and no change of a few keys', async () => {
  const lines = await changesOf(async () => {
    await ask('put', '/v1/ratelimit-policies/bad', { limit: 0 }).expect(400)
    await ask('post', '/v1/cache/b/invalidate', { keys: ['k'] }).expect(204)
  })
  expect(lines).toEqual([])
})

it('counts refused tokens by reason, and logs each at most once a second', async () => {
  const get = (token?: string) => {
    const request = harness.request('get', '/v1/locks/x')
    return token === undefined ? request : request.set('authorization', token)
  }
  const refusals = async () => {
    const text = await harness.app.metrics.registry.metrics()
    const counted = [...text.matchAll(/refused_tokens_total\{reason="(\w+)"\} (\d)/g)]
    return Object.fromEntries(counted.map(([, reason, count]) => [reason, Number(count)]))
  }
  // The test says when the second is over.
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  for (let i = 0; i < 3; i++) await get().expect(401)
  await get('Bearer nobody').expect(401)
  await get('Bearer few').expect(403)
  await harness
    .request('post', '/v1/locks/x/acquire')
    .set('authorization', 'Bearer few')
    .expect(403)
  await until('all are counted', async () => (await refusals()).scope === 1)
  vi.advanceTimersByTime(1_000)
  const lines = harness.log.map((line) => JSON.parse(line) as Line).filter(({ refusal }) => refusal)
  expect(lines).toMatchObject([
    { level: 40, refusal: 'missing', address: '127.0.0.1', msg: 'token refused' },
    { refusal: 'unknown' },
    { refusal: 'namespace', caller: 'reader' },
    { refusal: 'scope', caller: 'reader', route: '/v1/locks/:name/acquire' },
    { refusal: 'missing', count: 2, msg: 'more tokens refused' },
  ])
  expect(await refusals()).toEqual({ missing: 3, unknown: 1, namespace: 1, scope: 1 })
})
