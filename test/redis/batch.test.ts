import { createHash, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Binder, createBinder } from '../../src/redis/binder.js'
import { redisKey } from '../../src/redis/keys.js'
import { list } from '../../src/redis/reply.js'
import { defineScript } from '../../src/redis/script.js'
import { useHarness } from '../support/harness.js'

const echoScript = defineScript({
  name: 'test.echo',
  file: new URL('./scripts/echo.lua', import.meta.url),
  keys: ['subject'],
  args: ['verb', 'word[]'],
  decode: (reply) => list(reply),
})

const alone = defineScript({ ...spec(), coalesce: false })
const heavy = defineScript({ ...spec(), units: () => 100 })

function spec() {
  return {
    name: 'test.echo',
    file: new URL('./scripts/echo.lua', import.meta.url),
    keys: ['subject'],
    args: ['verb', 'word[]'],
    decode: (reply: unknown) => list(reply),
  } as const
}

const harness = useHarness()
let binder: Binder
let batches: number[]

beforeAll(async () => {
  binder = createBinder({
    connection: harness.connection,
    clockOffsetUs: () => 0,
    observer: { batch: (_script, calls) => batches.push(calls), failure: () => undefined },
  })
})

const key = () => redisKey(harness.namespace, 'x', 'k', randomUUID())
const run = (script: typeof echoScript) => {
  batches = []
  const bound = binder.bind(script)
  return (verb: string, subject = key(), word: string[] = []) => bound({ subject }, { verb, word })
}

describe('a batch', () => {
  it('gives the same answers as single calls, in the order made', async () => {
    const echo = run(echoScript)
    const words = Array.from({ length: 50 }, (_, i) => [`w${i}`, ...Array(i % 4).fill('x')])

    const together = await Promise.all(words.map((word) => echo('args', undefined, word)))
    expect(batches).toEqual([50])

    const single: unknown[] = []
    for (const word of words) single.push(await echo('args', undefined, word))
    expect(together).toEqual(single)
    expect(together[3]).toEqual([1, 5, 'w3', 'x', 'x', 'x'])
  })

  it('gives each call its own arguments, also after one with others', async () => {
    const echo = run(echoScript)
    const word = fc.constantFrom('', '1', '0', '=01', 'a', 'b', '💾', '%')
    const calls = fc.array(fc.array(word, { maxLength: 4 }), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(calls, async (words) => {
        const replies = await Promise.all(words.map((own) => echo('args', undefined, own)))
        expect(replies).toEqual(words.map((own) => [1, own.length + 1, ...own]))
      }),
      { numRuns: 50 },
    )
  })

  it('runs its calls in the order made', async () => {
    const echo = run(echoScript)
    const subject = key()

    const counts = await Promise.all(Array.from({ length: 20 }, () => echo('count', subject)))

    expect(counts.flat()).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  })

  it('reads the clock once', async () => {
    const echo = run(echoScript)
    const times = await Promise.all(Array.from({ length: 30 }, () => echo('now')))
    expect(new Set(times.flat()).size).toBe(1)
  })

  it('holds 128 units, and sends the rest in the next', async () => {
    const echo = run(echoScript)
    await Promise.all(Array.from({ length: 300 }, () => echo('count')))
    expect(batches).toEqual([128, 128, 44])
  })

  it('counts a unit for every key that a call lists', async () => {
    const lists = defineScript({
      name: 'test.keys',
      file: new URL('./scripts/keys.lua', import.meta.url),
      keys: ['key[]'],
      args: [],
      decode: (reply) => list(reply),
    })
    batches = []
    const ask = binder.bind(lists)
    const asked = Array.from({ length: 3 }, () => ask({ key: Array.from({ length: 60 }, key) }, {}))
    expect(await Promise.all(asked)).toEqual([[60], [60], [60]])
    expect(batches).toEqual([2, 1])
  })

  it('lets a heavy call travel alone', async () => {
    const echo = run(heavy)
    await Promise.all(Array.from({ length: 3 }, () => echo('count')))
    expect(batches).toEqual([1, 1, 1])
  })

  it('is one call if the script opts out', async () => {
    const echo = run(alone)
    await Promise.all(Array.from({ length: 3 }, () => echo('count')))
    expect(batches).toEqual([1, 1, 1])
  })

  it.each([
    [31, [31]],
    [40, [16, 16, 8]],
    [64, [16, 16, 16, 16]],
    [200, [50, 50, 50, 50]],
    [1024, Array(8).fill(128)],
  ])('is a part of the load once that is known: of %i calls', async (calls, parts) => {
    const echo = run(echoScript)
    const together = () => Promise.all(Array.from({ length: calls }, () => echo('count')))
    await together()
    batches = []
    await together()
    expect(batches).toEqual(parts)
  })

  it('is a whole turn again some turns after the load was high', async () => {
    const echo = run(echoScript)
    await Promise.all(Array.from({ length: 64 }, () => echo('count')))
    for (let turn = 0; turn < 20; turn++) await echo('count')
    batches = []
    await Promise.all(Array.from({ length: 64 }, () => echo('count')))
    expect(batches).toEqual([64])
  })

  it('holds 64 KiB of arguments', async () => {
    const echo = run(echoScript)
    const word = ['x'.repeat(40_000)]
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => echo('args', undefined, word)),
    )
    expect(batches).toEqual([1, 1, 1])
    expect(answers[2]).toEqual([1, 2, ...word])
  })

  it('ends after 256 KiB of replies, and runs each call exactly once', async () => {
    const echo = run(echoScript)
    const subject = key()
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => echo('big', subject, ['100000'])),
    )
    expect(answers.map(([, count]) => count)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1))
    expect(batches.length).toBeGreaterThan(1)
  })
})

describe('a failing call', () => {
  it.each([
    ['raises an error', 'fail', /on purpose/],
    ['returns an error', 'error', /ON PURPOSE/],
    ['returns nothing', 'nothing', /nil/],
  ])('that %s does not fail its neighbours', async (_what, verb, message) => {
    const echo = run(echoScript)
    const [before, failed, after] = await Promise.allSettled([
      echo('args', undefined, ['a']),
      echo(verb),
      echo('args', undefined, ['b']),
    ])

    expect(batches).toEqual([3])
    expect(before).toMatchObject({ status: 'fulfilled', value: [1, 2, 'a'] })
    expect(after).toMatchObject({ status: 'fulfilled', value: [1, 2, 'b'] })
    expect(failed).toMatchObject({
      status: 'rejected',
      reason: { name: 'ScriptError', cause: { message: expect.stringMatching(message) } },
    })
  })

  it('that causes a Redis error names it', async () => {
    const echo = run(echoScript)
    const subject = key()
    await echo('count', subject)

    await expect(echo('call', subject)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('WRONGTYPE') },
    })
  })
})

it('is not affected by SCRIPT FLUSH', async () => {
  const echo = run(echoScript)
  const subject = key()
  await echo('count', subject)
  await harness.redis.script('FLUSH')

  expect(await Promise.all([echo('count', subject), echo('count', subject)])).toEqual([[2], [3]])
  const { sha } = echoScript.program
  expect(sha).toBe(createHash('sha1').update(echoScript.program.source).digest('hex'))
})
