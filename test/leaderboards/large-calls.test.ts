import { beforeAll, describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { useRedis } from '../support/managed.js'
import { commandsOf } from '../support/monitor.js'
import { untilNoonMs } from '../support/noon.js'
import { placeOf } from '../support/request-faults.js'

// A Redis of its own, so that every command comes from this test.
const redis = useRedis()
const harness = useHarness(() => ({ redisUrl: redis.url }))

/** A batch holds 128 units, each of about three commands. */
const MOST_COMMANDS = 128 * 3

const path = (board: string, rest = '') => `/v1/leaderboards/${board}${rest}`
const ask = (method: 'get' | 'post' | 'delete' | 'put', url: string, body?: object) =>
  harness.request(method, url).send(body)

/** Number of commands of each script that was called during `work`. */
async function perScript(work: () => Promise<unknown>): Promise<number[]> {
  const counts: number[] = []
  for (const { byScript, args } of await commandsOf(redis.url, work)) {
    if (!byScript && args[0] === 'evalsha') counts.push(0)
    else if (byScript && counts.length > 0) counts[counts.length - 1]! += 1
  }
  return counts
}

const MEMBERS = 1_200
const memberOf = (at: number) => `m${String(at).padStart(4, '0')}`
const some = (count: number) => Array.from({ length: count }, (_, at) => memberOf(at))

const TIED = { columns: [{ name: 'a' }, { name: 'b' }], op: 'set', ranking: 'modified' }
const WIDE = {
  columns: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, type: 'int64' })),
  op: 'set',
  ranking: 'dense',
  memberTtlMs: 86_400_000,
  ttlMs: 86_400_000,
}
const BOARDS = [
  ['two columns, everything equal', 'tied', TIED, [1, 1]],
  ['five columns, dense, mortal', 'wide', WIDE, ['1', '1', '1', '1', '1']],
] as const

describe.each(BOARDS)('%s', (_what, board, config, scores) => {
  beforeAll(async () => {
    await ask('put', path(board), config).expect(201)
    const entries = some(MEMBERS).map((member) => ({ member, scores }))
    for (let at = 0; at < MEMBERS; at += 200) {
      await ask('post', path(board, '/scores'), { entries: entries.slice(at, at + 200) }).expect(
        200,
      )
    }
  })

  it.each([
    ['a query of 1000 members', 'post', '/query', { members: some(1_000) }],
    ['a page of 1000', 'get', '/entries?limit=1000', undefined],
    ['a page of 1000 from the worst', 'get', '/entries?limit=1000&startWith=worst', undefined],
    ['1000 neighbours', 'get', '/entries/m0600/around?count=1000', undefined],
    ['a percentile', 'post', '/query', { percentile: 50 }],
    [
      'a submission of 200',
      'post',
      '/scores',
      {
        entries: some(200).map((member) => ({
          member,
          scores: scores.map((_, at) => (typeof scores[at] === 'string' ? `${at}` : at)),
          metadata: { x: 1 },
          ifSeq: 1,
        })),
      },
    ],
  ] as const)('%s fits into batches', async (_call, method, rest, body) => {
    const counts = await perScript(() => ask(method, path(board, rest), body).expect(200))

    expect(Math.max(...counts)).toBeLessThanOrEqual(MOST_COMMANDS)
  })

  it('is read in parts as if it were read at once', async () => {
    const { body } = await ask('get', path(board, '/entries?limit=1000&from=101')).expect(200)
    expect(body.items).toHaveLength(1_000)
    expect(body.items.map(({ position }: { position: number }) => position)).toEqual(
      Array.from({ length: 1_000 }, (_, at) => at + 101),
    )
    const { body: rest } = await ask(
      'get',
      path(board, `/entries?limit=1000&cursor=${body.nextCursor}`),
    )
    expect(rest.items).toHaveLength(MEMBERS - 1_100)
    expect(rest).not.toHaveProperty('nextCursor')

    const middle = body.items[500].member
    const { body: near } = await ask('get', path(board, `/entries/${middle}/around?count=900`))
    const positions = near.items.map(({ position }: { position: number }) => position)
    expect(positions).toEqual(Array.from({ length: 900 }, (_, at) => at + 151))
    expect(near.items[450].member).toBe(middle)

    const { body: worst } = await ask('get', path(board, '/entries?limit=1000&startWith=worst'))
    expect(worst.items[999].position).toBe(MEMBERS - 999)
    const { body: found } = await ask('post', path(board, '/query'), {
      members: [...some(999), 'unknown'],
    })
    expect(found.items).toHaveLength(999)
    expect(found.notFound).toEqual(['unknown'])
  })
})

it('removes, hides and erases on a hundred seasons in parts', async () => {
  harness.advance(untilNoonMs())
  const season = { every: 'daily', keep: 100 }
  await ask('put', path('old'), { season, ranking: 'dense', op: 'set' }).expect(201)
  const entries = [{ member: 'a', score: 1 }]
  for (let day = 0; day <= 100; day++) {
    await ask('post', path('old', '/scores'), { entries }).expect(200)
    if (day < 100) harness.advance(86_400_000)
  }
  const totals = async () => {
    const { body } = await ask('get', path('old', '/seasons')).expect(200)
    return body.items.map(({ total }: { total: number }) => total)
  }

  const hidden = await perScript(() =>
    ask('post', path('old', '/hide'), { member: 'a' }).expect(200, { changed: true }),
  )
  expect(Math.max(...hidden)).toBeLessThanOrEqual(MOST_COMMANDS)
  expect(new Set(await totals())).toEqual(new Set([0]))
  const shown = await perScript(() =>
    ask('post', path('old', '/unhide'), { member: 'a' }).expect(200, { changed: true }),
  )
  expect(Math.max(...shown)).toBeLessThanOrEqual(MOST_COMMANDS)
  expect(await totals()).toEqual(Array(101).fill(1))

  const erased = await perScript(async () => {
    const { body } = await ask('post', '/v1/members/a/erase').expect(200)
    expect(body).toEqual({ erasedCount: 101 })
  })
  expect(Math.max(...erased)).toBeLessThanOrEqual(MOST_COMMANDS)
})

describe('members beyond memberTtlMs', () => {
  it('are removed before the next read, a few in each script', async () => {
    await ask('put', path('many'), { memberTtlMs: 60_000, ranking: 'dense' }).expect(201)
    for (let at = 0; at < 600; at += 200) {
      const entries = some(600)
        .slice(at, at + 200)
        .map((member) => ({ member, score: 1 }))
      await ask('post', path('many', '/scores'), { entries }).expect(200)
    }
    harness.advance(30_000)
    await ask('post', path('many', '/scores'), { entries: [{ member: 'new', score: 0 }] })
    harness.advance(30_000)

    const counts = await perScript(async () => {
      const { body } = await ask('get', path('many', '/entries/new')).expect(200)
      expect(body).toMatchObject({ rank: 1, total: 1 })
    })

    expect(Math.max(...counts)).toBeLessThanOrEqual(MOST_COMMANDS)
  })

  it('are removed like the worst beyond a lowered maxMembers', async () => {
    await ask('put', path('lowered'), {}).expect(201)
    const entries = some(200).map((member, score) => ({ member, score }))
    await ask('post', path('lowered', '/scores'), { entries }).expect(200)
    await ask('put', path('lowered'), { maxMembers: 3 }).expect(200)

    const counts = await perScript(async () => {
      const { body } = await ask('get', path('lowered', '/entries')).expect(200)
      expect(body.total).toBe(3)
      expect(body.items[0].member).toBe(memberOf(199))
    })

    expect(Math.max(...counts)).toBeLessThanOrEqual(MOST_COMMANDS)
  })
})

describe('a submission in parts', () => {
  const entries = some(200).map((member) => ({ member, score: 1, op: 'incr' }))
  const send = (board: string) =>
    ask('post', path(board, '/scores'), { entries }).set('idempotency-key', 'once')

  it('is answered with the same result when it is repeated', async () => {
    const { body } = await send('repeated').expect(200)

    const again = await send('repeated').expect(200)

    expect(again.body).toEqual(body)
    expect(again.headers['idempotent-replayed']).toBe('true')
    expect(body.results).toHaveLength(200)
    expect(body.results[199]).toMatchObject({ member: memberOf(199), score: 1, total: 200 })
  })

  it('refuses all of it for one entry that is wrong', async () => {
    const wrong = entries.with(199, { member: 'x', score: 'y', op: 'incr' } as never)

    const { body } = await ask('post', path('wrong', '/scores'), { entries: wrong }).expect(400)

    expect(placeOf(body.errors[0])).toBe('body/entries/199/score')
    await ask('get', path('wrong')).expect(404)
  })
})
