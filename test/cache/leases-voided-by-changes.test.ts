import { expect, it } from 'vitest'
import { readScript } from '../../src/cache/entries/scripts.js'
import { useHarness } from '../support/harness.js'
import { cacheDriver } from './driver.js'
import { keysOf } from './keys.js'

const harness = useHarness()
const { at } = cacheDriver(harness)

/** Reads with an offer to load, and returns the kind of lease that the answer has. */
async function ask(key: string, token: string) {
  const { lease } = await harness.binder.bind(readScript)(keysOf(harness, key), {
    on_restart: 'keep 7',
    space: 'users',
    want: 1,
    token,
    lease_ms: 100_000,
    max_lease_ms: 100_000,
    early: '0',
    idle_ms: 0,
    max_stale_ms: -1,
    min_fresh_ms: 0,
    max_bytes: -1,
    keeps: 0,
    has_failed: 0,
  })
  return lease.kind
}

it.each([
  ['an increment', (key: string) => harness.request('post', `${at(key)}/incr`)],
  [
    'a patch',
    (key: string) => harness.request('patch', `${at(key)}/fields`).send({ set: { a: '1' } }),
  ],
  [
    'set-many',
    (key: string) =>
      harness.request('post', '/v1/cache/users/set-many').send({ entries: [{ key, value: 1 }] }),
  ],
  [
    'delete-many',
    (key: string) => harness.request('post', '/v1/cache/users/delete-many').send({ keys: [key] }),
  ],
])('a load under way may not fill a key after %s', async (name, change) => {
  const key = `lease-${name.replaceAll(' ', '-')}`
  expect(await ask(key, 'first-token-0000')).toBe('granted')
  expect(await ask(key, 'other-token-0000')).toBe('held')

  await change(key).expect(200)

  expect(await harness.redis.exists(keysOf(harness, key).lease)).toBe(0)
  await harness.request('delete', at(key)).expect(204)
  expect(await ask(key, 'other-token-0000')).toBe('granted')
})
