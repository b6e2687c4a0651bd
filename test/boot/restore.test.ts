import { cpSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { freePort } from '../support/free-port.js'
import { connect, start } from '../support/managed.js'
import { startService } from '../support/service.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'

type Client = Awaited<ReturnType<typeof connect>>

const HOUR = 3_600_000

/** The two ways of docs/backups-and-upgrades.md to copy the data, and to start a Redis with it. */
const BACKUPS = {
  async 'append-only file'(raw: Client, from: string, to: string) {
    await raw.config('SET', 'auto-aof-rewrite-percentage', '0')
    await untilSaved(raw)
    cpSync(path.join(from, 'appendonlydir'), path.join(to, 'appendonlydir'), { recursive: true })
  },
  async snapshot(raw: Client, from: string, to: string) {
    await raw.bgsave()
    await untilSaved(raw)
    cpSync(path.join(from, 'dump.rdb'), path.join(to, 'dump.rdb'))
  },
}

const untilSaved = (raw: Client) =>
  until('no save that goes on', async () => {
    const info = await raw.info('persistence')
    return /aof_rewrite_in_progress:0/.test(info) && /rdb_bgsave_in_progress:0/.test(info)
  })

async function startRedis(port: number, dataFolder: string, conf: readonly string[] = []) {
  const redis = await start({ port, dataFolder, conf, restart: false })
  return { redis, raw: await connect(redis) }
}

/** Calls a service; the answer of any status. */
function caller(url: string) {
  return async (method: string, at: string, body?: unknown) => {
    const response = await fetch(`${url}/v1/${at}`, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
  }
}

it.each(Object.entries(BACKUPS))(
  'a restored %s has what it had, and no fence goes back',
  async (kind, copy) => {
    const port = await freePort()
    const [folder, backup] = [tempFolder(), tempFolder()]
    const first = await startRedis(port, folder)
    const environment = { LOCKSTEP_REDIS_URL: `redis://127.0.0.1:${port}` }
    const stays = await startService(environment)
    const call = caller(await stays.ready())
    const acquire = async (by: typeof call, name: string) =>
      (await by('POST', `locks/${name}/acquire`, { ttlMs: HOUR })).body
    const check = async (cost: number) =>
      (await call('POST', 'ratelimits/api/check', { key: 'ada', cost })).body
    const submit = (score: number) =>
      call('POST', 'leaderboards/arena/scores', { entries: [{ member: 'ada', score }] })
    const send = async (body: string) =>
      (await call('POST', 'queues/mail/messages', { messages: [{ body }] })).body.messages[0].id
    const append = async (data: string) =>
      (await call('POST', 'streams/chat/entries', { entries: [{ event: 'said', data }] })).body
        .entries[0].id

    const held = await acquire(call, 'held')
    await call('PUT', 'cache/users/ada', 'old')
    await call('PUT', 'ratelimit-policies/api', { limit: 10, windowMs: HOUR })
    await check(3)
    await submit(1)
    await send('before')
    await append('before')
    await copy(first.raw, folder, backup)

    const lost = [await acquire(call, 'a'), await acquire(call, 'b')]
    await call('POST', 'locks/held/release', { token: held.token })
    await call('PUT', 'cache/users/ada', 'new')
    await check(5)
    await submit(2)
    const done = (await call('POST', 'queues/mail/receive', {})).body.items[0]
    await call('POST', 'queues/mail/settle', { ack: [done.receipt] })
    const lastMessage = await send('after')
    const lastEntry = await append('after')

    await first.redis.stop()
    const isSnapshot = kind === 'snapshot'
    const { raw } = await startRedis(port, backup, isSnapshot ? ['appendonly no'] : [])
    if (isSnapshot) {
      await raw.config('SET', 'appendonly', 'yes')
      await untilSaved(raw)
    }
    const fresh = caller(await (await startService(environment)).ready())
    for (const at of ['locks/a', 'cache/users/ada']) {
      await until('it serves again', async () => (await call('GET', at)).status !== 503)
    }

    expect((await acquire(call, 'a')).fence).toBeGreaterThan(lost[0].fence)
    expect((await acquire(fresh, 'b')).fence).toBeGreaterThan(lost[1].fence)
    expect((await call('POST', 'locks/a/renew', { token: lost[0].token })).status).toBe(409)
    expect((await call('GET', 'locks/held')).body.state).toBe('held')
    expect((await call('POST', 'locks/held/release', { token: held.token })).status).toBe(200)
    expect((await call('GET', 'cache/users/ada')).status).toBe(404)
    expect(await check(1)).toMatchObject({ remaining: 6 })
    const entry = await call('GET', 'leaderboards/arena/entries/ada')
    expect(entry.body).toMatchObject({ score: 1 })
    expect(Number.parseInt(await send('again'), 36)).toBeGreaterThan(
      Number.parseInt(lastMessage, 36),
    )
    const { items } = (await call('POST', 'queues/mail/receive', { limit: 9 })).body
    expect(items.map(({ body }: { body: string }) => body)).toEqual(['before', 'again'])
    const settled = await call('POST', 'queues/mail/settle', { ack: [done.receipt] })
    expect(settled.body.results[0].status).toBe('stale')
    const page = await call('GET', `streams/chat/entries?after=${lastEntry}`)
    expect(page).toMatchObject({ status: 410, body: { code: 'position-lost' } })
    expect(Number.parseInt(await append('again'), 10)).toBeGreaterThan(
      Number.parseInt(lastEntry, 10),
    )
  },
)
