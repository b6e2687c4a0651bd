import { describe, expect, it, onTestFinished } from 'vitest'
import { askEvents, type EventClient, openEvents } from '../support/event-client.js'
import { type HarnessOptions, startHarness, useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { lockDriver } from './driver.js'

const harness = useHarness()
const { post, acquire, look, queued } = lockDriver(harness)

/** How far the clock has been moved; new instances get the same offset, as for one Redis. */
let movedMs = 0
const advance = (ms: number) => {
  movedMs += ms
  harness.advance(ms)
}
const startOther = async (options: HarnessOptions = {}) => {
  const other = await startHarness(options)
  other.advance(movedMs)
  return other
}

const state = (name: string, wanted: string) =>
  until(`"${name}" is ${wanted}`, async () => (await look(name)).state === wanted)

const asked = (body: object) => ({
  method: 'POST',
  body,
  headers: { 'lockstep-namespace': harness.namespace },
})

async function hold(name: string, body: object = {}, at = harness): Promise<EventClient> {
  const client = await openEvents(at, `/v1/locks/${name}/hold`, asked(body))
  onTestFinished(() => client.close())
  return client
}

async function held(name: string, body: object = {}, at = harness) {
  const client = await hold(name, body, at)
  expect(client.status).toBe(200)
  const { event, data } = await client.next()
  expect(event).toBe('acquired')
  return { client, token: data.token as string, fence: data.fence as number, data }
}

/** Sends a request that waits; the test can cut its connection. */
function waits(name: string, body: object = {}, at = harness) {
  const one = askEvents(at, `/v1/locks/${name}/hold`, asked({ waitMs: 60_000, ...body }))
  onTestFinished(() => void one.request.destroy())
  return one
}

describe('a hold', () => {
  it('is the lease: the service renews it while the stream is open', async () => {
    const { client, data } = await held('renew', { ttlMs: 15_000, owner: 'me' })
    expect(client.headers['content-type']).toBe('text/event-stream')
    expect(data).toMatchObject({ name: 'renew', mode: 'exclusive', waitedMs: 0, holdCount: 1 })
    expect(data.elapsedMs).toBeGreaterThanOrEqual(0)
    expect((await look('renew')).holders[0].owner).toBe('me')

    // The advances together exceed its TTL.
    for (let i = 0; i < 2; i++) {
      advance(6_000)
      const { data: ping } = await client.nextOf('ping')
      expect(ping.expiresInMs).toBeLessThanOrEqual(15_000)
      expect(ping.expiresInMs).toBeGreaterThan(0)
      expect(ping.elapsedMs).toBeGreaterThanOrEqual(data.elapsedMs as number)
    }

    await acquire('renew').expect(423)
  })

  it('releases when its client closes the connection', async () => {
    const { client, fence } = await held('close')
    client.close()
    await state('close', 'free')
    expect((await look('close')).lastEnd).toMatchObject({ how: 'released', fence })
  })

  it('hands the lock to the next waiting stream at that moment', async () => {
    const { client, fence } = await held('next')
    const waiting = waits('next')
    await queued('next', 1)
    client.close()
    const next = await (await waiting.client()).next()
    expect(next.data.fence).toBeGreaterThan(fence)
    expect(next.data.waitedMs).toBeGreaterThan(0)
  })

  it('leaves a lock delay when its connection closes, which may have been a crash', async () => {
    const { client } = await held('crash', { lockDelayMs: 60_000 })
    const behind = waits('crash')
    await queued('crash', 1)
    client.close()
    await state('crash', 'delayed')
    behind.request.destroy()
    await queued('crash', 0)
    expect((await acquire('crash').expect(423)).body.code).toBe('lock-delayed')
    advance(60_001)
    await acquire('crash').expect(200)
  })

  it('leaves no lock delay when it is released with its token, and hears of it', async () => {
    const { client, token } = await held('purpose', { lockDelayMs: 60_000 })
    await post('locks/purpose/release', { token }).expect(200)
    expect(await client.nextOf('lost')).toMatchObject({ data: { reason: 'released' } })
    expect(await client.ended()).toBe(true)
    expect((await look('purpose')).state).toBe('free')
  })

  it('keeps the name for its minimal hold', async () => {
    const { client } = await held('minimal', { minHoldMs: 30_000, lockDelayMs: 60_000 })
    client.close()
    await until('it was given back', async () => (await look('minimal')).lastEnd !== undefined)
    expect((await look('minimal')).state).toBe('held')
    advance(30_001)
    await state('minimal', 'delayed')
    advance(60_001)
    await state('minimal', 'free')
  })

  it('hears at once that it was released, also where the name stays taken', async () => {
    const { client, token } = await held('taken', { ttlMs: 60_000, minHoldMs: 50_000 })
    await post('locks/taken/release', { token }).expect(200)
    expect(await client.nextOf('lost')).toMatchObject({ data: { reason: 'released' } })
    expect((await look('taken')).state).toBe('held')
  })

  it('joins the lease of the same owner, which ends with the last of its tokens', async () => {
    const terms = { owner: 'me', reentrant: true, lockDelayMs: 60_000 }
    const first = await held('re', terms)
    const second = await held('re', terms)
    expect(second.data).toMatchObject({ fence: first.fence, holdCount: 2 })
    first.client.close()
    await until(
      'one is left',
      async () =>
        (await harness.redis.hkeys(key('re'))).filter((field) => field.startsWith('>')).length ===
        1,
    )
    expect((await look('re')).state).toBe('held')
    second.client.close()
    await state('re', 'delayed')
  })

  it('is bounded by maxHoldMs', async () => {
    const { client } = await held('max', { ttlMs: 1_000, maxHoldMs: 3_000 })
    advance(2_500)
    expect((await client.nextOf('lost')).data.reason).toBe('expired')
    expect(await client.ended()).toBe(true)
  })

  it('hears at once that it is asked to give way, and when it was revoked', async () => {
    const { client } = await held('revoke', { ttlMs: 60_000 })
    await post('locks/revoke/revoke', { reason: 'please' }).expect(200)
    expect((await client.nextOf('revoke-requested')).data).toEqual({ reason: 'please' })
    await post('locks/revoke/revoke', { reason: 'now', graceMs: 20_000 }).expect(200)
    const { data } = await client.nextOf('revoke-requested')
    expect(data.reason).toBe('now')
    expect(data.expiresInMs).toBeGreaterThan(10_000)
    advance(20_001)
    expect((await client.nextOf('lost')).data.reason).toBe('revoked')
    expect(client.events.filter(({ event }) => event === 'revoke-requested')).toHaveLength(2)
    expect(await client.ended()).toBe(true)
  })

  it('hears that it was revoked by force', async () => {
    const { client } = await held('force', { ttlMs: 60_000 })
    await post('locks/force/revoke', { reason: 'stop', force: true }).expect(200)
    expect((await client.nextOf('lost')).data.reason).toBe('revoked')
  })

  it('hears that the lease expired', async () => {
    const { client } = await held('expire', { ttlMs: 1_000 })
    advance(1_001)
    expect((await client.nextOf('lost')).data.reason).toBe('expired')
    await state('expire', 'free')
  })

  it('is refused as any other request', async () => {
    await acquire('held', { owner: 'other' }).expect(200)
    const refused = await hold('held')
    await refused.ended()
    expect([refused.status, refused.body().code]).toEqual([423, 'lock-held'])
    const late = await hold('held', { waitMs: 100 })
    await late.ended()
    expect([late.status, late.body().code]).toEqual([423, 'wait-timeout'])
    const wrong = await hold('held', { ttlMs: 10 })
    await wrong.ended()
    expect(wrong.status).toBe(400)
    const stranger = await hold('held', { token: 'x'.repeat(22) })
    await stranger.ended()
    expect([stranger.status, stranger.body().code]).toEqual([409, 'not-owner'])
  })

  it('shows its token to its own client alone', async () => {
    const { token } = await held('secret')
    const { text } = await harness.request('get', '/v1/locks/secret').expect(200)
    expect(text).not.toContain(token)
    expect(harness.log.join('')).not.toContain(token)
  })
})

const key = (name: string) => `ls:{${harness.namespace}:${harness.lockTag(name)}}:lock:${name}`

describe('a connection that is cut', () => {
  it('while it waits leaves the queue at once', async () => {
    await acquire('queue').expect(200)
    const cut = waits('queue')
    await queued('queue', 1)
    cut.request.destroy()
    await queued('queue', 0)
  })

  it('at the moment of the grant leaves no holder', async () => {
    for (let i = 0; i < 20; i++) {
      const { body } = await acquire('instant').expect(200)
      const cut = waits('instant')
      await queued('instant', 1)
      const released = post('locks/instant/release', { token: body.token }).expect(200)
      cut.request.destroy()
      await released
      await state('instant', 'free')
    }
  })

  it('before its stream begins leaves no holder', async () => {
    for (let i = 0; i < 20; i++) {
      const cut = askEvents(harness, '/v1/locks/begin/hold', asked({}))
      cut.request.on('error', () => undefined)
      await new Promise((resolve) => cut.request.once('finish', resolve))
      cut.request.destroy()
      await state('begin', 'free')
    }
  })

  it('late, when another stream carries the lease already, ends nothing', async () => {
    const first = await held('late')
    const second = await hold('late', { token: first.token })
    expect((await second.next()).data).toMatchObject({ token: first.token, fence: first.fence })
    expect((await first.client.nextOf('lost')).data.reason).toBe('not-owner')
    first.client.close()
    await acquire('late').expect(423)
    second.close()
    await state('late', 'free')
  })
})

describe('the instance shuts down', () => {
  it('detaches its streams, and another instance continues the lease', async () => {
    // Both new instances start with the moved clock of this file.
    const [ending, other] = [await startOther(), await startOther()]
    onTestFinished(() => other.close())
    const { client, token, fence } = await held('drain', { ttlMs: 20_000 }, ending)
    await ending.close()

    const { data } = await client.nextOf('detach')
    expect(data).toMatchObject({ token, fence })
    expect(data.expiresInMs).toBeGreaterThan(10_000)
    expect(await client.ended()).toBe(true)

    const again = await hold('drain', { token, ttlMs: 20_000 }, other)
    expect((await again.next()).data).toMatchObject({ token, fence })
    again.close()
    await state('drain', 'free')
  })

  it('answers its waiters', async () => {
    const other = await startOther()
    await acquire('drained').expect(200)
    const waiting = waits('drained', {}, other)
    await queued('drained', 1)
    await other.close()
    const client = await waiting.client()
    await client.ended()
    expect([client.status, client.body().code]).toEqual([503, 'draining'])
    await queued('drained', 0)
  })
})

it('is no slow request, however long it lasts', async () => {
  const other = await startOther({ environment: { LOCKSTEP_SLOW_REQUEST_MS: '1' } })
  onTestFinished(() => other.close())
  const { client } = await held('lasts', { ttlMs: 600_000 }, other)
  client.close()
  await state('lasts', 'free')
  await other.request('post', '/v1/locks/slow/acquire').expect(200)
  await other.request('post', '/v1/locks/slow/acquire').send({ waitMs: 20 }).expect(423)

  const slow = await until('a request that was slow', () =>
    other.log.filter((line) => line.includes('request was slow')).join(''),
  )
  expect(slow).not.toContain('/hold')
})

describe('metrics', () => {
  it('count streams by kind, and why they ended', async () => {
    const { client } = await held('metrics')
    const text = async () => (await harness.request('get', '/metrics')).text
    await until('one is open', async () =>
      /lockstep_locks_streams\{kind="hold"\} [1-9]/.test(await text()),
    )
    client.close()
    await state('metrics', 'free')
    await until('its end is counted', async () =>
      /stream_ends_total\{kind="hold",why="client"\} [1-9]/.test(await text()),
    )
  })
})
