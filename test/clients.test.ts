import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { EXIT } from '../clients/typescript/cli/failures.js'

const PROJECT = path.resolve(import.meta.dirname, '..')
const read = (file: string) => readFileSync(path.join(PROJECT, file), 'utf8')

interface Operation {
  readonly operationId?: string
  readonly responses: Readonly<Record<string, { readonly content?: object }>>
}

const { paths } = parse(read('openapi.yaml')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}
const operations = Object.values(paths)
  .flatMap((item) => Object.values(item))
  .filter(({ operationId }) => operationId !== undefined)
const idsOf = (some: readonly Operation[]) => some.map((one) => one.operationId as string).sort()
const isStream = ({ responses }: Operation) =>
  Object.values(responses).some(({ content = {} }) => 'text/event-stream' in content)

/** What the first group of a pattern finds. */
const found = (file: string, pattern: RegExp) =>
  [...new Set([...read(file).matchAll(pattern)].map(([, name]) => name as string))].sort()

describe('every operation of openapi.yaml can be called', () => {
  it('in TypeScript, with types', () => {
    const client = 'clients/typescript/src'
    expect(found(`${client}/operations.ts`, /^ {2}(\w+): \[/gm)).toEqual(idsOf(operations))
    const [, types = ''] = read(`${client}/api.ts`).split('export interface operations {')
    const typed = [...types.matchAll(/^ {4}(\w+): \{$/gm)].map(([, name]) => name)
    expect(typed.sort()).toEqual(idsOf(operations))
  })

  it('in Python, with types for all that are no stream of events', () => {
    const client = 'clients/python/src/lockstep'
    expect(found(`${client}/_operations.py`, /^ {4}"(\w+)": \(/gm)).toEqual(idsOf(operations))
    const typed = found(`${client}/_calls.pyi`, /operation: Literal\["(\w+)"\]/g)
    expect(typed).toEqual(idsOf(operations.filter((one) => !isStream(one))))
  })

  it('in Go, with types for all that are no stream of events', () => {
    const goNames = (some: readonly Operation[]) =>
      idsOf(some).map((name) => `${name[0]?.toUpperCase()}${name.slice(1)}`)
    expect(found('clients/go/api.go', /^\tOp(\w+) += Operation\{/gm)).toEqual(goNames(operations))
    const typed = found('clients/go/calls.go', /^func \(c Calls\) (\w+)\(/gm)
    expect(typed).toEqual(goNames(operations.filter((one) => !isStream(one))))
  })
})

/** What each client has a method of its own for, by the names that differ. */
const METHODS: readonly (readonly [string, string, string])[] = [
  ['locks.ts run', 'client.py lock', 'leases.go Do'],
  ['locks.ts run', 'client.py semaphore', 'leases.go Do'],
  ['locks.ts run', 'client.py lock_set', 'leases.go Do'],
  ['locks.ts acquire', 'leases.py acquire', 'leases.go Acquire'],
  ['locks.ts renew', 'leases.py renew', 'leases.go Renew'],
  ['locks.ts release', 'leases.py release', 'leases.go Release'],
  ['locks.ts hold', 'client.py hold', 'locks.go Hold'],
  ['locks.ts watch', 'leases.py watch', 'locks.go Watch'],
  ['sessions.ts run', 'client.py session', 'sessions.go Do'],
  ['cache.ts getOrLoad', 'cache.py get_or_load', 'loads.go GetOrLoad'],
  ['cache.ts get', 'cache.py get', 'cache.go Get'],
  ['cache.ts put', 'cache.py put', 'cache.go Put'],
  ['cache.ts delete', 'cache.py delete', 'cache.go Delete'],
  ['cache.ts invalidate', 'cache.py invalidate', 'cache.go Invalidate'],
  ['cache.ts getMany', 'cache.py get_many', 'cache.go GetMany'],
  ['cache.ts increment', 'cache.py increment', 'cache.go Increment'],
  ['limits.ts check', 'limits.py check', 'limits.go Check'],
  ['limits.ts run', 'limits.py lease', 'limits.go Do'],
  ['boards.ts submit', 'boards.py submit', 'boards.go Submit'],
  ['boards.ts top', 'boards.py top', 'boards.go Top'],
  ['boards.ts rank', 'boards.py rank', 'boards.go Rank'],
  ['boards.ts around', 'boards.py around', 'boards.go Around'],
  ['queues.ts send', 'queues.py send', 'queues.go Send'],
  ['queues.ts work', 'queues.py work', 'queues.go Work'],
  ['streams.ts append', 'streams.py append', 'streams.go Append'],
  ['streams.ts read', 'streams.py page', 'streams.go Page'],
  ['streams.ts follow', 'streams.py follow', 'streams.go Follow'],
  ['streams.ts work', 'streams.py work', 'streams.go Work'],
]

it.each(METHODS)('all clients have the same methods: %s, %s, %s', (ts, py, go) => {
  const has = (folder: string, at: string, before: string) => {
    const [file = '', name] = at.split(' ')
    expect(read(path.join(folder, file)), at).toMatch(new RegExp(`${before}${name}\\b`))
  }
  has('clients/typescript/src', ts, '^  (?:async )?\\*?'.replace('^', '\\n'))
  has('clients/python/src/lockstep/_async', py, '    (?:async )?def ')
  has('clients/go', go, '\\nfunc \\(\\w \\*\\w+(?:\\[\\w+\\])?\\) ')
})

describe('clients/conformance.md', () => {
  const [header = '', , ...rows] = read('clients/conformance.md')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
  const column = header.indexOf('TypeScript')
  const files = readdirSync(path.join(PROJECT, 'test/client-typescript'))

  it('counts its behaviours', () => {
    expect(rows.map(([, number]) => Number(number))).toEqual(rows.map((_, at) => at + 1))
  })

  it.each(rows.map((row) => [row[1], row[column]]))('names tests of TypeScript: %s', (_, cell) => {
    let file = ''
    for (const part of `${cell}`.split('; ')) {
      const [, named, name = ''] = /^(?:`(\w+)`: )?(.+)$/.exec(part) ?? []
      file = named ? `${named}.test.ts` : file
      expect(files).toContain(file)
      const titles = [...read(`test/client-typescript/${file}`).matchAll(/\('(.+?)'|^ *'(.+)',$/gm)]
      const isThere = titles.some(([, one, other]) => `${one ?? other}`.startsWith(name))
      expect(isThere, part).toBe(true)
    }
  })
})

describe('docs/clients.md counts the lines of its uses', () => {
  const page = read('docs/clients.md')
  const sources = {
    ts: ['mjs', (text: string) => text.replace(/^\s*\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')],
    go: ['go', (text: string) => text.replace(/^\s*\/\/.*$/gm, '')],
    python: ['py', (text: string) => text.replace(/^\s*"""[\s\S]*?"""|^\s*#.*$/gm, '')],
  } as const
  const linesOf = (text: string) => text.split('\n').filter((line) => line.trim() !== '').length
  const tables = page.split('| Use | By plain HTTP | Client |\n').slice(1)

  it.each(Object.entries(sources).map(([language, how], at) => ({ language, how, at })))(
    'in $language',
    ({ language, how: [extension, bare], at }) => {
      const [table = ''] = (tables[at] ?? '').split('\n\n')
      const rows = [...table.matchAll(/(\d+) \(`examples\/(\w+)`\) \| (\d+) \|$/gm)]
      expect(rows).toHaveLength(6)
      const programs = [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))]
      const sizes = programs.map(([, text = '']) => linesOf(bare(text)))
      // The first of the six comes after the short ones of the introduction.
      const first = { ts: 1, go: 0, python: 2 }[language] ?? 0
      const counted = rows.map(([, , name], use) => {
        const file = name === 'migration' ? 'migrate' : name
        return [linesOf(bare(read(`examples/${name}/${file}.${extension}`))), sizes[first + use]]
      })
      expect(rows.map(([, plain, , client]) => [Number(plain), Number(client)])).toEqual(counted)
    },
  )
})

it('docs/command-line.md has the exit codes of the command line', () => {
  const codes = found('docs/command-line.md', /^\| (\d+) \| /gm).map(Number)
  expect(codes.sort((a, b) => a - b)).toEqual(Object.values(EXIT).sort((a, b) => a - b))
})
