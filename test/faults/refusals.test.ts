import { rmSync } from 'node:fs'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { redisKey } from '../../src/redis/keys.js'
import { type ManagedRedis, startManagedRedis } from '../../src/redis/managed.js'
import { integers } from '../../src/redis/reply.js'
import { defineScript } from '../../src/redis/script.js'
import { freePort } from '../support/free-port.js'
import { type Harness, startHarness } from '../support/harness.js'
import { find, toolsFolder } from '../support/server-place.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'

/** Counts, but has no memory guard: its refusals come from inside the batch. */
const countScript = defineScript({
  name: 'test.echo',
  file: new URL('../redis/scripts/echo.lua', import.meta.url),
  keys: ['subject'],
  args: ['verb', 'word[]'],
  decode: (reply) => integers(reply, 1)[0] as number,
})

let redis: ManagedRedis
let raw: Redis
let harness: Harness

beforeAll(async () => {
  const conf = ['enable-debug-command local', 'enable-protected-configs local']
  redis = await startManagedRedis({ toolsFolder, find, port: await freePort(), conf })
  harness = await startHarness({ redisUrl: redis.url })
  raw = plain()
})
afterAll(async () => {
  raw.disconnect()
  await harness.close()
  await redis.stop()
})

/** A client with default options, which waits for a server that is not ready. */
function plain(): Redis {
  const client = new Redis(redis.url, { enableReadyCheck: false })
  client.on('error', () => undefined)
  return client
}

const set = (name: string, value: string) => raw.call('CONFIG', 'SET', name, value)

/** Two calls in one batch. */
function counted(key: string) {
  const count = harness.binder.bind(countScript)
  const subject = redisKey(harness.namespace, 'x', 'k', key)
  const call = () => count({ subject }, { verb: 'count', word: [] })
  return Promise.allSettled([call(), call()])
}

const acquire = (name: string) => harness.request('post', `/v1/locks/${name}/acquire`)

/** Expects the same error from both calls of a batch and from an HTTP request. */
async function refused(name: string, code: string, reason?: string) {
  const error = { status: 'rejected', reason: { name: 'StoreError', code, reason } }
  await until(`${name} inside the batch`, async () => {
    const [first, second] = await counted(name)
    // Before the refusal, and during a reconnect, other answers come.
    if ((first as { reason?: { code?: string } }).reason?.code !== code) return false
    expect([first, second]).toMatchObject([error, error])
    return true
  })
  // The client reconnects all the time here, so a request mostly finds no connection.
  if (reason === 'primary-down' || reason === 'loading') return
  await until(`${name} at the door`, async () => {
    const { status, body } = await acquire(name)
    return status === 503 && body.code === code && body.reason === reason
  })
}

async function works(name: string) {
  await until('all is well', async () => [200, 423].includes((await acquire(name)).status))
  const before = await raw.get(redisKey(harness.namespace, 'x', 'k', name))
  const answers = await counted(name)
  expect(answers.map((answer) => (answer as { value?: number }).value)).toEqual([
    Number(before) + 1,
    Number(before) + 2,
  ])
}

it('READONLY inside a coalesced reply: nothing was applied, and the client reconnects', async () => {
  await counted('read-only')
  const id = await harness.connection.client.client('ID')
  await raw.call('REPLICAOF', '127.0.0.1', String(await freePort()))
  await refused('read-only', 'store-not-ready', 'read-only')
  expect(await raw.get(redisKey(harness.namespace, 'x', 'k', 'read-only'))).toBe('2')

  await raw.call('REPLICAOF', 'NO', 'ONE')
  await works('read-only')
  expect(await harness.connection.client.client('ID')).toBeGreaterThan(id as number)
})

it('MASTERDOWN: a replica that lost its primary and serves nothing', async () => {
  await set('replica-serve-stale-data', 'no')
  await raw.call('REPLICAOF', '127.0.0.1', String(await freePort()))
  await refused('primary-down', 'store-not-ready', 'primary-down')
  await raw.call('REPLICAOF', 'NO', 'ONE')
  await set('replica-serve-stale-data', 'yes')
  await works('primary-down')
})

it('NOREPLICAS: too few replicas to take a write', async () => {
  await set('min-replicas-to-write', '1')
  await refused('no-replicas', 'not-replicated')
  await set('min-replicas-to-write', '0')
  await works('no-replicas')
})

it('MISCONF: Redis cannot write its snapshot', async () => {
  const [, folder] = (await raw.config('GET', 'dir')) as [string, string]
  const gone = tempFolder()
  await set('dir', gone)
  rmSync(gone, { recursive: true })
  await set('save', '3600 1')
  await raw.bgsave().catch(() => undefined)
  await until('the snapshot failed', async () =>
    (await raw.info('persistence')).includes('rdb_last_bgsave_status:err'),
  )
  await refused('misconf', 'store-not-ready', 'cannot-persist')

  await set('dir', folder)
  await set('save', '')
  await raw.bgsave()
  await works('misconf')
})

it('BUSY: another client runs a script that does not end', async () => {
  await set('busy-reply-threshold', '10')
  const endless = plain()
  const ended = endless.eval('while true do end', 0).catch((error: Error) => error.message)
  await refused('busy', 'store-not-ready', 'busy')

  await raw.call('SCRIPT', 'KILL')
  expect(await ended).toContain('Script killed by user')
  endless.disconnect()
  await works('busy')
})

it('LOADING: Redis reads its data', async () => {
  await raw.call('DEBUG', 'POPULATE', '20000')
  await until('its own snapshot', () => raw.save().catch(() => undefined))
  await set('loading-process-events-interval-bytes', '1024')
  // Minutes, unless it is told to go faster.
  await set('key-load-delay', '10000')
  const loader = plain()
  const loaded = loader.call('DEBUG', 'RELOAD', 'NOSAVE')
  await refused('loading', 'store-not-ready', 'loading')
  await set('key-load-delay', '0')
  await loaded
  loader.disconnect()
  await works('loading')
})
