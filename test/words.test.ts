import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '..')

/** Words that the terms in ARCHITECTURE.md replace. */
const WORDS =
  'acquiring beat crowd delivering elsewhen keeping lapse leaving memo meter shelf tell'.split(' ')
const REPLACED = new RegExp(`^(${WORDS.join('|')})[ds]?$`)

const files = ['src', 'test', 'scripts', 'bench'].flatMap((folder) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(
    (file) => `${folder}/${file.replaceAll(path.sep, '/')}`,
  ),
)

const TEXT = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/
const TEXTS: Readonly<Record<string, RegExp>> = {
  lua: new RegExp(`--\\[\\[[^]*?\\]\\]|--.*|${TEXT.source}`, 'g'),
  ts: new RegExp(`/\\*[^]*?\\*/|//.*|${TEXT.source}`, 'g'),
}

/** The code inside a template; other texts and comments contain none. */
const codeIn = (text: string): string =>
  text.startsWith('`')
    ? [...text.matchAll(/\$\{([^}]*)\}/g)].map(([, code]) => code).join(' ')
    : ' '

/** `memoKey` and `memo_key` have the parts memo and key. */
const partsOf = (name: string): string[] =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z]+/)

const isReplaced = (name: string): boolean => partsOf(name).some((part) => REPLACED.test(part))

function replacedNames(code: string, language: string): string[] {
  const names = code.replace(TEXTS[language] as RegExp, codeIn).match(/[A-Za-z_$][\w$]*/g)
  return [...new Set(names)].filter(isReplaced)
}

it('finds a replaced name as a whole, as a part, and inside a template', () => {
  const template = ['`$', '{tell_lost} tells`'].join('')
  const code = `const memoKey = beatOf(${template}) // a crowd\nthis.#shelf = BEAT_MS`
  expect(replacedNames(code, 'ts')).toEqual(['memoKey', 'beatOf', 'tell_lost', 'shelf', 'BEAT_MS'])
  expect(replacedNames('local memos = f(memo) -- a beat', 'lua')).toEqual(['memos', 'memo'])
})

it('accepts texts, comments and longer words', () => {
  const code = '/* who tells */ const memory = parameter(\'beat\', "memo") // keeping'
  expect(replacedNames(code, 'ts')).toEqual([])
  expect(replacedNames("--[[\n beat\n]] local heartbeat = 'memo'", 'lua')).toEqual([])
})

it('no file has a replaced name', () => {
  expect(files.filter((file) => isReplaced(path.basename(file)))).toEqual([])
})

it('no code has a replaced name', () => {
  const found = files.flatMap((file) => {
    const language = /\.(ts|mjs)$/.test(file) ? 'ts' : path.extname(file).slice(1)
    if (!(language in TEXTS)) return []
    const names = replacedNames(readFileSync(path.join(ROOT, file), 'utf8'), language)
    return names.map((name) => `${file}: ${name}`)
  })
  expect(found).toEqual([])
})
