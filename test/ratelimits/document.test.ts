import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { limitDriver } from './driver.js'

const POLICIES = {
  api: { limit: 9, windowMs: 3_600_000 },
  spent: { limit: 1, windowMs: 3_600_000 },
  slots: { algorithm: 'concurrency', limit: 3, leaseMs: 3_600_000 },
}

const harness = useHarness({ configFile: `policies: ${JSON.stringify(POLICIES)}` })
const limits = limitDriver(harness)
const key = 'k'
/** `authz` counts in the namespace of the proxy. */
const visitor = randomUUID()

interface Reference {
  readonly $ref?: string
}

interface Answer extends Reference {
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content?: Readonly<Record<string, { readonly schema: Reference }>>
}

interface Operation {
  readonly responses: Readonly<Record<string, Answer>>
}

interface Schema {
  readonly required?: readonly string[]
  readonly properties: Readonly<Record<string, unknown>>
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly responses: Readonly<Record<string, Answer>>
    readonly schemas: Readonly<Record<string, Schema>>
  }
}

let document: Document

beforeAll(async () => {
  document = (await harness.request('get', '/openapi.json').expect(200)).body
  await limits.post('spent/check', { key }).expect(200)
})

const lastOf = ({ $ref = '' }: Reference): string => $ref.slice($ref.lastIndexOf('/') + 1)

/** What the document says about an answer: the names of its headers, and the schema of its body. */
function declared(method: string, path: string, status: number) {
  const answer = document.paths[path]?.[method]?.responses[status] as Answer
  const { headers = {}, content = {} } = answer.$ref
    ? (document.components.responses[lastOf(answer)] as Answer)
    : answer
  const [media] = Object.values(content)
  return {
    headers: new Set(Object.keys(headers).map((name) => name.toLowerCase())),
    schema: media && document.components.schemas[lastOf(media.schema)],
  }
}

/** Headers of every answer, which proxies and clients handle by themselves. */
const USUAL = ['content-type', 'content-length', 'date', 'connection', 'keep-alive', 'vary']
const SAFE = ['cache-control', 'x-content-type-options']

const CALLS = [
  [
    'put',
    '/v1/ratelimit-policies/{policy}',
    201,
    '/v1/ratelimit-policies/new',
    { limit: 1, windowMs: 9 },
  ],
  [
    'put',
    '/v1/ratelimit-policies/{policy}',
    200,
    '/v1/ratelimit-policies/new',
    { limit: 2, windowMs: 9 },
  ],
  ['patch', '/v1/ratelimit-policies/{policy}', 200, '/v1/ratelimit-policies/new', { limit: 3 }],
  ['get', '/v1/ratelimit-policies/{policy}', 200, '/v1/ratelimit-policies/new'],
  ['get', '/v1/ratelimit-policies', 200, '/v1/ratelimit-policies?limit=1'],
  [
    'put',
    '/v1/ratelimit-policies/{policy}/overrides/{key}',
    201,
    '/v1/ratelimit-policies/new/overrides/k',
    { limit: 5 },
  ],
  [
    'get',
    '/v1/ratelimit-policies/{policy}/overrides/{key}',
    200,
    '/v1/ratelimit-policies/new/overrides/k',
  ],
  ['post', '/v1/ratelimits/{policy}/check', 200, '/v1/ratelimits/api/check', { key }],
  [
    'post',
    '/v1/ratelimits/{policy}/check',
    429,
    '/v1/ratelimits/spent/check?onDeny=reject',
    { key },
  ],
  ['post', '/v1/ratelimits/{policy}/check', 404, '/v1/ratelimits/nowhere/check', { key }],
  [
    'post',
    '/v1/ratelimits/check',
    200,
    '/v1/ratelimits/check',
    { limits: [{ policy: 'spent', key }] },
  ],
  ['post', '/v1/ratelimits/{policy}/peek', 200, '/v1/ratelimits/api/peek', { key }],
  ['post', '/v1/ratelimits/{policy}/refund', 200, '/v1/ratelimits/api/refund', { key }],
  ['post', '/v1/ratelimits/{policy}/reset', 200, '/v1/ratelimits/api/reset', { key }],
  ['post', '/v1/ratelimits/{policy}/reserve', 200, '/v1/ratelimits/api/reserve', { key }],
  [
    'post',
    '/v1/ratelimits/{policy}/reserve',
    429,
    '/v1/ratelimits/spent/reserve?onDeny=reject',
    { key },
  ],
  [
    'post',
    '/v1/ratelimits/{policy}/block',
    200,
    '/v1/ratelimits/new/block',
    { key, ttlMs: 60_000 },
  ],
  ['post', '/v1/ratelimits/{policy}/unblock', 200, '/v1/ratelimits/new/unblock', { key }],
  [
    'post',
    '/v1/ratelimits/{policy}/leases/acquire',
    200,
    '/v1/ratelimits/slots/leases/acquire',
    { key, weight: 3 },
  ],
  [
    'post',
    '/v1/ratelimits/{policy}/leases/acquire',
    429,
    '/v1/ratelimits/slots/leases/acquire?onDeny=reject',
    { key },
  ],
  ['get', '/v1/ratelimits/{policy}/leases', 200, '/v1/ratelimits/slots/leases?key=k'],
  ['get', '/v1/ratelimits/{policy}/authz', 204, `/v1/ratelimits/spent/authz?key=${visitor}`],
  ['get', '/v1/ratelimits/{policy}/authz', 429, `/v1/ratelimits/spent/authz?key=${visitor}`],
  ['get', '/v1/ratelimits/{policy}/top', 200, '/v1/ratelimits/api/top'],
] as const

it.each(CALLS)('declares what %s %s answers with %i', async (method, path, status, url, body?) => {
  const answer = await harness.request(method, url).set('idempotency-key', url).send(body)
  expect(answer.status).toBe(status)
  const { headers, schema } = declared(method, path, status)
  const sent = Object.keys(answer.headers).filter((name) => ![...USUAL, ...SAFE].includes(name))
  expect(sent.filter((name) => !headers.has(name))).toEqual([])
  if (!schema) return
  expect(Object.keys(schema.properties)).toEqual(
    expect.arrayContaining([...Object.keys(answer.body), ...(schema.required ?? [])]),
  )
  expect(Object.keys(answer.body)).toEqual(expect.arrayContaining([...(schema.required ?? [])]))
})
