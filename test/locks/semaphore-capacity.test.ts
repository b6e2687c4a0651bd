import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { code, lockDriver } from './driver.js'

const harness = useHarness()
const { post, held, get, queued } = lockDriver(harness)

const at = (name: string) => `/v1/semaphores/${name}`
const put = (name: string, capacity: number) => harness.request('put', at(name)).send({ capacity })
const remove = (name: string) => harness.request('delete', at(name))
const permits = (name: string, body: object = {}) => post(`semaphores/${name}/acquire`, body)

describe('PUT of a semaphore', () => {
  it('answers 201, then 200, with all of it and its version as ETag', async () => {
    const made = await put('whole', 3).expect(201)
    expect(made.body).toEqual({
      name: 'whole',
      state: 'free',
      capacity: 3,
      used: 0,
      available: 3,
      version: expect.any(Number),
      holders: [],
      waiters: [],
      queueLength: 0,
    })
    await permits('whole', { permits: 2, owner: 'me' }).expect(200)

    const changed = await put('whole', 5).expect(200)

    expect(changed.body).toMatchObject({ capacity: 5, used: 2, available: 3, state: 'held' })
    expect(changed.body.holders).toMatchObject([{ owner: 'me', permits: 2 }])
    expect(changed.body.version).toBeGreaterThan(made.body.version)
    expect(changed.headers.etag).not.toBe(made.headers.etag)
    const read = await harness.request('get', at('whole')).expect(200)
    expect(read.headers.etag).toBe(changed.headers.etag)
    expect(read.body).toMatchObject({ version: changed.body.version, capacity: 5 })
  })

  it('of the same capacity keeps the version', async () => {
    const { headers } = await put('same', 3).expect(201)
    const again = await put('same', 3).expect(200)
    expect(again.headers.etag).toBe(headers.etag)
  })

  it('gives a newer version also when the clock steps back', async () => {
    const { body } = await put('clock', 3).expect(201)
    harness.advance(-60_000)
    const { version } = (await put('clock', 4).expect(200)).body
    harness.advance(60_000)
    expect(version).toBeGreaterThan(body.version)
  })

  it('shows the waiters that it lets in', async () => {
    await permits('grown', { capacity: 1, ttlMs: 60_000 }).expect(200)
    const waiting = permits('grown', { capacity: 1, waitMs: 60_000 }).then((response) => response)
    await queued('grown', 1)
    expect((await put('grown', 2).expect(201)).body).toMatchObject({ used: 2, queueLength: 0 })
    expect((await waiting).status).toBe(200)
  })

  it('shows the waiters that still wait', async () => {
    const { body } = await permits('waits', { capacity: 2, permits: 2 }).expect(200)
    const asked = { capacity: 2, permits: 2, owner: 'next', waitMs: 60_000 }
    const waiting = permits('waits', asked).then((response) => response)
    await queued('waits', 1)
    expect((await put('waits', 3).expect(201)).body).toMatchObject({
      queueLength: 1,
      waiters: [{ position: 1, owner: 'next' }],
    })
    await post('semaphores/waits/release', { token: body.token }).expect(200)
    expect((await waiting).status).toBe(200)
  })

  it('honours If-Match and If-None-Match', async () => {
    expect(await code(put('when', 1).set('if-match', '*'), 412)).toBe('precondition-failed')
    const { headers } = await put('when', 1).set('if-none-match', '*').expect(201)
    await put('when', 2).set('if-none-match', '*').expect(412)
    await put('when', 2).set('if-match', '"1"').expect(412)
    expect(await get('semaphores/when')).toMatchObject({ capacity: 1 })
    await put('when', 2)
      .set('if-match', headers.etag as string)
      .expect(200)
    await put('when', 3)
      .set('if-match', headers.etag as string)
      .expect(412)
    await put('when', 3).set('if-match', 'nonsense').expect(400)
  })

  it.each([{}, { capacity: 0 }, { capacity: 10_001 }, { capacity: '3' }, { capacity: 1, x: 1 }])(
    'refuses %j',
    async (body) => {
      await harness.request('put', at('bad')).send(body).expect(400)
      expect(await get('semaphores/bad')).not.toHaveProperty('capacity')
    },
  )

  it('is refused for the name of a lock that is in use', async () => {
    await held('taken')
    expect(await code(put('taken', 1), 409)).toBe('mode-mismatch')
    expect(await get('semaphores/taken')).not.toHaveProperty('version')
  })
})

describe('DELETE of a semaphore', () => {
  it('is 204, also of nothing, and leases go on under the capacity in use', async () => {
    await put('gone', 3).expect(201)
    await permits('gone', { permits: 2 }).expect(200)
    expect((await remove('gone').expect(204)).text).toBe('')
    const read = await harness.request('get', at('gone')).expect(200)
    expect(read.body).toMatchObject({ capacity: 3, used: 2 })
    expect(read.body).not.toHaveProperty('version')
    expect(read.headers).not.toHaveProperty('etag')
    await remove('gone').expect(204)
    await remove('never').expect(204)
  })

  it('honours If-Match', async () => {
    const { headers } = await put('kept', 1).expect(201)
    expect(await code(remove('kept').set('if-match', '"1"'), 412)).toBe('precondition-failed')
    await remove('never').set('if-match', '*').expect(412)
    await remove('kept')
      .set('if-match', headers.etag as string)
      .expect(204)
    expect(await get('semaphores/kept')).not.toHaveProperty('capacity')
  })

  it('is possible while the name is in use as a lock', async () => {
    await put('both', 1).expect(201)
    await held('both')
    await remove('both').expect(204)
  })
})
