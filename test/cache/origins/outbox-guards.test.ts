import { describe, expect, it } from 'vitest'
import { type Harness, startHarness } from '../../support/harness.js'
import { connect, start } from '../../support/managed.js'
import { until } from '../../support/until.js'
import { behind, originFile, SPACE } from './driver.js'
import { useWritableOrigin, type WritableOrigin } from './writable-origin.js'

const LATER = { intervalMs: 60_000 }
const KEPT = { conf: ['appendonly yes'] }

const at = (key: string) => `/v1/cache/${SPACE}/${key}`
const send = (harness: Harness, method: 'put' | 'delete' | 'post', path: string) =>
  harness.request(method, path)
const findingsOf = async (harness: Harness): Promise<readonly string[]> =>
  (await harness.request('get', '/v1/status').expect(200)).body.redis.findings

/** An instance in the namespace `default`, with its own Redis. */
async function serve(redisUrl: string, file: string, check: (harness: Harness) => Promise<void>) {
  const harness = await startHarness({ redisUrl, configFile: file })
  try {
    await check(harness)
  } finally {
    await harness.close()
  }
}

const fileOf = (harness: Pick<Harness, 'namespace'>, origin: WritableOrigin, settings: object) =>
  originFile(origin, harness.namespace, behind(settings))

describe('a Redis that may drop what it holds', () => {
  it.each([
    ['writes no AOF', ['appendonly no']],
    ['evicts', ['appendonly yes', 'maxmemory 100mb', 'maxmemory-policy allkeys-lru']],
  ])('takes no write behind where it %s, until that is mended', async (_name, conf) => {
    const origin = await useWritableOrigin()
    const redis = await start({ conf })
    await serve(redis.url, '', async (harness) => {
      harness.reload(fileOf(harness, origin, { ...LATER, anyRedis: false }))
      const { body } = await send(harness, 'put', at('a')).send('x').expect(503)
      expect(body).toMatchObject({ code: 'store-not-ready', reason: 'cannot-persist' })
      await until('the finding', async () => (await findingsOf(harness)).includes('outbox-unsafe'))
      harness.reload(fileOf(harness, origin, LATER))
      await send(harness, 'put', at('a')).send('x').expect(201)
      await until('no finding', async () => !(await findingsOf(harness)).includes('outbox-unsafe'))
      harness.reload(fileOf(harness, origin, { ...LATER, anyRedis: false }))
      const client = await connect(redis)
      await client.config('SET', 'maxmemory-policy', 'noeviction')
      await client.config('SET', 'appendonly', 'yes')
      await until('a write', async () => (await send(harness, 'put', at('a')).send('x')).ok)
    })
  })
})

it('without its space in the file nothing is lost, the space is read-only, and it is shown', async () => {
  const origin = await useWritableOrigin()
  const redis = await start(KEPT)
  await serve(redis.url, '', async (harness) => {
    const settings = fileOf(harness, origin, { ...LATER, anyRedis: false })
    harness.reload(settings)
    await send(harness, 'put', at('kept')).send('x').expect(201)
    harness.reload('')
    const hasFinding = async () => (await findingsOf(harness)).includes('outbox-unserved')
    await until('the finding', hasFinding)
    const refusals = [
      send(harness, 'put', at('other')).send('x'),
      send(harness, 'delete', at('other')),
      send(harness, 'post', `${at('other')}/touch`).send({}),
      send(harness, 'post', `${at('other')}/incr`),
      harness.request('patch', `${at('other')}/fields`).send({ set: { a: 'b' } }),
    ]
    for (const refusal of refusals) {
      expect((await refusal.expect(409)).body.code).toBe('outbox-pending')
    }
    harness.reload(originFile(origin, harness.namespace, { origin: { write: 'through' } }))
    expect((await send(harness, 'put', at('other')).send('x').expect(409)).body.code).toBe(
      'outbox-pending',
    )
    harness.reload('')
    const many = await send(harness, 'post', `/v1/cache/${SPACE}/delete-many`)
      .send({ keys: ['other'] })
      .expect(200)
    expect(many.body.results[0].status).toBe('outbox-pending')
    const pipeline = await send(harness, 'post', '/v1/cache-pipeline')
      .send({
        operations: ['put', 'delete', 'incr'].map((op) => ({
          op,
          space: SPACE,
          key: op,
          ...(op === 'put' && { value: 1 }),
        })),
      })
      .expect(200)
    for (const { status } of pipeline.body.results) expect(status).toBe('outbox-pending')
    await send(harness, 'post', `/v1/cache/${SPACE}/invalidate`).send({ all: true }).expect(204)
    expect((await harness.request('get', at('kept')).expect(200)).text).toBe('x')
    const outbox = `/v1/cache-spaces/${SPACE}/outbox`
    expect((await harness.request('get', outbox).expect(200)).body.pending).toBe(1)
    expect((await send(harness, 'post', `${outbox}/flush`).expect(200)).body.due).toBe(1)
    expect(origin.values.size).toBe(0)

    // A Redis that lost the list has it again from whoever serves the space.
    const client = await connect(redis)
    harness.reload(settings)
    await until('the delivery', () => origin.values.get('kept') === 'x')
    await client.del('ls:layout:outboxes')
    await until('the list', async () => (await client.scard('ls:layout:outboxes')) === 1)
    await until('no finding', async () => !(await hasFinding()))
  })
})
