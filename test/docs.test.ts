import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { DEFAULT_ORIGIN } from '../src/cache/origins/policy.js'
import { DEFAULT_L1, DEFAULT_POLICY } from '../src/cache/spaces/policy.js'
import { SETTINGS, SettingsSchema, variableOf } from '../src/config/settings.js'
import { scopesOf } from '../src/config.js'
import { DOMAINS } from '../src/domains.js'
import { collectProblems } from '../src/http/problem-codes.js'
import { useHarness } from './support/harness.js'
import { purposeOf, ROOMS } from './support/rooms.js'

const SCOPES = scopesOf(DOMAINS)

const harness = useHarness()

const ROOT = path.resolve(import.meta.dirname, '..')
const read = (page: string) => readFileSync(path.join(ROOT, page), 'utf8')

function table(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const line = (cells: readonly unknown[]) =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Expects these tables between their marks in the page; `npm run docs` writes them. */
async function expectTables(page: string, tables: Readonly<Record<string, string>>): Promise<void> {
  const file = path.resolve(import.meta.dirname, '../docs', page)
  let text = readFileSync(file, 'utf8')
  for (const [mark, expected] of Object.entries(tables)) {
    const [before, rest = ''] = text.split(`<!-- ${mark} -->\n`)
    const after = rest.split(`<!-- /${mark} -->`)[1]
    expect(after, `${page} has the marks of ${mark}`).toBeDefined()
    text = `${before}<!-- ${mark} -->\n\n${expected}\n\n<!-- /${mark} -->${after}`
  }
  await expect(text).toMatchFileSnapshot(file)
}

const code = (value: unknown) => `\`${value}\``

interface SettingSchema {
  readonly description: string
  readonly default: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly enum?: readonly string[]
}

function shownDefault(value: unknown): string {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return 'empty'
  return code(value)
}

function bounds({ minimum, maximum, enum: choices }: SettingSchema): string {
  if (choices) return choices.filter(Boolean).map(code).join(', ')
  return minimum === undefined ? '' : `${minimum} to ${maximum}`
}

it('every setting and scope is in configuration.md', async () => {
  await expectTables('configuration.md', { settings: settings(), scopes: await scopes() })
})

function settings(): string {
  const rows = SETTINGS.map(([name]) => {
    const schema = SettingsSchema.properties[name] as unknown as SettingSchema
    return [
      code(variableOf(name)),
      code(name),
      shownDefault(schema.default),
      bounds(schema),
      schema.description,
    ]
  })
  return table(['Variable', 'In the file', 'Default', 'Bounds', 'What it does'], rows)
}

async function scopes(): Promise<string> {
  const { body } = await harness.request('get', '/openapi.json')
  const opened = new Map<string, string[]>(SCOPES.map((scope) => [scope, []]))
  for (const item of Object.values(body.paths as Record<string, Record<string, Operation>>)) {
    for (const { operationId, 'x-lockstep-scope': scope } of Object.values(item)) {
      opened.get(scope)?.push(code(operationId))
    }
  }
  const used = [...opened].filter(([, operations]) => operations.length > 0)
  const rows = used.map(([scope, operations]) => [code(scope), operations.join(', ')])
  return table(['Scope', 'Operations'], rows)
}

interface Operation {
  readonly operationId: string
  readonly 'x-lockstep-scope': string
}

/** The pages that teach a domain, by its name. */
const GUIDES = {
  locks: ['locks.md'],
  cache: ['cache.md'],
  ratelimits: ['rate-limits.md', 'rate-limit-operations.md', 'proxies.md'],
  leaderboards: ['leaderboards.md'],
  queues: ['queues.md'],
  streams: ['streams.md'],
}

it.each(Object.entries(GUIDES))(
  'every operation, field and error of %s is in its guide',
  async (tag, pages) => {
    const guide = pages.map((page) => read(`docs/${page}`)).join('\n')
    const { body } = await harness.request('get', '/openapi.json')
    const { problems } = DOMAINS.find(({ name }) => name === tag)!
    const missing = Object.keys(problems).filter((name) => !guide.includes(name))
    for (const [url, item] of Object.entries(body.paths as Record<string, object>)) {
      const operations = Object.values(item).filter(({ tags }) => tags.includes(tag))
      if (operations.length === 0) continue
      const used = new RegExp(`${url.replaceAll(/\{\w+\}/g, '[^/\\s]+')}(?![\\w/-])`)
      if (!used.test(guide)) missing.push(url)
      const words = operations.flatMap((operation) => fieldsOf(operation, body))
      missing.push(...words.filter((word) => !new RegExp(`\\b${word}\\b`, 'i').test(guide)))
    }
    expect([...new Set(missing)]).toEqual([])
  },
)

/** Names of the parameters and of the fields of bodies, without those of errors. */
function fieldsOf(part: unknown, document: Record<string, unknown>): string[] {
  if (Array.isArray(part)) return part.flatMap((each) => fieldsOf(each, document))
  if (typeof part !== 'object' || part === null) return []
  return Object.entries(part).flatMap(([key, value]) => {
    if (key === '$ref') {
      const target = (value as string).slice(2).split('/')
      const found = target.reduce((at, name) => at[name] as Record<string, unknown>, document)
      return fieldsOf(found, document)
    }
    if (/^[45]\d\d$|^(examples?|x-.*)$/.test(key)) return []
    const inner = fieldsOf(value, document)
    if (key === 'properties') return [...Object.keys(value), ...inner]
    return key === 'in' && 'name' in part ? [String(part.name), ...inner] : inner
  })
}

it('every setting of a space and its default are in cache.md', () => {
  const guide = readFileSync(path.resolve(import.meta.dirname, '../docs/cache.md'), 'utf8')
  const { l1: _, ...settings } = DEFAULT_POLICY
  const ofL1 = Object.entries(DEFAULT_L1).map(([name, value]) => [`l1.${name}`, value] as const)
  const { namespaces, ...ofOrigin } = DEFAULT_ORIGIN
  const others = [['namespaces', namespaces.join()] as const, ...Object.entries(ofOrigin)]
  const rows = [...Object.entries(settings), ...ofL1, ...others].map(
    ([name, value]) => `| ${code(name)} | ${typeof value === 'string' ? code(value) : value} |`,
  )
  expect(rows.filter((row) => !guide.includes(row))).toEqual([])
})

it('every error is in errors.md', () => {
  const sorted = [...collectProblems(DOMAINS)].sort(([, a], [, b]) => a.status - b.status)
  const rows = sorted.map(([name, { status, title, cause, remedy, retry }]) => [
    status,
    code(name),
    title,
    cause,
    remedy,
    retry,
  ])
  const head = ['Status', 'Code', 'Meaning', 'Cause', 'What to do', 'Retry']
  return expectTables('errors.md', { errors: table(head, rows) })
})

it('every metric is in metrics.md', () => {
  const rows = harness.app.metrics.registry
    .getMetricsAsArray()
    .filter(({ name }) => name.startsWith('lockstep_'))
    .map((metric) => {
      const { name, type, help, labelNames } = metric as unknown as Metric
      return [code(name), type, labelNames.map(code).join(', '), help]
    })
    .sort()
  const metrics = table(['Name', 'Type', 'Labels', 'Help'], rows)
  return expectTables('metrics.md', { metrics })
})

interface Metric {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly labelNames: readonly string[]
}

it('every room is in ARCHITECTURE.md', () => {
  const rows = Object.entries(ROOMS).map(([room, { imports }]) => [
    code(room.endsWith('.ts') ? room : `${room}/`),
    purposeOf(room),
    imports.join(', ') || 'npm only',
  ])
  const rooms = table(['Room', 'What it does', 'May import'], rows)
  return expectTables('../ARCHITECTURE.md', { rooms })
})

it.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'])(
  '%s links to pages that exist',
  (page) => {
    for (const [, target] of read(page).matchAll(/\]\(([^):#]+)(?:#[^)]*)?\)/g)) {
      expect(() => read(target!), target).not.toThrow(/ENOENT/)
    }
  },
)

/** What plain sentences say in other words. */
const PHRASES =
  'anew|beside|nobody|whoever|whomever|whatever|tells?|told|st(?:ands?|ood) in|c(?:omes?|ame) to|' +
  'lets? go|(?:goes|ends) by itself|by itself (?:goes|ends)|for him|is to be had|never does harm|' +
  '(?<=[,;|(] )else|or else'

const CODE = /^ *```[\s\S]*?^ *```|`[^`\n]+`/gm

/** Each phrase in the sentences of a text, with the words around it. */
const unplainPhrases = (text: string): string[] =>
  text
    .replace(CODE, 'code')
    .replace(/\s+/g, ' ')
    .match(new RegExp(`.{0,20}\\b(?:${PHRASES})\\b.{0,20}`, 'gi')) ?? []

it('finds a phrase that is not plain, but not in code', () => {
  const text =
    'Nobody is here; else 503. `tell` it where it stands\nin\n```sh\nanew\n```\nNothing else.'
  expect(unplainPhrases(text)).toEqual([
    'Nobody is here; else 503. code it where ',
    'it stands in code Nothing else.',
  ])
})

const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...['docs', 'examples'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
]

it.each(PAGES)('%s is in plain words', (page) => {
  expect(unplainPhrases(read(page))).toEqual([])
})

it('openapi.yaml is in plain words', async () => {
  const { text } = await harness.request('get', '/openapi.yaml').expect(200)
  expect(unplainPhrases(text)).toEqual([])
})
