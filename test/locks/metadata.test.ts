import { describe, expect, it, onTestFinished } from 'vitest'
import { openEvents } from '../support/event-client.js'
import { useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { code, lockDriver } from './driver.js'

const harness = useHarness()
const { post, lock, held, look, get, release } = lockDriver(harness)

const change = (path: string, body: object) => post(`${path}/metadata`, body)

async function watch(name: string) {
  const headers = { 'lockstep-namespace': harness.namespace }
  const client = await openEvents(harness, `/v1/locks/${name}/events`, { headers })
  onTestFinished(() => client.close())
  await client.nextOf('watching')
  return client
}

describe('the holder changes the metadata of its lease', () => {
  it('which others see, and the lease ends when it did before', async () => {
    const { token, fence } = await held('shown', { ttlMs: 60_000, metadata: { address: 'a' } })
    const metadata = { address: 'b', since: [1, null] }

    const done = await lock('shown', 'metadata', { token, metadata }).expect(200)

    expect(done.body).toEqual({ fence })
    const [holder] = (await look('shown')).holders
    expect(holder).toMatchObject({ fence, metadata })
    expect(holder.expiresInMs).toBeLessThanOrEqual(60_000)
    harness.advance(60_001)
    expect((await look('shown')).state).toBe('free')
  })

  it('of a shared lock and of permits, each its own', async () => {
    const readers = [await held('many', { mode: 'shared' }), await held('many', { mode: 'shared' })]
    const [first, second] = readers as [(typeof readers)[0], (typeof readers)[0]]
    await change('locks/many', { token: second.token, metadata: { n: 2 } }).expect(200)
    const { holders } = await look('many')
    expect(holders).toHaveLength(2)
    for (const { fence, metadata } of holders) {
      expect(metadata).toEqual(fence === first.fence ? undefined : { n: 2 })
    }

    const { body } = await post('semaphores/permits/acquire', { capacity: 3, permits: 2 })
    const done = await change('semaphores/permits', { token: body.token, metadata: { n: 3 } })
    expect(done.body).toEqual({ fence: body.fence })
    expect((await get('semaphores/permits')).holders).toMatchObject([
      { permits: 2, metadata: { n: 3 } },
    ])
  })

  it('of a set on all names, or on none', async () => {
    const names = ['set@a', 'set@b']
    const { token, fences } = (await post('lock-sets/acquire', { names }).expect(200)).body
    const metadata = { job: 7 }
    const { body } = await change('lock-sets', { names, token, metadata }).expect(200)
    expect(body).toEqual({ fences })
    for (const name of names) expect((await look(name)).holders).toMatchObject([{ metadata }])

    await post('locks/set@a/revoke', { reason: 'test', force: true }).expect(200)
    const gone = await change('lock-sets', { names, token, metadata: { job: 8 } }).expect(410)
    expect(gone.body).toMatchObject({ code: 'lease-revoked', lost: ['set@a'] })
    expect((await look('set@b')).holders).toMatchObject([{ metadata }])
  })

  it('with the token of a live lease only', async () => {
    const metadata = {}
    const { token } = await held('ended', { ttlMs: 20_000 })
    const stranger = await held('other')
    expect(await code(change('locks/ended', { token: stranger.token, metadata }), 409)).toBe(
      'not-owner',
    )
    harness.advance(20_001)
    expect(await code(change('locks/ended', { token, metadata }), 410)).toBe('lease-expired')
    const second = await held('ended', { minHoldMs: 20_000 })
    await release('ended', second.token).expect(200)
    expect(await code(change('locks/ended', { token: second.token, metadata }), 410)).toBe(
      'lease-released',
    )
  })

  it('to at most 1024 bytes of JSON', async () => {
    const { token } = await held('large')
    const metadata = { a: 'x'.repeat(1_024) }
    for (const body of [{ token, metadata }, { token }, { token, metadata: 7 }]) {
      const { body: problem } = await change('locks/large', body).expect(400)
      expect(placeOf(problem.errors[0])).toBe('body/metadata')
    }
  })
})

describe('events', () => {
  it('carry the metadata, and a repeated change is none', async () => {
    const events = await watch('watched')
    const { token, fence } = await held('watched', { owner: 'me', metadata: { n: 1 } })
    expect(await events.nextOf('granted')).toMatchObject({ data: { fence, metadata: { n: 1 } } })

    for (const n of [2, 2, 3]) {
      await change('locks/watched', { token, metadata: { n } }).expect(200)
    }

    for (const n of [2, 3]) {
      expect(await events.next()).toMatchObject({
        event: 'changed',
        data: { fence, owner: 'me', metadata: { n } },
      })
    }
    await release('watched', token).expect(200)
    expect(await events.next()).toMatchObject({ event: 'released', data: { metadata: { n: 3 } } })
    await held('watched')
    expect((await events.nextOf('granted')).data).not.toHaveProperty('metadata')
  })
})
