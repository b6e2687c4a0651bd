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
  it('accepts a header that matches its binding', () => {
    expect(define(HEADER).program).toMatchObject({ grows: false, coalesce: true })
  })

  it('reads from the header that a script grows', () => {
    expect(define(HEADER.replace('COST O(1)', 'COST O(1)\nMEMORY grows')).program.grows).toBe(true)
  })

  const write = (name: string, lua: string) => writeFileSync(path.join(folder, name), lua)
  const using = (lua: string) => define(HEADER.replace('return', `${lua}\nreturn`))

  it('places each library once, before the files that use it', () => {
    write('low.lua', 'local low = 1\n')
    write('middle.lua', '-- @use low.lua\nlocal middle = low\n')
    write('high.lua', '-- @use middle.lua\nlocal function high() return middle end\n')
    const { source } = using(
      '-- @use low.lua\n-- @use high.lua\n-- @use middle.lua\nhigh(middle, low)',
    ).program
    const placed = [...source.matchAll(/^local (?:function )?(low|middle|high)\b/gm)]
    expect(placed.map(([, name]) => name)).toEqual(['low', 'middle', 'high'])
  })

  it('reads from its libraries that a script needs all of its keys at one server', () => {
    write('apart.lua', '-- @whole\nlocal apart = 1\n')
    write('above.lua', '-- @use apart.lua\nlocal above = apart\n')
    expect(using('-- @use above.lua\nabove()').program.whole).toBe(true)
    expect(define(HEADER).program.whole).toBe(false)
  })

  it('names a circle of libraries', () => {
    write('one.lua', '-- @use two.lua\nlocal one = two\n')
    write('two.lua', '-- @use one.lua\nlocal two = one\n')
    expect(() => using('-- @use one.lua\none()')).toThrow(
      'circle of @use: one.lua -> two.lua -> one.lua',
    )
  })

  it('names a library that a file does not use', () => {
    write('idle.lua', 'local idle, empty = 1, 2\n')
    expect(() => using('-- @use idle.lua')).toThrow(/uses nothing of idle\.lua$/)
    expect(() => using('-- @use idle.lua\nempty()')).not.toThrow()
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
    ['a list that is not last', ['list[]', 'one'], /list must be last/],
    ['two lists', ['a[]', 'b[]'], /list must be last/],
  ])('refuses %s', (_what, args, message) => {
    const lines = args.map((name) => `ARGV ${name} string x`).join('\n')
    expect(() => define(HEADER.replace(/ARGV one.*\nARGV two.*/, lines), ['first'], args)).toThrow(
      message,
    )
  })

  it('refuses an optional key before another', () => {
    const lua = HEADER.replace(/KEYS first.*/, 'KEYS first? string x\nKEYS second string x')
    expect(() => define(lua, ['first?', 'second'])).toThrow(/optional key must be last/)
  })

  describe('outcomes', () => {
    const OUTCOMES = HEADER.replace(
      'RETURN nothing\n',
      `RETURN next outcome ...
  2 gone: it was there
  -1, key, left   not-known; the key of the caller, which goes on
                  3, like this, on the next line
  0, a, b
                  denied
`,
    )
    const answering = (lua: string, outcomes?: readonly string[]) => {
      const file = path.join(folder, `${Math.random()}.lua`)
      writeFileSync(file, lua)
      return defineScript({
        name: 'test.sample',
        file: pathToFileURL(file),
        keys: ['first'],
        args: ['one', 'two?'],
        ...(outcomes && { outcomes }),
        decode: (reply, outcome) => ({ reply, outcome }),
      })
    }

    it('gives the decoder the word of the number in the header', () => {
      const { decode } = answering(OUTCOMES, ['gone', 'not-known', 'denied'])
      expect(decode([7, 2])).toEqual({ reply: [7, 2], outcome: 'gone' })
      expect(decode([7, -1, 'k', 5])).toMatchObject({ outcome: 'not-known' })
      expect(decode([7, 0])).toMatchObject({ outcome: 'denied' })
    })

    it.each([
      ['between two others', [7, 1]],
      ['above all others', [7, 3]],
      ['below all others', [7, -2]],
      ['that is no integer', [7, 0.5]],
      ['that is text', [7, '2']],
      ['that is missing', [7]],
      ['of a reply that is no array', 'OK'],
    ])('throws for one %s', (_where, reply) => {
      const { decode } = answering(OUTCOMES, ['gone', 'not-known', 'denied'])
      expect(() => decode(reply)).toThrow(/^unknown outcome .* of test\.sample$/)
    })

    it('shows no text in its place, which may be a token', () => {
      const { decode } = answering(OUTCOMES, ['gone', 'not-known', 'denied'])
      expect(() => decode([7, 'secret'])).toThrow('unknown outcome string of test.sample')
    })

    it.each([
      [
        'another word',
        OUTCOMES,
        ['gone', 'known', 'denied'],
        /outcomes are "gone not-known denied"/,
      ],
      ['another order', OUTCOMES, ['not-known', 'gone', 'denied'], /outcomes are/],
      ['one too few', OUTCOMES, ['gone', 'not-known'], /outcomes are/],
      ['none in the binding', OUTCOMES, undefined, /outcomes are/],
      ['none in the header', HEADER, ['gone'], /outcomes are ""/],
      [
        'a line that names none',
        OUTCOMES.replace('gone: it', 'it'),
        ['gone', 'not-known', 'denied'],
        /outcomes are " not-known denied"/,
      ],
      [
        'two of one number',
        OUTCOMES.replace('  0, a', '  2, a'),
        ['gone', 'not-known', 'denied'],
        /two outcomes have one number/,
      ],
      [
        'a reply without their place',
        OUTCOMES.replace('next outcome', 'next'),
        ['gone', 'not-known', 'denied'],
        /outcomes belong below RETURN \.\.\. outcome/,
      ],
      [
        'a place without any',
        HEADER.replace('RETURN nothing', 'RETURN outcome'),
        undefined,
        /outcomes belong below RETURN \.\.\. outcome/,
      ],
    ])('refuses %s', (_what, lua, outcomes, message) => {
      expect(() => answering(lua, outcomes)).toThrow(message)
    })
  })
})
