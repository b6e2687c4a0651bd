import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { defineScript } from '../../src/redis/script.js'

const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-script-'))
afterAll(() => rmSync(folder, { recursive: true }))

const HEADER = `--[[
test.sample: a sample.

KEYS first   string  a key
ARGV one     string  an argument
ARGV two?    string  may be missing

RETURN nothing
COST O(1)
]]
return { 1 }
`

function define(lua: string, keys: string[] = ['first'], args: string[] = ['one', 'two?']) {
  const file = path.join(folder, `${Math.random()}.lua`)
  writeFileSync(file, lua)
  return defineScript({
    name: 'test.sample',
    file: pathToFileURL(file),
    keys,
    args,
    decode: String,
  })
}

describe('defineScript', () => {
  it('accepts a header that agrees with its binding', () => {
    expect(define(HEADER).program).toMatchObject({ grows: false, coalesce: true })
  })

  it('reads from the header that a script grows', () => {
    expect(define(HEADER.replace('COST O(1)', 'COST O(1)\nMEMORY grows')).program.grows).toBe(true)
  })

  it('places what is used once, and before whoever uses it', () => {
    const write = (name: string, lua: string) => writeFileSync(path.join(folder, name), lua)
    write('low.lua', '-- low\n')
    write('middle.lua', '-- @use low.lua\n-- middle\n')
    write('high.lua', '-- @use middle.lua\n-- high\n')
    const uses = '-- @use low.lua\n-- @use high.lua\n-- @use middle.lua\n'
    const { source } = define(HEADER.replace('return', `${uses}return`)).program
    const placed = [...source.matchAll(/^-- (low|middle|high)$/gm)].map(([, name]) => name)
    expect(placed).toEqual(['low', 'middle', 'high'])
  })

  it.each([
    ['another title', HEADER.replace('test.sample:', 'test.other:'), /title/],
    [
      'a key too many',
      HEADER.replace('\nARGV one', '\nKEYS more string x\nARGV one'),
      /KEYS are "first more"/,
    ],
    ['a missing argument', HEADER.replace(/ARGV one.*\n/, ''), /ARGV are "two\?"/],
    ['no RETURN', HEADER.replace(/RETURN .*\n/, ''), /RETURN is missing/],
    ['no COST', HEADER.replace(/COST .*\n/, ''), /COST is missing/],
    ['no header at all', 'return { 1 }', /title/],
  ])('refuses %s', (_what, lua, message) => {
    expect(() => define(lua)).toThrow(message)
  })

  it.each([
    ['a list that does not stand last', ['list[]', 'one'], /list must stand last/],
    ['two lists', ['a[]', 'b[]'], /list must stand last/],
  ])('refuses %s', (_what, args, message) => {
    const lines = args.map((name) => `ARGV ${name} string x`).join('\n')
    expect(() => define(HEADER.replace(/ARGV one.*\nARGV two.*/, lines), ['first'], args)).toThrow(
      message,
    )
  })

  it('refuses an optional key before another', () => {
    const lua = HEADER.replace(/KEYS first.*/, 'KEYS first? string x\nKEYS second string x')
    expect(() => define(lua, ['first?', 'second'])).toThrow(/optional key must stand last/)
  })
})
