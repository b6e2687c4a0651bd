import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { faultAt, placeOf } from '../support/request-faults.js'
import { boardDriver } from './driver.js'

const harness = useHarness()
const { path, put, submit, entry, order } = boardDriver(harness)

describe('submit', () => {
  it('creates a board with defaults on first use', async () => {
    const { body } = await submit('fresh', { member: 'ada', score: 42 }).expect(200)

    expect(body.results).toEqual([
      {
        member: 'ada',
        changed: true,
        personalBest: true,
        score: 42,
        rank: 1,
        position: 1,
        total: 1,
        percentile: 50,
        seasonId: 'all',
      },
    ])
    const { body: board } = await harness.request('get', path('fresh')).expect(200)
    expect(board).toMatchObject({ op: 'best', ties: 'first', ranking: 'competition' })
  })

  it('distinguishes 2^53 + 1 from 2^53 and from 2^63 - 1', async () => {
    await put('exact', { columns: [{ name: 'n', type: 'int64' }] }).expect(201)
    const values = ['9007199254740992', '9007199254740993', '9223372036854775807']

    await submit('exact', ...values.map((score, at) => ({ member: `m${at}`, score }))).expect(200)

    const { body } = await harness.request('get', path('exact', '/entries')).expect(200)
    expect(body.items.map((row: { score: string; rank: number }) => [row.score, row.rank])).toEqual(
      values.toReversed().map((score, at) => [score, at + 1]),
    )
  })

  it('refuses a JSON integer that has lost digits', async () => {
    const { body } = await harness
      .request('post', path('digits', '/scores'))
      .type('json')
      .send('{"entries":[{"member":"a","score":1},{"member":"b","score":9007199254740993}]}')
      .expect(400)

    expect(placeOf(body.errors[0])).toBe('body/entries/1/score')
    await harness.request('get', path('digits')).expect(404)
  })

  it.each([
    ['2^53 + 1', '9007199254740993', undefined],
    ['2^53 + 2', '9007199254740994', 9007199254740994],
    ['-2^53 - 1', '-9007199254740993', undefined],
    ['a power of ten', '1e300', 1e300],
    ['a fraction', '0.1', 0.1],
    ['too much', '1e400', undefined],
  ])('takes %s in text on a number column only as what it is', async (_what, score, stored) => {
    const { status, body } = await submit('held', { member: 'a', score, op: 'set' })

    expect(status).toBe(stored === undefined ? 400 : 200)
    if (stored === undefined) expect(body.errors[0].detail).toContain('int64')
    else expect(body.results[0].score).toBe(stored)
  })

  it('refuses a number in metadata that may have lost digits', async () => {
    const { body } = await harness
      .request('post', path('ids', '/scores'))
      .type('json')
      .send(
        '{"entries":[{"member":"a","score":1,"metadata":{"ids":{"steam":[1,76561198000000001]}}}]}',
      )
      .expect(400)

    expect(body.errors).toEqual([
      faultAt(
        'body/entries/0/metadata/ids/steam/1',
        expect.stringContaining('send it as a string'),
      ),
    ])
    const exact = { steam: '76561198000000001', half: 0.5, largest: Number.MAX_SAFE_INTEGER }
    await submit('ids', { member: 'a', score: 1, metadata: exact }).expect(200)
    expect((await entry('ids', 'a')).body.metadata).toEqual(exact)
  })

  it.each([
    ['an absent score', { member: 'a' }, 'body/entries/0'],
    ['score and scores', { member: 'a', score: 1, scores: [1] }, 'body/entries/0'],
    ['scores on a board of one column', { member: 'a', scores: [1] }, 'body/entries/0/scores'],
    ['text that is no number', { member: 'a', score: '0x10' }, 'body/entries/0/score'],
    ['a member that is a path', { member: '..', score: 1 }, 'body/entries/0/member'],
    ['a fraction of a sequence', { member: 'a', score: 1, ifSeq: 1.5 }, 'body/entries/0/ifSeq'],
  ])('refuses %s with a pointer', async (_what, bad, pointer) => {
    const { body } = await submit('bad-input', bad).expect(400)

    expect(placeOf(body.errors[0])).toBe(pointer)
  })

  it('ranks a score of 0, and takes -0 for 0', async () => {
    const { body } = await submit('zero', { member: 'a', score: -0 }, { member: 'b', score: 0 })

    expect(body.results.map(({ rank }: { rank: number }) => rank)).toEqual([1, 1])
    expect(Object.is(body.results[0].score, 0)).toBe(true)
  })

  it('keeps the place of the first member with a score when it submits the score again', async () => {
    await submit('ties', { member: 'z', score: 5 }, { member: 'a', score: 5 })

    const { body } = await submit('ties', { member: 'a', score: 5 }, { member: 'z', score: 5 })

    expect(body.results.map((result: { changed: boolean }) => result.changed)).toEqual([
      false,
      false,
    ])
    expect(await order('ties')).toEqual(['z', 'a'])
  })

  it('compares best as a tuple, so that no pair is stored that was never submitted', async () => {
    await put('pairs', { columns: [{ name: 'won' }, { name: 'time', order: 'asc' }] }).expect(201)
    await submit('pairs', { member: 'a', scores: [5, 90] })

    await submit('pairs', { member: 'a', scores: [4, 10] })
    const { body } = await submit('pairs', { member: 'a', scores: [5, 80] })

    expect(body.results[0]).toMatchObject({ changed: true, scores: [5, 80] })
  })

  it('computes each column that has its own operation separately', async () => {
    await put('own-ops', {
      columns: [
        { name: 'games', op: 'incr' },
        { name: 'top', op: 'max' },
        { name: 'fastest', op: 'min', order: 'asc' },
        { name: 'latest', op: 'set' },
      ],
    }).expect(201)
    await submit('own-ops', { member: 'a', scores: [1, 10, 10, 1] })

    const { body } = await submit('own-ops', { member: 'a', scores: [1, 5, 5, 7] })

    expect(body.results[0].scores).toEqual([2, 10, 5, 7])
    await submit('own-ops', { member: 'a', scores: [1, 5, 5, 7], op: 'best' }).expect(400)
  })

  it('answers out-of-range for a sum that leaves int64, and changes nothing', async () => {
    await put('sums', { columns: [{ name: 'n', type: 'int64' }], op: 'incr' }).expect(201)
    await submit('sums', { member: 'a', score: '9223372036854775806' })

    const { body } = await submit(
      'sums',
      { member: 'a', score: 2 },
      { member: 'b', score: 1 },
      { member: 'a', score: 1 },
    ).expect(200)

    expect(body.results[0]).toMatchObject({ changed: false, error: 'out-of-range' })
    expect(body.results[1].changed).toBe(true)
    expect(body.results[2]).toMatchObject({ changed: true, score: '9223372036854775807' })
  })

  it('holds scores to the bounds of their column', async () => {
    await put('bounded', { bounds: { score: { min: 0, max: 100 } }, op: 'set' }).expect(201)

    const { body } = await submit(
      'bounded',
      { member: 'a', score: 100 },
      { member: 'b', score: 101 },
      { member: 'c', score: -1 },
      { member: 'd', score: 0 },
    )

    const refused = body.results.map(({ error }: { error?: string }) => error ?? 'ok')
    expect(refused).toEqual(['ok', 'out-of-range', 'out-of-range', 'ok'])
    expect(await order('bounded')).toEqual(['a', 'd'])
  })

  it('applies ifSeq only above the last one of the member', async () => {
    await put('sequenced', { op: 'set' }).expect(201)
    await submit('sequenced', { member: 'a', score: 1, ifSeq: 7 })

    const { body: late } = await submit('sequenced', { member: 'a', score: 2, ifSeq: 7 })
    const { body: next } = await submit('sequenced', { member: 'a', score: 3, ifSeq: 8 })

    expect(late.results[0]).toMatchObject({ changed: false, score: 1, error: 'stale-sequence' })
    expect(next.results[0]).toMatchObject({ changed: true, score: 3 })
  })

  it.each([
    ['was removed', {}, (board: string) => harness.request('delete', path(board, '/entries/a'))],
    [
      'fell out',
      { maxMembers: 1 },
      (board: string) => submit(board, { member: 'b', score: 9 }).then(() => undefined),
    ],
  ])('knows a late delivery to a member that %s', async (what, config, leave) => {
    const board = `late-${what.replaceAll(' ', '-')}`
    await put(board, { op: 'set', ...config }).expect(201)
    await submit(board, { member: 'a', score: 1, ifSeq: 7 }).expect(200)
    await leave(board)

    const { body } = await submit(board, { member: 'a', score: 20, ifSeq: 7 }).expect(200)

    expect(body.results[0]).toMatchObject({ changed: false, error: 'stale-sequence' })
    await submit(board, { member: 'a', score: 20, ifSeq: 8 }).expect(200)
    expect((await entry(board, 'a')).body.score).toBe(20)
  })

  it('applies ifSeq from entry to entry of one call', async () => {
    const entry = { member: 'a', op: 'set' }

    const { body } = await submit(
      'sequenced-together',
      { ...entry, score: 1, ifSeq: 5 },
      { ...entry, score: 2, ifSeq: 5 },
      { ...entry, score: 3, ifSeq: 6 },
    )

    const errors = body.results.map(({ error }: { error?: string }) => error)
    expect(errors).toEqual([undefined, 'stale-sequence', undefined])
    expect(body.results[2].score).toBe(3)
  })

  it('makes an incr safe to retry', async () => {
    const send = (score: number) =>
      submit('retry', { member: 'a', score, op: 'incr' }).set('idempotency-key', 'k1')
    const { body: first } = await send(5).expect(200)

    const again = await send(5).expect(200)

    expect(again.body).toEqual(first)
    expect(again.headers['idempotent-replayed']).toBe('true')
    const { body: other } = await send(6).expect(422)
    expect(other.code).toBe('idempotency-conflict')
    expect((await entry('retry', 'a')).body.score).toBe(5)
  })

  it('answers the rank before the call and after all of it', async () => {
    await submit('ranks', { member: 'a', score: 10 }, { member: 'b', score: 20 })

    const { body } = await submit('ranks', { member: 'a', score: 30 }, { member: 'b', score: 40 })

    expect(
      body.results.map((result: { previousRank: number; rank: number }) => [
        result.previousRank,
        result.rank,
      ]),
    ).toEqual([
      [2, 2],
      [1, 1],
    ])
  })

  it('keeps metadata with an entry, and what is stored when none is sent', async () => {
    await submit('meta', { member: 'a', score: 1, metadata: { ship: 'x' } })
    await submit('meta', { member: 'a', score: 2 })

    expect((await entry('meta', 'a')).body).toMatchObject({ score: 2, metadata: { ship: 'x' } })
    const large = { member: 'a', score: 3, metadata: { text: 'x'.repeat(1_024) } }
    const { body } = await submit('meta', large).expect(400)
    expect(placeOf(body.errors[0])).toBe('body/entries/0/metadata')
  })

  it('drops the worst beyond maxMembers, and answers dropped', async () => {
    await put('small', { maxMembers: 2, ranking: 'dense' }).expect(201)

    const { body } = await submit(
      'small',
      { member: 'a', score: 3 },
      { member: 'b', score: 1, metadata: { x: 1 } },
      { member: 'c', score: 2 },
    )

    expect(body.results[1]).toEqual({
      member: 'b',
      changed: true,
      personalBest: true,
      dropped: true,
      total: 2,
      seasonId: 'all',
    })
    expect(await order('small')).toEqual(['a', 'c'])
    expect(await harness.redis.hkeys(`ls:{${harness.namespace}:b:small}:all:places`)).toEqual([
      'a',
      'c',
    ])
    expect(await harness.redis.exists(`ls:{${harness.namespace}:b:small}:all:metadata`)).toBe(0)
    expect(await harness.redis.zcard(`ls:{${harness.namespace}:b:small}:all:distinct`)).toBe(2)
    await submit('small', { member: 'a', score: 3, op: 'incr' }).expect(400)
  })

  it('removes a member that submits nothing for memberTtlMs', async () => {
    await put('lapsing', { memberTtlMs: 60_000, ranking: 'dense' }).expect(201)
    await submit('lapsing', { member: 'old', score: 9 }, { member: 'kept', score: 1 })
    harness.advance(40_000)
    await submit('lapsing', { member: 'kept', score: 1 })
    harness.advance(30_000)

    expect(await order('lapsing')).toEqual(['kept'])
    await entry('lapsing', 'old').expect(404)
  })

  it.each([
    ['a page', 'get', '/entries', undefined, { total: 1 }],
    ['an entry', 'get', '/entries/kept', undefined, { total: 1 }],
    ['neighbours', 'get', '/entries/kept/around', undefined, { total: 1 }],
    ['a query', 'post', '/query', { score: 5 }, { total: 1, position: 1 }],
    ['the board', 'get', '', undefined, { currentSeason: { total: 1 } }],
    ['a setting', 'patch', '', { maxMembers: 9 }, { currentSeason: { total: 1 } }],
    [
      'a submission',
      'post',
      '/scores',
      { entries: [{ member: 'kept', score: 1 }] },
      { results: [{ total: 1, previousRank: 1 }] },
    ],
  ] as const)('forgets it before %s', async (what, method, rest, body, answer) => {
    const board = `lapsing-${what.replaceAll(' ', '-')}`
    await put(board, { memberTtlMs: 60_000 }).expect(201)
    await submit(board, { member: 'old', score: 9 })
    harness.advance(40_000)
    await submit(board, { member: 'kept', score: 1 })
    harness.advance(30_000)

    const request = harness.request(method, path(board, rest)).send(body)

    expect((await request.expect(200)).body).toMatchObject(answer)
  })

  it('removes an expired member with its sequence, as its expiry does', async () => {
    await put('late-removal', { memberTtlMs: 60_000 }).expect(201)
    await submit('late-removal', { member: 'a', score: 1, ifSeq: 7 }).expect(200)
    harness.advance(60_000)

    await harness.request('delete', path('late-removal', '/entries/a')).expect(204)

    const { body } = await submit('late-removal', { member: 'a', score: 1, ifSeq: 3 }).expect(200)
    expect(body.results[0].changed).toBe(true)
  })

  it.each([
    ['removed', (board: string) => harness.request('delete', path(board, '/entries/a'))],
    ['erased', () => harness.request('post', '/v1/members/a/erase')],
    [
      'expired',
      (board: string) => {
        harness.advance(60_000)
        return harness.request('get', path(board))
      },
    ],
  ])(
    'deletes the data of a member that is %s, except the sequence of a removed one',
    async (what, leave) => {
      await put(what, { memberTtlMs: 60_000, ranking: 'dense' }).expect(201)
      await submit(what, { member: 'a', score: 1, ifSeq: 7, metadata: { ship: 'x' } }).expect(200)

      expect((await leave(what)).status).toBeLessThan(300)

      const left = await harness.redis.keys(`ls:{${harness.namespace}:b:${what}}:*`)
      const parts = left.map((key) => key.split(':').at(-1)).toSorted()
      expect(parts).toEqual(
        what === 'removed' ? ['board', 'client', 'seasons'] : ['board', 'seasons'],
      )
    },
  )

  it('deletes all data of a dropped member', async () => {
    await put('crowded', { maxMembers: 1, memberTtlMs: 60_000, ranking: 'dense' }).expect(201)
    const entry = { ifSeq: 7, metadata: { ship: 'x' } }
    await submit(
      'crowded',
      { member: 'a', score: 2, ...entry },
      { member: 'b', score: 1, ...entry },
    )

    const base = `ls:{${harness.namespace}:b:crowded}:all`
    for (const hash of ['places', 'metadata', 'counts']) {
      expect(await harness.redis.hlen(`${base}:${hash}`), hash).toBe(1)
    }
    for (const zset of ['order', 'distinct', 'seen']) {
      expect(await harness.redis.zcard(`${base}:${zset}`), zset).toBe(1)
    }
  })

  it('leaves the dense set equal to the distinct scores after many writers', async () => {
    await put('dense', { op: 'set', ranking: 'dense' }).expect(201)
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed % below
    }
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        for (let i = 0; i < 10; i++) {
          const member = `m${random(30)}`
          if (random(5) === 0) await harness.request('delete', path('dense', `/entries/${member}`))
          else await submit('dense', { member, score: random(12) }, { member: 'hot', score: i })
        }
      }),
    )

    const { body } = await harness.request('get', path('dense', '/entries?limit=1000')).expect(200)
    const distinct = [...new Set(body.items.map(({ score }: { score: number }) => score))]
    const key = `ls:{${harness.namespace}:b:dense}:all`
    expect(await harness.redis.zcard(`${key}:distinct`)).toBe(distinct.length)
    const counts = (await harness.redis.hvals(`${key}:counts`)).map(Number)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(body.total)
    for (const row of body.items) expect(row.rank).toBe(distinct.indexOf(row.score) + 1)
  })
})

describe('reads', () => {
  it('answers 404 for a board and for a member that are not there', async () => {
    const codeOf = async (board: string, rest: string) =>
      (await harness.request('get', path(board, rest)).expect(404)).body.code
    expect(await codeOf('nothing', '/entries/a')).toBe('board-not-found')
    expect(await codeOf('nothing', '/entries')).toBe('board-not-found')
    await submit('something', { member: 'a', score: 1 })
    expect(await codeOf('something', '/entries/b')).toBe('member-not-found')
    expect(await codeOf('something', '/entries/b/around')).toBe('member-not-found')
    const old = '?season=20200101T000000Z'
    expect(await codeOf('something', `/entries${old}`)).toBe('season-not-found')
    expect(await codeOf('something', `/entries/a${old}`)).toBe('season-not-found')
    expect(await codeOf('something', `/entries/a/around${old}`)).toBe('season-not-found')
    expect(await codeOf('something', `/export${old}`)).toBe('season-not-found')
  })

  it('pages by a range of scores from either end', async () => {
    await submit(
      'range',
      ...Array.from({ length: 20 }, (_, at) => ({ member: `m${at}`, score: at })),
    )
    const scores = async (query: string) => {
      const { body } = await harness.request('get', path('range', `/entries?${query}`)).expect(200)
      return body.items.map(({ score }: { score: number }) => score)
    }

    expect(await scores('minScore=5&maxScore=8')).toEqual([8, 7, 6, 5])
    expect(await scores('minScore=5&maxScore=8&startWith=worst&limit=2')).toEqual([5, 6])
    expect(await scores('maxScore=3&from=2')).toEqual([2, 1, 0])
    expect(await scores('minScore=18.5&from=1')).toEqual([19])
    expect(await scores('minScore=50')).toEqual([])
    await harness.request('get', path('range', '/entries?minScore=x')).expect(400)
    await harness.request('get', path('range', '/entries?cursor=x')).expect(400)
  })

  it('shows every entry that does not change exactly once, while others write', async () => {
    const still = Array.from({ length: 60 }, (_, at) => ({ member: `s${at}`, score: at % 7 }))
    await submit('moving', ...still)
    const seen: string[] = []
    let cursor: string | undefined = ''
    let turn = 0
    while (cursor !== undefined) {
      const url: string = path('moving', `/entries?limit=5${cursor ? `&cursor=${cursor}` : ''}`)
      const { body } = await harness.request('get', url).expect(200)
      seen.push(...body.items.map(({ member }: { member: string }) => member))
      cursor = body.nextCursor
      const score = (turn++ * 3) % 8
      await submit('moving', { member: `w${turn % 4}`, score, op: 'set' })
      await harness.request('delete', path('moving', `/entries/w${(turn + 2) % 4}`))
    }

    const shown = seen.filter((member) => member.startsWith('s'))
    expect(shown.toSorted()).toEqual(still.map(({ member }) => member).toSorted())
  })

  it('names the first tier that fits', async () => {
    await put('tiers', {
      tiers: [
        { name: 'gold', top: 1 },
        { name: 'silver', topPercent: 50 },
        { name: 'bronze', minScore: 2 },
      ],
    }).expect(201)
    await submit('tiers', ...[6, 5, 4, 3, 2, 1].map((score) => ({ member: `m${score}`, score })))

    const tiers = []
    for (const at of [6, 5, 4, 3, 2, 1]) tiers.push((await entry('tiers', `m${at}`)).body.tier)

    expect(tiers).toEqual(['gold', 'silver', 'silver', 'bronze', 'bronze', undefined])
  })
})
