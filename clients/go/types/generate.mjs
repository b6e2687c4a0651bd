// generate.mjs [--check] DOCUMENT PROBLEMS: writes api/types.go, api.go and calls.go of the client from
// openapi.json: the types, the codes of errors with the members of their problems, the operations, and
// a method for each. PROBLEMS is JSON with the schemas of codes that have members of their own. --check
// fails if one of the files would change.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const METHODS = ['get', 'put', 'post', 'patch', 'delete']
const HEAD = '// Code generated from openapi.yaml by npm run openapi; DO NOT EDIT.\n\n'
const WORDS = { Id: 'ID', Ttl: 'TTL', Url: 'URL', Etag: 'ETag' }

const source = path.resolve(import.meta.dirname, '..')
const [document, problems] = process.argv
  .slice(-2)
  .map((file) => JSON.parse(readFileSync(file, 'utf8')))
const { schemas } = document.components

const resolve = ({ $ref, ...own }) =>
  $ref
    ? $ref
        .split('/')
        .slice(1)
        .reduce((node, key) => node[key], document)
    : own
const pascal = (text) =>
  text
    .replace(/(?:^|[^a-zA-Z0-9]+)(\w)/g, (_, letter) => letter.toUpperCase())
    .replace(/[A-Z][a-z]+/g, (word) => WORDS[word] ?? word)
const quote = JSON.stringify

const operations = Object.entries(document.paths)
  .flatMap(([url, item]) =>
    METHODS.filter((method) => item[method]?.operationId).map((method) => {
      const { parameters = [], ...operation } = item[method]
      return { url, method, ...operation, parameters: parameters.map(resolve) }
    }),
  )
  .sort((a, b) => (a.operationId < b.operationId ? -1 : 1))

/** The schemas that are used, each with the name of its type. */
const used = new Set()

function typeOf(schema, prefix = '') {
  const name = schema.$ref?.split('/').at(-1)
  if (name === 'ProblemCode') return 'string'
  if (name) {
    if (!used.has(name)) {
      used.add(name)
      declare(name, schemas[name])
    }
    return prefix + pascal(name)
  }
  if (schema.type === 'array') return `[]${typeOf(schema.items ?? {}, prefix)}`
  if (schema.type === 'object') {
    const { additionalProperties: rest } = schema
    return `map[string]${rest && rest !== true ? typeOf(rest, prefix) : 'any'}`
  }
  const simple = { string: 'string', integer: 'int64', number: 'float64', boolean: 'bool' }
  return simple[schema.type] ?? 'any'
}

/** Rows of which gofmt aligns the columns. */
function table(rows) {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at].length))) ?? []
  const lines = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at])).join(' '))
  return lines.map((line) => `\t${line.trimEnd()}\n`).join('')
}

const declarations = []

/**
 * What is not required may be missing: a list and a map are nil then, all else is a pointer. In a
 * patch an empty list is another thing than none.
 */
function declareStruct(name, properties, required) {
  const rows = Object.entries(properties).map(([member, schema]) => {
    const type = typeOf(schema)
    const isRequired = required.includes(member)
    const isList = /^(\[\]|map)/.test(type) || resolve(schema).additionalProperties
    const isNil = type === 'any' || (isList && !name.startsWith('Patch'))
    const tag = `\`json:"${member}${isRequired ? '' : ',omitempty'}"\``
    return [pascal(member), isRequired || isNil ? type : `*${type}`, tag]
  })
  declarations.push([name, `type ${name} struct {\n${table(rows)}}\n`])
}

function declare(schemaName, schema) {
  const name = pascal(schemaName)
  const parts = (schema.anyOf ?? []).map(resolve)
  if (schema.type === 'object' && schema.properties) {
    declareStruct(name, schema.properties, schema.required ?? [])
  } else if (schema.enum) {
    const rows = schema.enum.map((one) => [`${name}${pascal(one)}`, name, `= ${quote(one)}`])
    declarations.push([name, `type ${name} string\n\nconst (\n${table(rows)})\n`])
  } else if (parts.length > 0) {
    const isNumber = parts.every(({ type, enum: some }) => !some && type !== 'object')
    declarations.push([name, `type ${name} = ${isNumber ? 'Number' : 'any'}\n`])
  } else {
    declarations.push([name, `type ${name} = ${typeOf(schema)}\n`])
  }
}

const jsonOf = ({ content = {} }) => content['application/json']?.schema

function inputsOf({ operationId, parameters, requestBody, url }) {
  const names = [...url.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
  const json = requestBody && jsonOf(requestBody)
  const inBody = Object.keys((json && resolve(json).properties) ?? {})
  const query = parameters.filter((one) => one.in === 'query' && !inBody.includes(one.name))
  const waits = [json && inBody.includes('waitMs') && 'body', query.some(isWait) && 'query']
  const inputs = names.map((name) => [name, 'string'])
  const request = []
  if (names.length > 0) {
    const pairs = names.map((name) => `${quote(name)}: ${name}`).join(', ')
    request.push(`Path: map[string]string{${pairs}}`)
  }
  if (query.length > 0) {
    const name = `${pascal(operationId)}Query`
    const required = query.filter((one) => one.required).map((one) => one.name)
    const properties = Object.fromEntries(query.map((one) => [one.name, one.schema]))
    declareStruct(name, properties, required)
    inputs.push(['query', `api.${name}`])
    request.push('Query: queryOf(query)')
  }
  if (requestBody) {
    inputs.push(['body', json ? typeOf(json, 'api.') : '[]byte'])
    request.push('Body: body')
  }
  const waiting = waits.find(Boolean)
  if (waiting) request.push(`Wait: msOf(${waiting}.WaitMs)`)
  return { inputs, request: `Request{${request.join(', ')}}` }
}

const isWait = ({ name }) => name === 'waitMs'

const answersOf = ({ responses }) =>
  Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, answer]) => resolve(answer))

function methodOf(operation) {
  const { operationId, method, url, summary } = operation
  const answers = answersOf(operation)
  const schema = answers.map(jsonOf).find(Boolean)
  const isRaw = !schema && answers.some(({ content }) => content)
  const { inputs, request } = inputsOf(operation)
  const name = pascal(operationId)
  const result = schema ? typeOf(schema, 'api.') : '*Response'
  const [ask, results] = schema
    ? [`askFor[${result}]`, `(${result}, error)`]
    : isRaw
      ? ['get', '(*Response, error)']
      : ['tell', 'error']
  const taken = [
    'ctx context.Context',
    ...inputs.map((one) => one.join(' ')),
    'options ...CallOptions',
  ]
  return `// ${name} is ${method.toUpperCase()} ${url}: ${summary[0].toLowerCase()}${summary.slice(1)}.
func (c Calls) ${name}(${taken.join(', ')}) ${results} {
	return ${ask}(ctx, c.client, Op${name}, ${request}, options)
}
`
}

const isStream = (operation) =>
  answersOf(operation).some(({ content = {} }) => 'text/event-stream' in content)

const methods = operations.filter((one) => !isStream(one)).map(methodOf)

for (const { responses } of operations.filter(isStream)) {
  const { contentSchema } = responses['200'].content['text/event-stream'].schema
  for (const event of resolve(contentSchema).anyOf) typeOf(event)
}

const codes = schemas.ProblemCode.enum.map((code) => {
  const problem = typeOf({ $ref: `#/${problems[code] ?? 'Problem'}` }, 'api.')
  return [`Code${pascal(code)}`, `Code[${problem}]`, `= ${quote(code)}`]
})

const rows = operations.map(
  ({ operationId, method, url, parameters, 'x-lockstep-repeat': other }) => {
    const takesKey = parameters.some(({ name }) => name === 'Idempotency-Key')
    const repeat = takesKey ? 'keyed' : other ? 'appliesAgain' : 'harmless'
    const row = `Operation{${quote(method.toUpperCase())}, ${quote(url)}, ${repeat}}`
    return [`Op${pascal(operationId)}`, `= ${row}`]
  },
)

const imports = `import (\n\t"context"\n\n\t"lockstep.example/lockstep/api"\n)\n`
const types = declarations.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text)

const files = {
  'api/types.go': `${HEAD}package api\n\n${types.join('\n')}`,
  'api.go': `${HEAD}package lockstep

import "lockstep.example/lockstep/api"

// Codes of errors.
const (
${table(codes)})

// Operations of the API, by their names in openapi.yaml.
var (
${table(rows)})
`,
  'calls.go': `${HEAD}package lockstep\n\n${imports}\n${methods.join('\n')}`,
}

for (const [name, text] of Object.entries(files)) {
  const file = path.join(source, name)
  if (!process.argv.includes('--check')) writeFileSync(file, text)
  else if (readFileSync(file, 'utf8') !== text) throw new Error(`${name} is old: npm run openapi`)
}
