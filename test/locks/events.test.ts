import { describe, expect, it, onTestFinished } from 'vitest'
import { inspectScript } from '../../src/locks/admin/scripts.js'
import { acquireScript, releaseScript } from '../../src/locks/leases/scripts.js'
import { randomToken } from '../../src/redis/random.js'
import { type Asked, type EventClient, openEvents } from '../support/event-client.js'
import { startHarness, useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { lockDriver } from './driver.js'

const harness = useHarness()
const { post, acquire, release, held, look, keyOf } = lockDriver(harness)

async function watch(
  name: string,
  after?: string,
  at = harness,
  { namespace } = harness,
): Promise<EventClient> {
  const headers = {
    'lockstep-namespace': namespace,
    ...(after !== undefined && { 'last-event-id': after }),
  }
  const client = await openEvents(at, `/v1/locks/${name}/events`, { headers } as Asked)
  onTestFinished(() => client.close())
  expect(client.status).toBe(200)
  return client
}

const streams = async (name: string) => {
  const { text } = await harness.request('get', '/metrics')
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0)
}

describe('GET events', () => {
  it('begins with the state of the lock, then sends what happens to it', async () => {
    const events = await watch('all')
    expect(events.headers['content-type']).toBe('text/event-stream')
    expect(events.headers['cache-control']).toBe('private, no-store')
    expect(events.headers['x-request-id']).toBeDefined()
    const first = await events.next()
    expect(first).toMatchObject({ event: 'watching', data: { name: 'all', state: 'free' } })
    expect(first.id).toMatch(/^\d+-\d+$/)

    const { token, fence } = await held('all', { owner: 'me' })
    const granted = await events.next()
    expect(granted).toMatchObject({ event: 'granted', data: { fence, owner: 'me' } })
    const occurredAt = granted.data.occurredAt as string
    expect(occurredAt).toBe(new Date(occurredAt).toISOString())
    expect(Math.abs(Date.parse(occurredAt) - Date.now())).toBeLessThan(60_000)
    expect(granted.id).toBe(`${Date.parse(occurredAt)}-${granted.id?.split('-')[1]}`)

    const waiting = acquire('all', { owner: 'next', waitMs: 60_000, ttlMs: 5_000 }).then((r) => r)
    const queue = await events.next()
    expect(queue).toMatchObject({ event: 'queued', data: { owner: 'next' } })
    expect(queue.data).not.toHaveProperty('fence')
    await release('all', token).expect(200)
    expect(await events.next()).toMatchObject({ event: 'released', data: { fence, owner: 'me' } })
    const { body: next } = await waiting
    expect(await events.next()).toMatchObject({
      event: 'granted',
      data: { fence: next.fence, owner: 'next' },
    })
    harness.advance(5_001)
    expect(await events.next()).toMatchObject({ event: 'expired', data: { fence: next.fence } })

    const last = await held('all')
    await events.next()
    await post('locks/all/revoke', { reason: 'test', force: true }).expect(200)
    expect(await events.next()).toMatchObject({
      event: 'revoked',
      data: { fence: last.fence, reason: 'test' },
    })
    expect(JSON.stringify(events.events)).not.toContain(token)
    expect(JSON.stringify(events.events)).not.toContain(last.token)
  })

  it('begins with who holds the lock and who waits for it', async () => {
    const { token, fence } = await held('begin')
    const waiting = acquire('begin', { owner: 'next', waitMs: 60_000 }).then((r) => r)
    await until('it waits', async () => (await look('begin')).queueLength === 1)
    const { data } = await (await watch('begin')).next()
    expect(data).toMatchObject({ holders: [{ fence }], waiters: [{ position: 1, owner: 'next' }] })
    await release('begin', token).expect(200)
    await waiting
  })

  it('sends a grant when it is claimed, not when it expires unclaimed', async () => {
    const events = await watch('unclaimed')
    const { token } = await held('unclaimed')
    await events.nextOf('granted')
    await harness.binder.bind(acquireScript)(
      { lock: [keyOf('lock', 'unclaimed')] },
      {
        token: randomToken(),
        ttl_ms: 60_000,
        wait_ms: 60_000,
        options: JSON.stringify({ instance: 'dead', ttl_ms: 60_000 }),
        floor: 0,
        ended_ttl_ms: 60_000,
      },
    )
    await events.nextOf('queued')
    const key = keyOf('lock', 'unclaimed')
    const common = { instance: 'elsewhere', floor: 0, ended_ttl_ms: 60_000, hold: undefined }
    const releaseAndLook = (held: string) =>
      Promise.all([
        harness.binder.bind(releaseScript)({ lock: [key] }, { token: held, ...common }),
        harness.binder.bind(inspectScript)({ lock: key }, { max: 9 }),
      ])
    // Redis runs calls of one turn in their order when it knows their scripts.
    await releaseAndLook(randomToken())
    // In one turn, so that Redis looks before the grant is over.
    const [, after] = await releaseAndLook(token)
    expect(after.holderCount).toBe(1)
    await events.nextOf('released')
    harness.advance(2_001)
    await held('unclaimed', { owner: 'after' })
    expect(await events.next()).toMatchObject({ event: 'granted', data: { owner: 'after' } })
  })

  it('sends one event for a lease with several tokens', async () => {
    const events = await watch('re')
    const terms = { owner: 'me', reentrant: true, minHoldMs: 2_000 }
    const first = await held('re', terms)
    const second = await held('re', terms)
    await release('re', first.token).expect(200)
    await release('re', second.token).expect(200)
    harness.advance(2_001)
    await until('it is free', async () => (await look('re')).state === 'free')
    await held('re')
    await events.nextOf('granted')
    expect((await events.next()).event).toBe('released')
    expect((await events.next()).event).toBe('granted')
  })

  it('covers semaphores and sets', async () => {
    const events = await watch('kinds@a')
    await post('semaphores/kinds@a/acquire', { capacity: 2, ttlMs: 20_000 }).expect(200)
    await events.nextOf('granted')
    harness.advance(20_001)
    await events.nextOf('expired')
    await post('lock-sets/acquire', { names: ['kinds@a', 'kinds@b'] }).expect(200)
    await events.nextOf('granted')
  })

  it('reaches every watcher, here and at another instance', async () => {
    const other = await startHarness()
    onTestFinished(() => other.close())
    const clients = [
      await watch('many'),
      await watch('many'),
      await watch('many', undefined, other),
    ]
    const { token, fence } = await held('many')
    await release('many', token).expect(200)
    for (const client of clients) {
      expect(await client.nextOf('granted')).toMatchObject({ data: { fence } })
      await client.nextOf('released')
      expect(client.events.map(({ event }) => event)).toEqual(['watching', 'granted', 'released'])
    }
    expect(new Set(clients.map(({ events }) => events[2]?.id)).size).toBe(1)
  })

  it('stays in its namespace', async () => {
    const events = await watch('apart')
    await acquire('apart').set('lockstep-namespace', 'another-one').expect(200)
    await held('apart', { owner: 'here' })
    expect(await events.nextOf('granted')).toMatchObject({ data: { owner: 'here' } })
  })

  it('lists a name that was watched before it was held', async () => {
    await watch('listed')
    await held('listed')
    const { body } = await harness.request('get', '/v1/locks?prefix=listed').expect(200)
    expect(body.items).toMatchObject([{ name: 'listed', holderCount: 1 }])
  })

  it('refuses a malformed id', async () => {
    const events = await openEvents(harness, '/v1/locks/x/events', {
      headers: { 'last-event-id': 'nonsense' },
    })
    await events.ended()
    expect([events.status, events.body().code]).toEqual([400, 'invalid-request'])
  })
})

describe('a client that connects again', () => {
  it('gets what it missed, once and in order, also through another instance', async () => {
    const other = await startHarness()
    onTestFinished(() => other.close())
    const events = await watch('resume')
    const seen = await events.next()
    events.close()
    const fences: number[] = []
    for (let i = 0; i < 120; i++) {
      const { token, fence } = await held('resume')
      fences.push(fence)
      await release('resume', token).expect(200)
    }

    const again = await watch('resume', seen.id, other)
    const last = await held('resume')

    await until('all of it', () => again.events.length === 241)
    expect(again.events.map(({ event, data }) => `${event} ${data.fence}`)).toEqual([
      ...fences.flatMap((fence) => [`granted ${fence}`, `released ${fence}`]),
      `granted ${last.fence}`,
    ])
    expect(new Set(again.events.map(({ id }) => id)).size).toBe(241)
  })

  it('gets `reset` and the state of the lock when it was not watched for a while', async () => {
    const events = await watch('gone')
    const seen = await events.next()
    events.close()
    await until('the stream is gone', async () => (await openStreams()) === 0)
    harness.advance(70_001)
    const { fence } = await held('gone')

    const again = await watch('gone', seen.id)

    expect(await again.next()).toMatchObject({
      event: 'reset',
      data: { state: 'held', holders: [{ fence }] },
    })
    await post('locks/gone/revoke', { reason: 'test', force: true }).expect(200)
    expect((await again.next()).event).toBe('revoked')
  })

  it('gets `reset` when more happened than is kept', async () => {
    const events = await watch('long')
    const seen = await events.next()
    events.close()
    const stream = keyOf('events', 'long')
    const many = harness.redis.pipeline()
    const fields = ['type', 'granted', 'fence', '1', 'owner', '', 'reason', '']
    for (let i = 0; i < 1_000; i++) many.xadd(stream, '*', ...fields)
    await many.exec()
    await held('long')
    expect(await harness.redis.xlen(stream)).toBe(1_000)

    const again = await watch('long', seen.id)

    expect((await again.next()).event).toBe('reset')
  })

  it('gets `reset` when Redis lost everything, also while it is connected', async () => {
    const events = await watch('lost')
    const seen = await events.next()
    await harness.redis.del(
      keyOf('events', 'lost'),
      keyOf('lock', 'lost'),
      keyOf('watchers', 'lost'),
    )

    const again = await watch('lost', seen.id)
    const { fence } = await held('lost')

    expect((await again.next()).event).toBe('reset')
    expect(await again.next()).toMatchObject({ event: 'granted', data: { fence } })
    expect((await events.next()).event).toBe('reset')
  })
})

const openStreams = async () => {
  let open = 0
  await until('a scrape that is not cached', async () => {
    open = await streams('lockstep_locks_streams\\{kind="events"\\}')
    return true
  })
  return open
}

describe('what watching leaves in Redis', () => {
  it('expires by itself, and watchers that are gone are notified no longer', async () => {
    await harness.redis.zadd(keyOf('watchers', 'bounded'), 1, 'gone')
    await watch('bounded')
    expect(await harness.redis.zrange(keyOf('watchers', 'bounded'), '0', '-1')).not.toContain(
      'gone',
    )
    for (const part of ['lock', 'events', 'watchers']) {
      const ttl = await harness.redis.pttl(keyOf(part, 'bounded'))
      expect(ttl, part).toBeGreaterThan(30_000)
      expect(ttl, part).toBeLessThan(700_000)
    }
  })

  it('is nothing once the time of the watch is over', async () => {
    const events = await watch('quiet')
    await events.next()
    expect(await harness.redis.exists(keyOf('lock', 'quiet'), keyOf('events', 'quiet'))).toBe(2)
    events.close()
    await until('the stream ends', async () => (await openStreams()) === 0)

    harness.advance(70_001)

    await until('all of it is gone', async () => {
      const parts = ['lock', 'events', 'watchers'].map((part) => keyOf(part, 'quiet'))
      return (await harness.redis.exists(...parts)) === 0
    })
  })

  it('is no history of a lock without watchers', async () => {
    const { token } = await held('unwatched')
    await release('unwatched', token).expect(200)
    expect(await harness.redis.exists(keyOf('events', 'unwatched'))).toBe(0)
  })
})

describe('a reader that does not read', () => {
  it('gets nothing meanwhile, and everything once it reads again', async () => {
    const events = await watch('slow')
    await events.next()
    events.pause()
    const stream = keyOf('events', 'slow')
    const fields = ['type', 'granted', 'fence', '1', 'owner', 'o'.repeat(200), 'reason', '']
    const channel = `ls:events:${(await harness.redis.zrange(keyOf('watchers', 'slow'), '0', '0'))[0]}`
    const send = async (count: number) => {
      const many = harness.redis.pipeline()
      for (let i = 0; i < count; i++) many.xadd(stream, '*', ...fields)
      await many.publish(channel, keyOf('lock', 'slow')).exec()
    }
    // Several megabytes, more than the socket buffers hold.
    for (let i = 0; i < 60; i++) await send(500)
    let sent = 0
    let since = performance.now()
    // Waits twice the maximum age of a scrape, in which any further event would show.
    await until('it sends no more, though there is more', async () => {
      const now = await streams('lockstep_locks_stream_events_total\\{type="granted"\\}')
      if (now !== sent) since = performance.now()
      sent = now
      return sent > 0 && performance.now() - since > 2_000
    })
    expect(sent).toBeLessThan(29_000)

    events.resume()

    await until('all of them', () => events.events.length === 30_001)
    expect(new Set(events.events.map(({ id }) => id)).size).toBe(30_001)
  })
})

describe('shutdown', () => {
  it('ends streams as complete answers, and the client continues at another instance', async () => {
    // Away from `harness`: its clock was moved, and it ends what is due in its namespace.
    const [ending, other] = [await startHarness(), await startHarness()]
    onTestFinished(() => other.close())
    const events = await watch('moved', undefined, ending, other)
    const seen = await events.next()

    await ending.close()

    expect(await events.ended()).toBe(true)
    const { body } = await other
      .request('post', '/v1/locks/moved/acquire')
      .set('lockstep-namespace', other.namespace)
      .expect(200)
    const again = await watch('moved', seen.id, other, other)
    expect(await again.next()).toMatchObject({ event: 'granted', data: { fence: body.fence } })
  })
})
