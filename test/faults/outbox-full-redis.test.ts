import { expect, it } from 'vitest'
import { createInvalidationStore } from '../../src/cache/invalidation/store.js'
import { createOutboxStore } from '../../src/cache/origins/outbox/store.js'
import { toOriginPolicy } from '../../src/cache/origins/policy.js'
import { Partitions } from '../../src/cache/partition.js'
import { DEFAULT_POLICY } from '../../src/cache/spaces/policy.js'
import { layoutOf } from '../../src/redis/layout.js'
import { useHarness } from '../support/harness.js'
import { useRedis } from '../support/managed.js'

const redis = useRedis()
const harness = useHarness(() => ({ redisUrl: redis.url }))

const HOUR_MS = 3_600_000
const setFull = (full: boolean) => harness.redis.config('SET', 'maxmemory', full ? '1' : '0')

it('an outbox of a full Redis takes no more, and is delivered', async () => {
  const { binder, connections, namespace } = harness
  const partitions = new Partitions(layoutOf(connections.cache), 'keep')
  const outbox = createOutboxStore(binder, partitions)
  const invalidation = createInvalidationStore(binder, partitions)
  const origin = toOriginPolicy({ url: 'http://origin/{key}', behind: { intervalMs: 0 } })
  const at = (key: string) => ({
    namespace,
    space: 'full',
    key,
    policy: { ...DEFAULT_POLICY, origin },
  })
  const value = {
    payload: Buffer.from('x'),
    contentType: 'text/plain',
    contentEncoding: '',
    tags: [],
  }
  const versions = new Map<string, number>()
  for (const key of ['settled', 'newer', 'failed', 'discarded']) {
    const reply = await outbox.put(at(key), { value })
    versions.set(key, 'version' in reply ? reply.version : 0)
  }
  const versionOf = (key: string) => versions.get(key) as number
  const name = { namespace, space: 'full', partition: 0 }
  const claim = async () => {
    const reply = await outbox.claim(name, { instance: 'one', policy: origin, most: 10 })
    if (reply.kind !== 'claimed') throw new Error(reply.kind)
    return reply
  }

  const before = await claim()
  await outbox.put(at('newer'), { value })
  await setFull(true)
  await expect(outbox.put(at('more'), { value })).rejects.toMatchObject({ code: 'store-full' })
  expect((await claim()).names).toEqual([])
  const { names, token } = before
  expect([...names].sort()).toEqual(['discarded', 'failed', 'newer', 'settled'])
  for (const mode of ['soft', 'hard'] as const) {
    await invalidation.keys(namespace, 'full', ['failed'], mode)
  }
  const version = versionOf('settled')
  expect(await outbox.settle(at('settled'), { token, version, drops: false })).toBe('settled')
  const newer = { token, version: versionOf('newer'), drops: false }
  expect(await outbox.settle(at('newer'), newer)).toBe('newer')
  const failing = { counts: true, isFinal: true, isUnknown: false, why: 'It is full.' }
  expect(await outbox.fail(at('failed'), { token, version: versionOf('failed'), ...failing })).toBe(
    'failed',
  )
  expect(await outbox.makeDue(name, ['failed'])).toBe(1)
  expect([...(await claim()).names].sort()).toEqual(['failed', 'newer'])
  expect(await outbox.discard(at('discarded'))).toBe(true)
  harness.advance(HOUR_MS)
  await outbox.leave(name, 'one')
  await setFull(false)

  expect((await outbox.put(at('more'), { value })).kind).toBe('created')
})
