import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { sweepScript } from '../../src/cache/sweeping/scripts.js'
import { leaseOf, leaseStatusOf } from '../cache/driver.js'
import { useHarness } from '../support/harness.js'
import { useRedis } from '../support/managed.js'
import { commandsOf } from '../support/monitor.js'
import { until } from '../support/until.js'

// A Redis of its own, because the test watches every command.
const redis = useRedis()
const harness = useHarness(() => ({
  redisUrl: redis.url,
  configFile: `
    spaces:
      large: { maxValueBytes: 8388608, staleMs: 600000 }
      lost: { jitter: 0, staleMs: 600000, leaseMs: 600000 }
  `,
}))

const SIZE = 8 * 1024 * 1024
/** The bytes read in one command with the header and texts of an entry. */
const HEAD = 8_192
const value = randomBytes(SIZE)
const at = (key: string) => `/v1/cache/large/${key}`

async function store(key: string): Promise<string> {
  const { headers } = await harness.request('put', at(key)).send(value).expect(201)
  return headers.etag as string
}

interface Read {
  readonly byScript: boolean
  readonly bytes: number
}

/** The reads of entries during `work`, without those of a sweep, which may run at any time. */
async function readsOf(work: () => Promise<unknown>, space = 'large'): Promise<Read[]> {
  let sha = ''
  const reads: Read[] = []
  for (const { args, byScript } of await commandsOf(redis.url, work)) {
    if (args[0] === 'evalsha') sha = args[1] ?? ''
    const isRead = /^(m?get|getrange)$/.test(args[0] ?? '')
    if (!isRead || !args[1]?.includes(`:entry:${space}:`)) continue
    if (byScript && sha === sweepScript.program.sha) continue
    reads.push({ byScript, bytes: lengthOf(args) })
  }
  return reads
}

/** The length that a command reads of a value of this size. */
const lengthOf = ([, , from, to]: readonly string[]): number =>
  from === undefined ? SIZE : (Number(to) < 0 ? SIZE : Number(to) + 1) - Number(from)

describe('a call that returns no payload reads none', () => {
  const tag = (etag: string) => ({ 'if-none-match': etag })
  const operations: [string, (key: string, etag: string) => Promise<unknown>][] = [
    ['HEAD', (key) => harness.request('head', at(key)).expect(200)],
    ['metadata', (key) => harness.request('get', `${at(key)}/meta`).expect(200)],
    ['a touch', (key) => harness.request('post', `${at(key)}/touch`).expect(204)],
    ['a 304', (key, etag) => harness.request('get', at(key)).set(tag(etag)).expect(304)],
    ['a 304 to any', (key) => harness.request('get', at(key)).set(tag('*')).expect(304)],
    [
      'a refused If-Match',
      (key) => harness.request('put', at(key)).set('if-match', '"1"').send('x').expect(412),
    ],
    [
      'a refused If-None-Match',
      (key) => harness.request('put', at(key)).set(tag('*')).send('x').expect(412),
    ],
    [
      'a refused DELETE',
      (key) => harness.request('delete', at(key)).set('if-match', '"1"').expect(412),
    ],
    [
      'a kind mismatch',
      (key) =>
        harness
          .request('post', `${at(key)}/incr`)
          .send({})
          .expect(409),
    ],
    [
      'a soft invalidation',
      (key) =>
        harness
          .request('post', '/v1/cache/large/invalidate')
          .send({ keys: [key] })
          .expect(204),
    ],
    ['a value in its place', (key) => harness.request('put', at(key)).send('small').expect(204)],
    ['a DELETE', (key) => harness.request('delete', at(key)).expect(204)],
  ]

  it.each(operations)('%s', async (what, run) => {
    const etag = await store(`for ${what}`)
    const reads = await readsOf(() => run(`for ${what}`, etag))
    expect(Math.max(0, ...reads.map(({ bytes }) => bytes))).toBeLessThanOrEqual(HEAD)
  })

  it('a miss for an ended entry', async () => {
    await store('dead')
    const body = { all: true, mode: 'hard' }
    await harness.request('post', '/v1/cache/large/invalidate').send(body).expect(204)
    const reads = await readsOf(() => harness.request('get', at('dead')).expect(404))
    expect(Math.max(0, ...reads.map(({ bytes }) => bytes))).toBeLessThanOrEqual(HEAD)
  })
})

describe('a script never reads a large payload', () => {
  const returns: [string, (key: string) => Promise<Buffer>][] = [
    ['a GET', async (key) => (await harness.request('get', at(key)).expect(200)).body],
    [
      'a get-or-set',
      async (key) =>
        (
          await harness
            .request('put', at(key))
            .set({ 'if-none-match': '*', prefer: 'return=representation' })
            .send('x')
            .expect(200)
        ).body,
    ],
    [
      'a get-many',
      async (key) => {
        const { body } = await harness
          .request('post', '/v1/cache/large/get-many')
          .send({ keys: [key], encoding: 'base64' })
          .expect(200)
        return Buffer.from(body.results[0].value, 'base64')
      },
    ],
  ]

  it.each(returns)('%s', async (what, run) => {
    await store(`by ${what}`)
    let got: Buffer | undefined
    const reads = await readsOf(async () => {
      got = await run(`by ${what}`)
    })
    expect(got?.equals(value)).toBe(true)
    const large = reads.filter(({ bytes }) => bytes > HEAD)
    expect(large).toEqual([{ byScript: false, bytes: SIZE }])
  })
})

it('long texts are read completely', async () => {
  const tags = Array.from({ length: 32 }, (_, i) => `${i}`.padEnd(128, 't'))
  const texts = { 'surrogate-key': tags.join(' '), 'content-encoding': 'e'.repeat(255) }
  await harness
    .request('put', at('texts'))
    .type('text/plain')
    .set(texts)
    .send('the value')
    .expect(201)
  const { text, headers } = await harness.request('get', at('texts')).expect(200)
  expect([text, headers['content-encoding']]).toEqual(['the value', 'e'.repeat(255)])
  const { body: meta } = await harness.request('get', `${at('texts')}/meta`).expect(200)
  expect(meta.tags).toEqual(tags)
})

/** Calls `replace` before each plain read of the payload. */
function replaceBehindScripts(client: Redis, replace: () => Promise<unknown>) {
  const { mgetBuffer } = client
  client.mgetBuffer = (async (keys: string[]) => {
    await replace()
    return mgetBuffer.call(client, keys)
  }) as typeof mgetBuffer
  return () => {
    client.mgetBuffer = mgetBuffer
  }
}

// From the second read on, the payload of the smaller value is read before the script runs.
it.each([100_000, 10_000])(
  'a value of %i bytes that is replaced between the script and the GET is never mixed',
  async (size) => {
    const versions = new Map<string, Buffer>()
    const put = async () => {
      const bytes = randomBytes(size)
      const { headers } = await harness.request('put', at('hot')).send(bytes)
      versions.set(headers.etag as string, bytes)
    }
    await put()
    const restore = replaceBehindScripts(harness.connections.cache.client as Redis, put)
    try {
      for (let i = 0; i < 5; i++) {
        const { body, headers } = await harness.request('get', at('hot')).expect(200)
        expect(versions.get(headers.etag as string)?.equals(body)).toBe(true)
      }
    } finally {
      restore()
    }
  },
)

it('the GET of a value in a space of large values is sent with the script', async () => {
  const put = (size: number) => harness.request('put', '/v1/cache/sizes/k').send(randomBytes(size))
  const read = async () =>
    (await readsOf(() => harness.request('get', '/v1/cache/sizes/k').expect(200), 'sizes')).map(
      ({ byScript }) => (byScript ? 'script' : 'get'),
    )
  await put(10_000).expect(201)
  expect(await read()).toEqual(['script', 'get'])
  expect(await read()).toEqual(['get', 'script'])
  // The GET is wasted on the first small value; for the largest values a wasted GET costs too much.
  await put(100).expect(204)
  expect(await read()).toEqual(['get', 'script'])
  expect(await read()).toEqual(['script'])
  await put(100_000).expect(204)
  expect(await read()).toEqual(['script', 'get'])
  expect(await read()).toEqual(['script', 'get'])
  const { headers } = await put(10_000).expect(204)
  await read()
  const had = harness
    .request('get', '/v1/cache/sizes/k')
    .set('if-none-match', headers.etag as string)
  expect(await readsOf(() => had.expect(304), 'sizes')).toMatchObject([{ byScript: true }])
})

it('a value deleted between the script and the GET is a miss, which offers the lease', async () => {
  await harness.request('put', at('going')).send(randomBytes(100_000)).expect(201)
  const restore = replaceBehindScripts(harness.connections.cache.client as Redis, () =>
    harness.request('delete', at('going')).expect(204),
  )
  try {
    const loader = await harness.request('get', at('going')).query({ lease: true }).expect(404)
    expect(loader.headers['lockstep-lease']).toMatch(/./)
    const second = await harness.request('get', at('going')).query({ lease: true }).expect(404)
    expect(second.headers['lockstep-lease-status']).toBe('held')
  } finally {
    restore()
  }
})

describe('the lease of a large stale value that could not be read', () => {
  const ask = (key: string) =>
    harness.request('get', `/v1/cache/lost/${key}`).query({ lease: true })

  /** Asks for a stale value whose bytes are not read, so that the caller gets a 503. */
  async function askInVain(key: string, asked: () => ReturnType<typeof ask>): Promise<void> {
    const stored = harness.request('put', `/v1/cache/lost/${key}`).query({ ttlMs: 1_000 })
    await stored.send(randomBytes(100_000)).expect(201)
    harness.advance(1_000)
    const restore = replaceBehindScripts(harness.connections.cache.client as Redis, () =>
      Promise.reject(new Error('Connection is closed.')),
    )
    try {
      await asked().expect(503)
    } finally {
      restore()
    }
  }

  it('is given up, because its caller never hears of it', async () => {
    await askInVain('ours', () => ask('ours'))
    await until('a free lease', async () => leaseOf(await ask('ours').expect(200)))
  })

  it('stays under the token of a caller, who can ask again', async () => {
    const mine = () => ask('own').set('lockstep-lease', 'a-token-of-my-own')
    await askInVain('own', mine)
    expect(leaseStatusOf(await ask('own').expect(200))).toBe('held')
    expect(leaseOf(await mine().expect(200))).toMatch(/^a-token-of-my-own\./)
  })
})
