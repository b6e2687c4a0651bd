import slotOfKey from 'cluster-key-slot'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keysOf } from '../cache/keys.js'
import { SILENCE_MS } from '../support/bounds.js'
import { type Harness, startHarness } from '../support/harness.js'
import { type Servers, startTopology } from '../support/topology.js'
import { until } from '../support/until.js'
import { beginMove, endMove, moveKeys } from './slots.js'

let servers: Servers
let here: Harness
let there: Harness

beforeAll(async () => {
  servers = await startTopology('cluster')
  const options = {
    configFile: 'spaces: { mem: { ttlMs: 600000, jitter: 0, l1: { ttlMs: 600000 } } }',
    redisUrl: servers.url,
    environment: { LOCKSTEP_REDIS_TIMEOUT_MS: `${SILENCE_MS}` },
  }
  here = await startHarness(options)
  there = await startHarness(options)
})
afterAll(async () => {
  await Promise.all([here.close(), there.close()])
  await servers.stop()
})

it.each([
  { all: true, mode: 'hard' },
  { tags: ['x'], mode: 'hard' },
])(
  'an invalidation %j is refused while its slot moves, and reaches L1 after the move',
  async (what) => {
    const key = `k-${Object.keys(what)[0]}`
    const ask = (harness: Harness, method: 'get' | 'put' | 'post', path: string) =>
      harness.request(method, `/v1/cache/mem/${path}`).set('lockstep-namespace', here.namespace)
    const read = async () => {
      const { status, headers } = await ask(there, 'get', key)
      return headers['cache-status']?.includes('L1') ? 'memory' : status
    }
    await ask(here, 'put', key).set('surrogate-key', 'x').type('text/plain').send('old')
    await until('memory', async () => (await read()) === 'memory')

    const { clock } = keysOf(here, key, 'mem')
    const slot = slotOfKey(clock)
    const primaries = servers.nodes.slice(0, 3)
    const from = primaries[Math.floor((slot * 3) / 16_384)]!
    const to = primaries.find((node) => node !== from)!
    await beginMove(slot, from, to)
    await moveKeys(from, to, [clock])
    const refused = await ask(here, 'post', 'invalidate').send(what)
    expect(refused.status).toBe(503)
    expect(refused.body).toMatchObject({ code: 'store-not-ready', reason: 'slot-moving' })

    await endMove(slot, from, to, primaries)
    await until('an invalidation', async () => {
      return (await ask(here, 'post', 'invalidate').send(what)).status === 204
    })
    await until('the end of the value', async () => (await read()) === 404)
  },
)
