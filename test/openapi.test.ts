import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import Schema from 'typebox/schema'
import { beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { DOMAINS } from '../src/domains.js'
import { collectProblems } from '../src/http/problem-codes.js'
import { useHarness } from './support/harness.js'
import { tempFolder } from './support/temp-folder.js'

const harness = useHarness()

interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly responses: Readonly<Record<string, unknown>>
  readonly requestBody?: unknown
  readonly description?: string
  readonly parameters?: readonly { readonly in?: string; readonly name?: string }[]
  readonly security?: readonly unknown[]
  readonly 'x-lockstep-scope'?: string
  readonly 'x-lockstep-repeat'?: 'applies-again'
}

interface Content {
  readonly content?: Readonly<
    Record<
      string,
      {
        example?: unknown
        examples?: object
        schema?: { examples?: readonly unknown[] }
      }
    >
  >
}

interface Body {
  readonly required: boolean
  readonly content: Readonly<Record<string, { readonly schema: object }>>
}

interface Shown {
  readonly schema?: object
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, object>>
}

interface ObjectSchema {
  readonly properties: Readonly<Record<string, { readonly items?: Record<string, unknown> }>>
}

const METHODS = new Set(['get', 'put', 'post', 'delete', 'patch', 'head'])

let document: {
  readonly components: {
    readonly examples: Record<string, { readonly value: unknown }>
    readonly responses: Record<string, unknown>
    readonly schemas: Record<string, unknown>
  }
}
let operations: { where: string; operation: Operation }[]

beforeAll(async () => {
  const { body } = await harness.request('get', '/openapi.json').expect(200)
  document = body
  operations = Object.entries(body.paths as Record<string, Record<string, Operation>>).flatMap(
    ([path, item]) =>
      Object.entries(item)
        .filter(([method]) => METHODS.has(method))
        .map(([method, operation]) => ({ where: `${method.toUpperCase()} ${path}`, operation })),
  )
})

/** What a reference stands for; anything else is returned as it is. */
function resolve<T = Record<string, unknown>>(node: object): T {
  const { $ref } = node as { readonly $ref?: string }
  if ($ref === undefined) return node as T
  const [, , kind, name] = $ref.split('/') as [
    string,
    string,
    keyof typeof document.components,
    string,
  ]
  return document.components[kind][name] as T
}

/** Without `oneOf` beside the fields, of which generators make classes. */
const exactlyOne = (oneOf: readonly object[]) => ({ if: { oneOf }, else: { not: {} } })

it('equals openapi.yaml; run `npm run openapi` after a change', async () => {
  const { text } = await harness.request('get', '/openapi.yaml').expect(200)

  await expect(text).toMatchFileSnapshot('../openapi.yaml')
})

it('serves the same document as JSON', async () => {
  const { body } = await harness.request('get', '/openapi.json').expect(200)

  expect(body.openapi).toBe('3.1.0')
  const yaml = await harness.request('get', '/openapi.yaml')
  // Most readers follow YAML 1.1, where a bare `off` is false.
  for (const version of ['1.1', '1.2'] as const) {
    expect(parse(yaml.text, { version })).toEqual(body)
  }
})

it('names and explains every operation', () => {
  for (const { where, operation } of operations) {
    expect(operation.operationId, where).toMatch(/^[a-z][A-Za-z]+$/)
    expect(operation.summary?.length, where).toBeGreaterThan(10)
    expect(operation.tags, where).toHaveLength(1)
  }
})

it.each([
  ['invalidateCache', ['keys', 'tags', 'all']],
  ['queryLeaderboard', ['members', 'score', 'scores', 'percentile']],
])('says that %s takes exactly one of several fields', (operationId, fields) => {
  const of = operations.find(({ operation }) => operation.operationId === operationId)
  const { content, required } = of!.operation.requestBody as Body
  expect(required).toBe(true)
  expect(resolve(content['application/json']!.schema)).toMatchObject(
    exactlyOne(fields.map((field) => ({ required: [field], properties: { [field]: {} } }))),
  )
})

it('says that a batch returns a value, or that there is none', () => {
  const itemsOf = (name: string, list: string) => {
    const of = operations.find(({ operation }) => operation.operationId === name)!
    const { content } = of.operation.requestBody as Body
    const { properties } = resolve<ObjectSchema>(content['application/json']!.schema)
    return resolve(properties[list]!.items!)
  }
  const rules = exactlyOne([
    { required: ['value'], properties: { value: {} } },
    { required: ['negative'], properties: { negative: { enum: [true] } } },
  ])
  expect(itemsOf('setManyCacheEntries', 'entries')).toMatchObject(rules)
  const { if: condition, then: rule } = itemsOf('runCachePipeline', 'operations')
  expect(condition).toEqual({ required: ['op'], properties: { op: { enum: ['put'] } } })
  expect(rule).toEqual(rules)
})

it('gives every operation a unique name', () => {
  const names = operations.map(({ operation }) => operation.operationId)
  expect(new Set(names).size).toBe(names.length)
})

/** Every operation, and what they share. */
function parts(): [string, unknown][] {
  const shared = Object.entries(document.components.schemas)
  return [
    ...operations.map(({ where, operation }): [string, unknown] => [where, operation]),
    ...shared.map(([name, schema]): [string, unknown] => [`schemas/${name}`, schema]),
    ['responses', document.components.responses],
  ]
}

const at = (node: object, path: string): unknown =>
  path.split('/').reduce((inner, key) => (inner as Record<string, unknown>)[key], node as unknown)

interface Part {
  readonly type?: string
  readonly properties?: Readonly<Record<string, { description?: string; $ref?: string }>>
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly unknown[]
}

/** Each schema below a part of the document, but not the part itself. */
function* inner(part: unknown, where: string): Generator<[string, Part]> {
  if (typeof part !== 'object' || part === null) return
  for (const [key, value] of Object.entries(part)) {
    if (['example', 'examples', 'default', 'enum', 'const'].includes(key)) continue
    const place = `${where}/${key}`
    if (typeof value === 'object' && !Array.isArray(value)) yield [place, value as Part]
    yield* inner(value, place)
  }
}

it('names every object, every choice of words and every union', () => {
  const nameless: string[] = []
  for (const [where, part] of parts()) {
    for (const [place, { type, properties = {}, enum: words = [], anyOf = [] }] of inner(
      part,
      where,
    )) {
      const isProblem = place.includes('problem+json')
      if (type === 'object' && Object.keys(properties).length > 0) nameless.push(place)
      if (words.length > 1 || (anyOf.length > 1 && !isProblem)) nameless.push(place)
    }
  }
  expect(nameless).toEqual([])
})

it('describes every field, and every operation in sentences', () => {
  const silent: string[] = []
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    const { type, properties = {} } = schema as Part
    for (const [field, { description, $ref }] of Object.entries(properties)) {
      if (type === 'object' && !description && !$ref) silent.push(`${name}.${field}`)
    }
  }
  for (const { where, operation } of operations) {
    if (!/\.$/.test(operation.description ?? '')) silent.push(where)
  }
  expect(silent).toEqual([])
})

it('has no null, no list of booleans, and a format for every integer', () => {
  for (const [where, part] of parts()) {
    for (const [place, schema] of inner(part, where)) {
      expect(schema.type, place).not.toBe('null')
      if (schema.type === 'integer') expect(schema, place).toHaveProperty('format')
      if (schema.type === 'boolean') expect(schema, place).not.toHaveProperty('enum')
    }
  }
})

it('declares the namespace of every request and the id of every answer', () => {
  for (const { where, operation } of operations) {
    if (operation['x-lockstep-scope'] !== 'none') {
      const namespace = { $ref: '#/components/parameters/Namespace' }
      expect(operation.parameters, where).toContainEqual(namespace)
      expect(operation.security, where).toContainEqual({})
    }
    for (const [status, answer] of Object.entries(operation.responses)) {
      const { $ref } = answer as { $ref?: string }
      const response = $ref ? at(document, $ref.slice(2)) : answer
      expect(response, `${where} ${status}`).toHaveProperty('headers.x-request-id')
    }
  }
})

it('writes the names of headers in capitals, and leaves the type of the body to clients', () => {
  for (const { where, operation } of operations) {
    const headers = (operation.parameters ?? []).filter((one) => one.in === 'header')
    for (const { name } of headers) {
      expect(name, where).toMatch(/^[A-Z][a-z]*(-[A-Z][a-z]*)*$/)
      expect(name, where).not.toBe('Content-Type')
    }
  }
  const put = operations.find(({ operation }) => operation.operationId === 'putRateLimitPolicy')!
  expect(put.operation.parameters).toContainEqual(expect.objectContaining({ name: 'If-Match' }))
})

it('has an example of every JSON body', () => {
  for (const { where, operation } of operations) {
    const good = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'))
    for (const content of [operation.requestBody, ...good.map(([, response]) => response)]) {
      const json = (content as Content | undefined)?.content?.['application/json']
      if (json) expect(json.example ?? json.examples ?? json.schema?.examples, where).toBeDefined()
    }
  }
})

it('has an example of every problem', () => {
  const answers = operations.flatMap(({ operation }) => Object.values(operation.responses))
  for (const answer of answers.map((one) => resolve<Content>(one as object))) {
    const problem = answer.content?.['application/problem+json']
    if (!problem) continue
    const examples = Object.values(problem.examples ?? {}).map(resolve)
    expect(examples.length, JSON.stringify(answer)).toBeGreaterThan(0)
    for (const { value } of examples) {
      expect(value).toMatchObject({ status: expect.any(Number), code: expect.any(String) })
    }
  }
})

it('has only examples that match their schema', () => {
  let checked = 0
  const wrong: string[] = []
  const walk = (node: unknown, where: string): void => {
    if (typeof node !== 'object' || node === null) return
    const { schema, example, examples } = node as Shown
    const shown = Object.values(examples ?? {}).map((one) => resolve<{ value: unknown }>(one).value)
    if (example !== undefined) shown.push(example)
    for (const one of schema ? shown : []) {
      checked++
      const [, errors] = Schema.Errors({ ...schema, components: document.components }, one)
      for (const error of errors) wrong.push(`${where}: ${JSON.stringify(error)}`)
    }
    for (const [key, value] of Object.entries(node)) walk(value, `${where}/${key}`)
  }
  for (const { where, operation } of operations) walk(operation, where)
  walk(document.components.responses, 'responses')
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    const { examples = [] } = schema as { examples?: unknown[] }
    walk({ schema, examples: examples.map((value) => ({ value })) }, name)
  }
  expect(wrong).toEqual([])
  expect(checked).toBeGreaterThan(100)
})

it('has the types of all events, which those of the examples have', () => {
  const names = operations.flatMap(({ operation }) => {
    const { content = {} } = (operation.responses['200'] ?? {}) as Content
    const stream = content['text/event-stream']
    if (!stream) return []
    const { contentSchema } = stream.schema as { readonly contentSchema: object }
    const [shown] = Object.values(stream.examples ?? {}) as { value: string }[]
    const events = [...shown!.value.matchAll(/^event: (.*)\n(?:id: (.*)\n)?data: (.*)$/gm)]
    for (const [, event, id, data = ''] of events) {
      const one = { event, ...(id && { id }), data: JSON.parse(data) }
      const schema = { ...contentSchema, components: document.components }
      expect(Schema.Errors(schema, one)[1], event).toEqual([])
    }
    expect(events.length).toBeGreaterThan(1)
    return [operation.operationId]
  })
  expect(names.sort()).toEqual(['followStream', 'holdLock', 'watchLock'])
})

it('explains every answer', () => {
  for (const { where, operation } of operations) {
    for (const [status, response] of Object.entries(operation.responses)) {
      const { description } = response as { description?: string }
      expect(description, `${where} ${status}`).not.toBe('Default Response')
    }
  }
})

it('describes every field of every request', () => {
  const missing: string[] = []
  const walk = (node: unknown, where: string): void => {
    if (typeof node !== 'object' || node === null) return
    const { type, properties = {} } = node as {
      type?: string
      properties?: Record<string, { description?: string }>
    }
    for (const [name, field] of Object.entries(properties)) {
      // A rule about fields, such as `required`, lists them without a type.
      if (type === 'object' && !field.description) missing.push(`${where} ${name}`)
    }
    for (const [key, value] of Object.entries(node)) walk(value, `${where}/${key}`)
  }
  for (const { where, operation } of operations) {
    walk((operation as unknown as { requestBody?: unknown }).requestBody, where)
  }
  expect(missing).toEqual([])
})

it('serves the page at /docs under our name, with every file that it loads', async () => {
  const { text, type } = await harness.request('get', '/docs').expect(200)
  expect(type).toBe('text/html')
  expect(text).toContain('<title>API reference - Lockstep</title>')
  const named = text.matchAll(/(?:<link .*href|src|url)(?:=|: )["'](.+?)["']/g)
  const types = new Map<string, string>()
  for (const [, file] of named) {
    const { pathname } = new URL(file!, 'http://127.0.0.1/docs')
    const answer = await harness.request('get', pathname).expect(200)
    types.set(pathname, answer.type)
    expect(answer.text ?? answer.body, file).not.toHaveLength(0)
  }
  expect(Object.fromEntries(types)).toEqual({
    '/book/favicon.svg': 'image/svg+xml',
    '/docs/swagger-ui.css': 'text/css',
    '/docs/swagger-ui-bundle.js': 'text/javascript',
    '/openapi.json': 'application/json',
  })
})

it('redirects /docs/ to the page', async () => {
  await harness.request('get', '/docs/').expect(302).expect('location', '../docs')
})

/** Runs the generator of the TypeScript client, which `npm run openapi` installs where it is needed. */
const inTypes = (command: string, ...args: string[]) =>
  promisify(execFile)(command, args, {
    cwd: path.resolve(import.meta.dirname, '../clients/typescript/types'),
  })

it('has the types of the TypeScript client; run `npm run openapi` after a change', async () => {
  const file = path.join(tempFolder(), 'openapi.json')
  writeFileSync(file, JSON.stringify(document))
  const check = () => inTypes(process.execPath, 'generate.mjs', '--check', file)
  if (expect.getState().snapshotState.snapshotUpdateState === 'all') {
    const isDrifted = await check().then(
      () => false,
      () => true,
    )
    if (isDrifted) {
      await inTypes('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund')
      await inTypes(process.execPath, 'generate.mjs', file)
    }
  }
  await check()
})

/** The schema of each problem that has more members than every problem has. */
const problemSchemas = () =>
  [...collectProblems(DOMAINS)]
    .flatMap(([code, { members }]) => {
      const { title } = (members ?? {}) as { readonly title?: string }
      return title === undefined ? [] : [[code, title] as const]
    })
    .sort()

it('has the problems of the TypeScript client; run `npm run openapi` after a change', async () => {
  const rows = problemSchemas().map(([code, title]) => `  '${code}': Schemas['${title}']`)
  const source = `// Generated by npm run openapi
import type { components } from './api.js'

type Schemas = components['schemas']

/** Codes whose problem has more members than every problem has. */
export interface Problems {
${rows.join('\n').replace(/'(\w+)':/g, '$1:')}
}
`
  const file = path.resolve(import.meta.dirname, '../clients/typescript/src/problems.ts')
  await expect(source).toMatchFileSnapshot(file)
})

/** Runs the generator of a client, or lets it check what it wrote. */
async function generated(client: string) {
  const folder = tempFolder()
  const files = [path.join(folder, 'openapi.json'), path.join(folder, 'problems.json')] as const
  writeFileSync(files[0], JSON.stringify(document))
  writeFileSync(files[1], JSON.stringify(Object.fromEntries(problemSchemas())))
  const generator = path.resolve(import.meta.dirname, `../clients/${client}/types/generate.mjs`)
  const isUpdate = expect.getState().snapshotState.snapshotUpdateState === 'all'
  const mode = isUpdate ? [] : ['--check']
  await promisify(execFile)(process.execPath, [generator, ...mode, ...files])
}

it('has the types of the Python client; run `npm run openapi` after a change', () =>
  generated('python'))

it('has the types and calls of the Go client; run `npm run openapi` after a change', () =>
  generated('go'))
