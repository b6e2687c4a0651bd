import type { Test } from 'supertest'
import { describe, expect, it } from 'vitest'
import { startHarness, useHarness } from '../support/harness.js'
import { samples } from '../support/samples.js'
import { until } from '../support/until.js'
import { streamDriver } from './driver.js'

const harness = useHarness()
const other = useHarness()
let streams = 0

interface Item {
  readonly id: string
  readonly receipt: string
  readonly data: unknown
}

/** A stream with the group `g`, whose receives can wait at either instance. */
async function newGroup(settings: object = {}, at = harness) {
  const name = `shared-${streams++}`
  const stream = streamDriver(at, name)
  const group = stream.group('g')
  await group.put(settings).expect(201)
  const registered = () => at.redis.zcard(`ls:{${at.namespace}:s:${name}}:waiting:g`)
  return {
    ...group,
    stream,
    registered,
    async receive(body: object = {}): Promise<Item[]> {
      return (await group.post('receive', body).expect(200)).body.items
    },
    async settle(body: object): Promise<string[]> {
      const answer = await group.post('settle', body).expect(200)
      return answer.body.results.map(({ status }: { status: string }) => status)
    },
    /** A receive that waits, in a list, because a promise of a promise would wait for it. */
    async park(body: object = {}, instance = at): Promise<Promise<Item[]>[]> {
      const before = await registered()
      const answer = instance
        .request('post', `${group.at}/receive`)
        .set('lockstep-namespace', at.namespace)
        .send({ waitMs: 20_000, ...body })
        .then(({ status, body: { items } }) => {
          expect(status).toBe(200)
          return items as Item[]
        })
      await until('the receive to wait', async () => (await registered()) > before)
      return [answer]
    },
  }
}

const dataOf = (items: readonly Item[] | undefined) => items?.map(({ data }) => data)

describe('receive and settle', () => {
  it('goes on while it only ends entries and others are behind them', async () => {
    const g = await newGroup({ maxFailures: 1 })
    await g.stream.appendData(...Array.from({ length: 40 }, (_, at) => at))
    expect(await g.receive({ limit: 40 })).toHaveLength(40)
    harness.advance(30_001)
    await g.stream.appendData('behind')
    expect(dataOf(await g.receive())).toEqual(['behind'])
  })

  it('show entries with their receipts, and what became of each', async () => {
    const g = await newGroup()
    const [id] = await g.stream.appendData({ order: 7 })
    const { body, headers } = await g.post('receive', { limit: 10 }).expect(200)
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
    expect(body).toEqual({
      items: [
        {
          id,
          appendedAt: new Date(Number(id!.split('-')[0])).toISOString(),
          event: 'e',
          data: { order: 7 },
          encoding: 'json',
          deliveries: 1,
          failures: 0,
          receipt: expect.stringMatching(new RegExp(`^${id}\\.[\\w-]{12}$`)),
          visibleForMs: expect.any(Number),
        },
      ],
    })
    const { receipt } = body.items[0]
    expect((await g.post('settle', { ack: [receipt] }).expect(200)).body).toEqual({
      results: [{ receipt, status: 'acked' }],
    })
    expect(await g.settle({ ack: [receipt] })).toEqual(['gone'])
  })

  it('settle in the order ack, nack, extend, release', async () => {
    const g = await newGroup()
    await g.stream.appendData(1, 2, 3, 4, 5)
    const receipts = (await g.receive({ limit: 5 })).map(({ receipt }) => receipt)
    const [a, b, c, d, e] = receipts
    expect(
      await g.settle({
        release: [e],
        extend: [{ receipt: d, visibilityMs: 60_000 }],
        nack: [
          { receipt: b, error: 'no' },
          { receipt: c, dead: true },
        ],
        ack: [a],
      }),
    ).toEqual(['acked', 'retrying', 'dead', 'extended', 'released'])
  })

  it('take limits from the query', async () => {
    const g = await newGroup()
    await g.stream.appendData(1, 2, 3)
    expect(
      (await g.post('receive?limit=2&visibilityMs=60000').expect(200)).body.items,
    ).toHaveLength(2)
    expect((await g.post('receive?waitMs=20').expect(200)).body.items).toHaveLength(1)
    expect((await g.post('receive?waitMs=20').expect(200)).body.items).toEqual([])
  })

  it('are 404 for an unknown group', async () => {
    const g = await newGroup()
    const receipt = '1-1.abcdabcdabcd'
    for (const waitMs of [0, 20_000]) {
      const { body } = await g.stream.group('h').post('receive', { waitMs }).expect(404)
      expect(body.code).toBe('group-not-found')
    }
    await g.stream
      .group('h')
      .post('settle', { ack: [receipt] })
      .expect(404)
    await harness.request('get', `${g.stream.at}/groups/h/dead`).expect(404)
  })

  it.each([
    ['receive', { limit: 0 }, '/limit'],
    ['receive', { limit: 101 }, '/limit'],
    ['receive', { visibilityMs: 999 }, '/visibilityMs'],
    ['receive', { waitMs: 20_001 }, '/waitMs'],
    ['settle', {}, ''],
    ['settle', { ack: ['1-1.short'] }, '/ack/0'],
    ['settle', { ack: ['1-1.abcdabcdabcd', '1-1.abcdabcdabcd'] }, '/ack/1'],
    ['settle', { nack: [{ receipt: '1-1.abcdabcdabcd', delayMs: 5 }] }, '/nack/0/delayMs'],
    [
      'settle',
      { nack: [{ receipt: '1-1.abcdabcdabcd', error: 'ö'.repeat(600) }] },
      '/nack/0/error',
    ],
  ])('%s refuses %j', async (call, body, pointer) => {
    const refused = await (await newGroup()).post(call, body).expect(400)
    expect(refused.body.errors[0]).toMatchObject({ in: 'body', pointer })
  })

  it('repeat a receive with its key', async () => {
    const g = await newGroup()
    await g.stream.appendData(1)
    const receive = (body: object = {}) =>
      g.post('receive', { waitMs: 20_000, ...body }).set('idempotency-key', 'k')
    const first = await receive().expect(200)
    const again = await receive().expect(200)
    expect(again.body.items[0].receipt).toBe(first.body.items[0].receipt)
    expect(again.headers['idempotent-replayed']).toBe('true')
    await receive({ limit: 2 }).expect(422)
  })
})

describe('the dead list', () => {
  it('has pages of entries with what went wrong', async () => {
    const g = await newGroup({ maxFailures: 1 })
    const ids = await g.stream.appendData('a', 'b')
    const [a, b] = await g.receive({ limit: 2 })
    await g.settle({ nack: [{ receipt: a!.receipt, error: 'say "no"' }, { receipt: b!.receipt }] })
    const page = (query: object) =>
      harness.request('get', `${g.stream.at}/groups/g/dead`).query(query)
    const first = (await page({ limit: 1 }).expect(200)).body
    expect(first.items).toEqual([
      {
        id: ids[0],
        appendedAt: expect.any(String),
        event: 'e',
        data: 'a',
        encoding: 'json',
        deliveries: 1,
        failures: 1,
        diedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        error: 'say "no"',
      },
    ])
    const second = (await page({ limit: 1, cursor: first.nextCursor }).expect(200)).body
    expect(dataOf(second.items)).toEqual(['b'])
    expect(second.items[0]).not.toHaveProperty('error')
    expect(second).not.toHaveProperty('nextCursor')
    await page({ cursor: 'x' }).expect(400)
    const last = (await page({ cursor: Number.MAX_SAFE_INTEGER }).expect(200)).body
    expect(last).toEqual({ items: [] })
  })

  it('has 20 entries a page, and 1 to 100 where the caller says how many', async () => {
    const g = await newGroup({ maxFailures: 1 })
    await g.stream.appendData(...Array.from({ length: 21 }, (_, i) => `${i}`))
    const items = await g.receive({ limit: 21 })
    await g.settle({ nack: items.map(({ receipt }) => ({ receipt })) })
    const page = (query: object) =>
      harness.request('get', `${g.stream.at}/groups/g/dead`).query(query)
    expect((await page({}).expect(200)).body.items).toHaveLength(20)
    expect((await page({ limit: 100 }).expect(200)).body.items).toHaveLength(21)
    for (const limit of [0, 101]) {
      const { body } = await page({ limit }).expect(400)
      expect(body.errors).toEqual([expect.objectContaining({ in: 'query', pointer: '/limit' })])
    }
  })
})

describe('a receive that waits', () => {
  it('gets an entry that is appended through another instance', async () => {
    const g = await newGroup()
    const [waiting] = await g.park({ limit: 10 }, other)
    await g.stream.appendData('a', 'b')
    expect(dataOf(await waiting)).toEqual(['a', 'b'])
  })

  it('of each group gets the entry', async () => {
    const g = await newGroup()
    const h = g.stream.group('h')
    await h.put().expect(201)
    const [waiting] = await g.park()
    const answer = h.post('receive', { waitMs: 20_000 }).then(({ body }) => body.items as Item[])
    await g.stream.appendData('a')
    expect(dataOf(await waiting)).toEqual(['a'])
    expect(dataOf(await answer)).toEqual(['a'])
  })

  it('gets the entry of a consumer that died, when its visibility ends', async () => {
    const g = await newGroup()
    await g.stream.appendData('a')
    await g.receive({ visibilityMs: 60_000 })
    const [waiting] = await g.park()
    harness.advance(60_000)
    other.advance(60_000)
    expect(await waiting).toMatchObject([{ data: 'a', failures: 1, deliveries: 2 }])
  })

  it.each([
    ['released', (receipt: string) => ({ release: [receipt] })],
    ['rejected', (receipt: string) => ({ nack: [{ receipt }] })],
  ])('gets an entry that is %s', async (_how, settlement) => {
    const g = await newGroup()
    await g.stream.appendData('a')
    const [item] = await g.receive()
    const [waiting] = await g.park({}, other)
    await g.settle(settlement(item!.receipt))
    expect(dataOf(await waiting)).toEqual(['a'])
  })

  it('gets an entry to which its group goes back', async () => {
    const g = await newGroup()
    await g.stream.appendData('a')
    await g.post('seek', { to: 'end' }).expect(200)
    const [waiting] = await g.park({}, other)
    await g.post('seek', { to: 'start' }).expect(200)
    expect(dataOf(await waiting)).toEqual(['a'])
  })

  it('gets the entry that is left by one that waited as well', async () => {
    const g = await newGroup()
    const [first] = await g.park()
    const [second] = await g.park({}, other)
    await g.stream.appendData('a', 'b')
    const both = [...(dataOf(await first) ?? []), ...(dataOf(await second) ?? [])]
    expect(both.sort()).toEqual(['a', 'b'])
  })

  it('is 404 when its group is deleted', async () => {
    const g = await newGroup()
    const gone = g.post('receive', { waitMs: 20_000 }).then(({ status }) => status)
    await until('the receive to wait', async () => (await g.registered()) === 1)
    await g.remove().expect(204)
    expect(await gone).toBe(404)
  })

  it('leaves with its client, and takes nothing', async () => {
    const g = await newGroup()
    const gone: Test = g.post('receive', { waitMs: 20_000 })
    gone.end(() => undefined)
    const count = async () => (await harness.request('get', '/metrics')).text
    await until('a waiter', async () => /^lockstep_streams_group_waiters 1$/m.test(await count()))
    gone.abort()
    await until('its end', async () => /^lockstep_streams_group_waiters 0$/m.test(await count()))
    await g.stream.appendData('a')
    expect(await g.receive()).toMatchObject([{ data: 'a', deliveries: 1 }])
  })

  it('is empty when its instance shuts down', async () => {
    const stopping = await startHarness()
    const g = await newGroup({}, stopping)
    const [waiting] = await g.park()
    await stopping.close()
    expect(await waiting).toEqual([])
  })
})

describe('an instance where as many wait as may', () => {
  const small = useHarness({ environment: { LOCKSTEP_GROUP_WAITERS: '1' } })

  it('refuses one more that would wait', async () => {
    const g = await newGroup({}, small)
    const [waiting] = await g.park()
    const { body, headers } = await g.post('receive', { waitMs: 1 }).expect(429)
    expect(body).toMatchObject({ code: 'too-many-entry-receivers', retryAfterMs: 1_000 })
    expect(headers['retry-after']).toBe('1')
    await g.post('receive').expect(200)
    await g.stream.appendData('a')
    expect(dataOf(await waiting)).toEqual(['a'])
  })
})

describe('the metrics', () => {
  it('count what happens to entries of groups', async () => {
    const own = await startHarness()
    try {
      const g = await newGroup({ maxFailures: 2 }, own)
      await g.stream.put({ capacity: 5 }).expect(201)
      await g.stream.appendData(1, 2, 3, 4, 5, 6)
      const [a, b, c, d, e] = (await g.receive({ limit: 5 })).map(({ receipt }) => receipt)
      await g.settle({
        ack: [a],
        nack: [{ receipt: b }, { receipt: c, dead: true }],
        release: [d],
        extend: [{ receipt: e, visibilityMs: 60_000 }],
      })
      const [again, , , ...none] = await g.receive({ limit: 2 })
      expect(none).toEqual([])
      await g.settle({ ack: [b] })
      own.advance(60_000)
      await own.request('delete', `${g.stream.at}/entries/${again!.id}`).expect(204)
      const [last] = await g.receive({ limit: 5 })
      await own.request('delete', `${g.stream.at}/entries/${last!.id}`).expect(204)
      expect(await g.settle({ nack: [{ receipt: last!.receipt, dead: true }] })).toEqual(['gone'])
      const counts = await samples(own, 'lockstep_streams_group_entries_total')
      expect(counts).toEqual({
        'event="trimmed"': 1,
        'event="delivered"': 9,
        'event="acked"': 1,
        'event="retried"': 1,
        'event="dead"': 1,
        'event="released"': 1,
        'event="stale"': 1,
        'event="timedout"': 3,
        'event="dropped"': 2,
      })
    } finally {
      await own.close()
    }
  })

  it('show the lag of the groups of streams of the configuration file, over their namespaces', async () => {
    const own = await startHarness({ configFile: JSON.stringify({ streams: { filed: {} } }) })
    const elsewhere = `${own.namespace.slice(0, 40)}-b`
    const { at, group, appendData } = streamDriver(own, 'filed')
    const lags = () => samples(own, 'lockstep_streams_group_lag')
    try {
      const invented = await newGroup({}, own)
      await invented.stream.appendData(1)
      for (let i = 0; i < 31; i++) await group(`b${i}`).put().expect(201)
      await group('a').put().expect(201)
      await appendData(1, 2, 3)
      await group('b0').post('receive', { limit: 1 }).expect(200)
      for (const name of ['a', 'c', 'd']) {
        await group(name).put({ start: 'start' }).set('lockstep-namespace', elsewhere).expect(201)
      }
      await own
        .request('post', `${at}/entries`)
        .set('lockstep-namespace', elsewhere)
        .send({ entries: [{ event: 'e', data: 4 }] })
        .expect(201)

      const found = await until('both namespaces are looked at', async () => {
        const rows = await lags()
        return rows['stream="filed",group="other"'] === 2 && rows
      })
      const rest = Array.from({ length: 30 }, (_, i) => [`stream="filed",group="b${i + 1}"`, 3])
      expect(found).toEqual({
        'stream="filed",group="a"': 4,
        'stream="filed",group="b0"': 2,
        'stream="filed",group="other"': 2,
        ...Object.fromEntries(rest),
      })

      await group('b0').remove().expect(204)
      own.advance(5_000)
      await until('a scrape later than 5 s', async () => {
        return (await lags())['stream="filed",group="b0"'] === undefined
      })
    } finally {
      const left: string[] = []
      for await (const keys of own.redis.scanStream({ match: `ls:{${elsewhere}:*` })) {
        left.push(...keys)
      }
      for (const key of left) await own.redis.unlink(key)
      await own.close()
    }
  })
})
