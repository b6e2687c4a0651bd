import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { SETTINGS, SettingsSchema, variableOf } from '../src/config/settings.js'
import { scopesOf } from '../src/config.js'
import { DOMAINS } from '../src/domains.js'
import { collectProblems } from '../src/http/problem-codes.js'
import { useHarness } from './support/harness.js'
import { purposeOf, ROOMS } from './support/rooms.js'

const SCOPES = scopesOf(DOMAINS)

const harness = useHarness()

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
    const root = path.resolve(import.meta.dirname, '..')
    const text = readFileSync(path.join(root, page), 'utf8')
    for (const [, target] of text.matchAll(/\]\(([^):#]+)(?:#[^)]*)?\)/g)) {
      expect(() => readFileSync(path.join(root, target!)), target).not.toThrow(/ENOENT/)
    }
  },
)
