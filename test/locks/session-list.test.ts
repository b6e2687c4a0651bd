import { describe, expect, it } from 'vitest'
import { sessionIdOf } from '../../src/locks/sessions/keys.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { code, lockDriver } from './driver.js'

const harness = useHarness()
const { post, held, get, look } = lockDriver(harness)

interface Opened {
  readonly id: string
  readonly token: string
}
const open = async (prefix: string, body: object = {}): Promise<Opened> =>
  (await post('sessions', { prefix, ttlMs: 600_000, ...body }).expect(201)).body
const remove = (id: string) => harness.request('delete', `/v1/sessions/${id}`)
const idsOf = ({ items }: { items: readonly { id: string }[] }) => items.map(({ id }) => id)

describe('the id of a session', () => {
  it('follows from its token alone, keeps its bucket, and names it in Location', async () => {
    const { headers, body } = await post('sessions', { prefix: 'id' }).expect(201)
    expect(body.id).toBe(sessionIdOf(body.token))
    expect(body.id).not.toBe(body.token)
    expect(body.id.split('.')[0]).toBe(body.token.split('.')[0])
    expect(body.id).toMatch(/^\d+\.[\w-]{22}$/)
    expect(headers.location).toBe(`/v1/sessions/${body.id}`)
    await harness.request('get', headers.location as string).expect(200)
  })

  it('opens nothing', async () => {
    const { id } = await open('public')
    expect(await code(post('sessions/keepalive', { token: id }), 410)).toBe('session-ended')
    expect(await code(post('sessions/end', { token: id }), 410)).toBe('session-ended')
    const acquired = post('locks/public@a/acquire', { sessionToken: id })
    expect(await code(acquired, 410)).toBe('session-ended')
  })

  it('is 404 unless there is such a session', async () => {
    const unknown = `0.${'x'.repeat(22)}`
    expect(await code(harness.request('get', `/v1/sessions/${unknown}`), 404)).toBe(
      'session-not-found',
    )
    const outside = `999.${'x'.repeat(22)}`
    expect(await code(harness.request('get', `/v1/sessions/${outside}`), 404)).toBe(
      'session-not-found',
    )
    await harness.request('get', '/v1/sessions/nonsense').expect(400)
  })
})

describe('the list of sessions', () => {
  it('shows each that has not ended, page by page and by id, without tokens', async () => {
    const metadata = { host: 'w-7' }
    const opened = [await open('list', { metadata }), await open('list'), await open('other')]
    const [first] = opened as [Opened]
    await held('list@a', { sessionToken: first.token })

    const one = await get('sessions?limit=2')
    const rest = await get(`sessions?cursor=${one.nextCursor}`)

    expect(one.items).toHaveLength(2)
    expect(rest).not.toHaveProperty('nextCursor')
    const ids = [...idsOf(one), ...idsOf(rest)]
    expect(await get(`sessions?limit=${ids.length}`)).not.toHaveProperty('nextCursor')
    const walked: string[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page = await get(`sessions?limit=1${cursor && `&cursor=${cursor}`}`)
      walked.push(...idsOf(page))
      cursor = page.nextCursor
    }
    expect(walked).toEqual(ids)
    expect(ids).toEqual([...ids].sort())
    expect(ids).toEqual(expect.arrayContaining(opened.map(({ id }) => id)))
    const all = await get('sessions?limit=1000')
    expect(all.items.find(({ id }: Opened) => id === first.id)).toEqual({
      id: first.id,
      ttlMs: 600_000,
      expiresInMs: expect.any(Number),
      leaseCount: 1,
      metadata,
    })
    for (const { token } of opened) expect(JSON.stringify(all)).not.toContain(token)
  })

  it('leaves out sessions that ended or expired, swept or not', async () => {
    const { id, token } = await open('gone', { ttlMs: 60_000 })
    const { id: expired } = await open('gone', { ttlMs: 60_000 })
    const listed = async () => idsOf(await get('sessions?limit=1000'))
    expect(await listed()).toEqual(expect.arrayContaining([id, expired]))

    const index = `ls:{${harness.namespace}:${harness.lockTag('gone')}}:sessions`
    await post('sessions/end', { token }).expect(200)
    expect(await listed()).not.toContain(id)
    expect(await harness.redis.zscore(index, id)).toBeNull()
    harness.advance(60_001)
    expect(await listed()).not.toContain(expired)

    await until(
      'the sweep removes it',
      async () => (await harness.redis.zscore(index, expired)) === null,
    )
  })

  it('forgets a session whose record Redis lost', async () => {
    const { id } = await open('lost', { ttlMs: 60_000 })
    const prefix = `ls:{${harness.namespace}:${harness.lockTag('lost')}}`
    await harness.redis.del(`${prefix}:session:${id}`)
    expect(idsOf(await get('sessions?limit=1000'))).not.toContain(id)
    harness.advance(60_001)
    await until(
      'the sweep removes it',
      async () => (await harness.redis.zscore(`${prefix}:sessions`, id)) === null,
    )
  })

  it.each([
    ['limit=0', '/limit'],
    ['limit=1001', '/limit'],
    ['limit=x', '/limit'],
    ['cursor=', '/cursor'],
    ['cursor=%21', '/cursor'],
  ])('refuses %s', async (query, pointer) => {
    const { body } = await harness.request('get', `/v1/sessions?${query}`).expect(400)
    expect(body.errors[0].pointer).toContain(pointer)
  })

  it('takes no prefix, because ids have no order that means something', async () => {
    await harness.request('get', '/v1/sessions?prefix=0').expect(400)
  })
})

describe('an operator', () => {
  it('ends a session by its id: its leases are released, and its holder hears of it', async () => {
    const { id, token } = await open('ended')
    await held('ended@a', { sessionToken: token, lockDelayMs: 60_000 })

    const { text } = await remove(id).expect(204)

    expect(text).toBe('')
    expect(await look('ended@a')).toMatchObject({ state: 'free', lastEnd: { how: 'released' } })
    expect(await code(post('sessions/keepalive', { token }), 410)).toBe('session-ended')
    expect((await post('sessions/end', { token }).expect(200)).body.replayed).toBe(true)
    const lines = harness.log.filter((line) => line.includes('session.end'))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(`"session":"${id}","leaseCount":1`)
  })

  it('is answered 204 where there is no such session, and logs nothing', async () => {
    const { id, token } = await open('over')
    await post('sessions/end', { token }).expect(200)
    await remove(id).expect(204)
    await remove(`0.${'x'.repeat(22)}`).expect(204)
    await remove(`999.${'x'.repeat(22)}`).expect(204)
    expect(harness.log.filter((line) => line.includes(id))).toEqual([])
    await remove('nonsense').expect(400)
  })
})

it('no token is logged', () => {
  expect(harness.log.join('')).not.toMatch(/"token"/)
})
