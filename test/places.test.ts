import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { WRITE_MUTANTS } from './cache/origins/write-mutants.js'
import { MUTANTS as CACHE_MUTANTS } from './coherence/mutants.js'
import { CHANGE_MUTANTS, MUTANTS as LIMIT_MUTANTS } from './envelope/mutants.js'
import { GROUP_MUTANTS } from './safety/group-mutants.js'
import { MUTANTS as LOCK_MUTANTS } from './safety/mutants.js'
import { QUEUE_MUTANTS } from './safety/queue-mutants.js'
import { useHarness } from './support/harness.js'
import { brokenTexts, type Mutant, placesOf, SOURCES } from './support/mutant.js'
import { tempFolder } from './support/temp-folder.js'

const MUTANTS: readonly Mutant[] = [
  ...LOCK_MUTANTS,
  ...LIMIT_MUTANTS,
  ...CHANGE_MUTANTS,
  ...CACHE_MUTANTS,
  ...WRITE_MUTANTS,
  ...QUEUE_MUTANTS,
  ...GROUP_MUTANTS,
]

const places = placesOf()

// The tests that break these lines take minutes; this one reports a missing place at once.
it('tests break every line that is marked as a place, and no other', () => {
  const broken = new Set(MUTANTS.flatMap(({ breaks }) => Object.keys(breaks)))
  expect([...places.keys()].sort()).toEqual([...broken].sort())
})

const harness = useHarness()
const LUA_MUTANTS = MUTANTS.filter(({ breaks }) =>
  Object.keys(breaks).every((place) => places.get(place)?.endsWith('.lua')),
)

it.each(LUA_MUTANTS)('can be broken, and Redis parses it: $name', async (mutant) => {
  for (const text of brokenTexts(SOURCES, mutant).values()) {
    const sha = await harness.redis.script('LOAD', `local function run()\n${text}\nend`)
    expect(sha).toMatch(/^[0-9a-f]{40}$/)
  }
})

/** Makes a folder with these files, which serves as sources and as build. */
function folderOf(files: Record<string, string>): string {
  const folder = tempFolder()
  mkdirSync(path.join(folder, 'scripts'))
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text)
  return folder
}

const LUA = 'local a = 1 -- @place one\n  check(a) -- @place two\nlocal b = 2\n'

const broken = (folder: string, breaks: Mutant['breaks']) =>
  brokenTexts(folder, { name: 'it', breaks }, placesOf(folder))

it('only the marked line is broken', () => {
  const folder = folderOf({ 'scripts/a.lua': LUA, 'scripts/b.lua': 'return 3 -- @place three\n' })
  const texts = broken(folder, { one: 'local a = 2', two: (line) => `if false then${line} end` })
  expect([...texts]).toEqual([
    ['scripts/a.lua', 'local a = 2\nif false then  check(a) end\nlocal b = 2\n'],
  ])
})

it('a place without a mark, or with two, is refused', () => {
  const folder = folderOf({ 'scripts/a.lua': LUA })
  expect(() => broken(folder, { three: '' })).toThrow('no line is marked with @place three')
  const twice = folderOf({ 'scripts/a.lua': LUA, 'scripts/b.lua': LUA })
  expect(() => placesOf(twice)).toThrow('marked twice: one')
})
