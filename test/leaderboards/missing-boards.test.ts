import { describe, expect, it } from 'vitest'
import { rechecksKey, registryKey } from '../../src/leaderboards/keys.js'
import { useHarness } from '../support/harness.js'
import { boardDriver } from './driver.js'

const harness = useHarness()
const { path, put, submitOne } = boardDriver(harness)

const listed = async () => {
  const { body } = await harness.request('get', '/v1/leaderboards').expect(200)
  return body.items.map(({ name }: { name: string }) => name)
}
const keysOf = (board: string) => harness.redis.keys(`ls:{${harness.namespace}:b:${board}}:*`)

describe('a board that does not exist', () => {
  it.each([
    ['closing', 'post', '/close', undefined, {}, 404],
    ['opening', 'post', '/open', undefined, {}, 404],
    ['hiding a member', 'post', '/hide', { member: 'a' }, {}, 404],
    ['showing a member', 'post', '/unhide', { member: 'a' }, {}, 404],
    ['removing a member', 'delete', '/entries/a', undefined, {}, 204],
    ['reading', 'get', '/entries', undefined, {}, 404],
    ['reading a member', 'get', '/entries/a', undefined, {}, 404],
    ['reading neighbours', 'get', '/entries/a/around', undefined, {}, 404],
    ['a query', 'post', '/query', { score: 1 }, {}, 404],
    ['an export', 'get', '/export', undefined, {}, 404],
    ['its seasons', 'get', '/seasons', undefined, {}, 404],
    ['an old season', 'get', '/entries?season=20260101T000000Z', undefined, {}, 404],
    ['a failed If-Match', 'put', '', {}, { 'if-match': '"5"' }, 412],
    ['a failed If-Match of DELETE', 'delete', '', undefined, { 'if-match': '"5"' }, 412],
    ['a setting of nothing', 'patch', '', { maxMembers: 5 }, {}, 404],
    ['a failed If-Match of PATCH', 'patch', '', { maxMembers: 5 }, { 'if-match': '"5"' }, 404],
    ['settings that are refused', 'put', '', { ranking: 'none' }, {}, 400],
    ['a score that is refused', 'post', '/scores', { entries: [{ member: 'a' }] }, {}, 400],
  ] as const)('is not touched by %s', async (what, method, rest, body, headers, status) => {
    const board = `typo-${what.replaceAll(' ', '-')}`

    const answer = await harness.request(method, path(board, rest)).set(headers).send(body)

    expect(answer.status).toBe(status)
    if (status === 404) expect(answer.body.code).toBe('board-not-found')

    // A full Redis refuses growing scripts by a write to `guard`, which leaves nothing.
    expect(await keysOf(board)).toEqual([])
    expect(await listed()).not.toContain(board)
    const { body: first } = await submitOne(board).expect(200)
    expect(first.results[0]).toMatchObject({ changed: true, rank: 1 })
  })
})

describe('the list of boards', () => {
  const expire = async (board: string) => {
    for (const key of await keysOf(board)) await harness.redis.del(key)
  }

  it('loses a board that expired by ttlMs, and so do walks over boards', async () => {
    await put('ended', { ttlMs: 60_000 }).expect(201)
    await put('alive', { ttlMs: 60_000 }).expect(201)
    await submitOne('ended').expect(200)
    expect(await listed()).toEqual(expect.arrayContaining(['alive', 'ended']))

    await expire('ended')
    harness.advance(61_000)

    expect(await listed()).not.toContain('ended')
    expect(await listed()).toContain('alive')
    expect(await harness.redis.zscore(registryKey(harness.namespace), 'ended')).toBeNull()
  })

  it('loses an expired board when new boards are created, without a call of the list', async () => {
    await put('unasked', { ttlMs: 60_000 }).expect(201)
    await expire('unasked')
    harness.advance(61_000)

    for (let at = 0; at < 5; at++) await submitOne(`newer-${at}`).expect(200)

    expect(await harness.redis.zscore(registryKey(harness.namespace), 'unasked')).toBeNull()
  })

  it('keeps a board that got a ttlMs later until it expires', async () => {
    await put('later').expect(201)
    await put('later', { ttlMs: 3_600_000 }).expect(200)
    harness.advance(3_500_000)
    await submitOne('later').expect(200)
    harness.advance(3_500_000)

    expect(await listed()).toContain('later')
  })

  it('regains a board whose creator stopped before it could list it', async () => {
    await put('orphan').expect(201)
    await harness.redis.zrem(registryKey(harness.namespace), 'orphan')

    harness.advance(61_000)

    expect(await listed()).toContain('orphan')
    // The board may be deleted during the check, so the service checks it again.
    expect(await harness.redis.zscore(rechecksKey(harness.namespace), 'orphan')).not.toBeNull()
  })
})
