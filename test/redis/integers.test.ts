import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redisKey } from '../../src/redis/keys.js'
import { list, MAX_INTEGER } from '../../src/redis/reply.js'
import { defineScript } from '../../src/redis/script.js'
import { useHarness } from '../support/harness.js'

const echoIntegers = defineScript({
  name: 'test.integers',
  file: new URL('./scripts/integers.lua', import.meta.url),
  keys: ['subject'],
  args: ['text[]'],
  decode: (reply) => list(reply),
})

const harness = useHarness()

const key = () => redisKey(harness.namespace, 'x', 'integers', randomUUID())
const send = (subject: string, numbers: readonly number[]) =>
  harness.binder.bind(echoIntegers)({ subject }, { text: numbers.map(String) })

const within = fc.oneof(
  fc.integer({ min: -MAX_INTEGER, max: MAX_INTEGER }),
  fc.integer({ min: MAX_INTEGER - 1_000, max: MAX_INTEGER }),
  fc.integer({ min: -MAX_INTEGER, max: -MAX_INTEGER + 1_000 }),
  fc.nat(200),
)

it('passes every integer that a script may return unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(within, { minLength: 1, maxLength: 50 }), async (numbers) => {
      const [, ...there] = await send(key(), numbers)
      expect(there).toEqual(numbers.map((number) => number + 0))
    }),
    { numRuns: 200 },
  )
})

it('answers outcome-unknown for an integer that the parser may have rounded', async () => {
  for (let number = Number.MAX_SAFE_INTEGER; number > MAX_INTEGER; number--) {
    const subject = key()
    for (const one of [number, -number]) {
      await expect(send(subject, [1, one])).rejects.toMatchObject({ code: 'outcome-unknown' })
    }
    // The script ran, so the error must not say that the call failed.
    expect(await harness.redis.get(subject)).toBe('2')
  }
})

describe('every script of the program', async () => {
  const scripts = await scriptsOf(path.resolve(import.meta.dirname, '../../src'))

  it('is found', () => {
    const files = luaFiles(path.resolve(import.meta.dirname, '../../src'))
    expect(scripts.map(({ program }) => program.name).toSorted()).toEqual(files.toSorted())
  })

  it.each(scripts.map((script) => [script.program.name, script] as const))(
    '%s lets no integer through that may be another one',
    (_name, { decode }) => {
      // Every outcome, and every position in the reply.
      const reply = fc.tuple(
        fc.integer({ min: -4, max: 9 }),
        fc.array(fc.oneof(fc.nat(3), fc.constant('0'), fc.constant('[]')), { maxLength: 12 }),
        fc.integer({ min: MAX_INTEGER + 1, max: 2 ** 53 + 200 }),
        fc.nat(12),
        fc.boolean(),
      )
      fc.assert(
        fc.property(reply, ([outcome, fields, beyond, at, isNegative]) => {
          const fieldsWith = fields.toSpliced(at, 0, isNegative ? -beyond : beyond)
          expect(() => decode([outcome, ...fieldsWith])).toThrow()
        }),
        { numRuns: 200 },
      )
    },
  )
})

interface Decodes {
  readonly program: { readonly name: string }
  readonly decode: (reply: unknown) => unknown
}

const isScript = (value: unknown): value is Decodes =>
  typeof value === 'object' && value !== null && 'program' in value && 'decode' in value

/** All scripts that the modules of a folder export, also within records. */
async function scriptsOf(folder: string): Promise<Decodes[]> {
  const found = new Map<string, Decodes>()
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file))
    .filter((file) => readFileSync(file, 'utf8').includes('defineScript({'))
  for (const file of files) {
    const module: Record<string, unknown> = await import(pathToFileURL(file).href)
    for (const value of Object.values(module)) {
      const inside = typeof value === 'object' && value !== null ? Object.values(value) : []
      for (const one of [value, ...inside]) if (isScript(one)) found.set(one.program.name, one)
    }
  }
  return [...found.values()]
}

/** The names of all scripts, except libraries and batch.lua. */
const luaFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.lua') && !file.includes('/lib/'))
    .map((file) => /^(\S+): /m.exec(readFileSync(path.join(folder, file), 'utf8'))?.[1] ?? file)
    .filter((name) => name !== 'redis.batch')
