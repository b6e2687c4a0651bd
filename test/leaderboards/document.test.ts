import Schema from 'typebox/schema'
import { beforeAll, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { untilNoonMs } from '../support/noon.js'

const harness = useHarness()

interface Answer {
  readonly $ref?: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content?: Readonly<Record<string, { readonly schema: object }>>
}

interface Operation {
  readonly tags: readonly string[]
  readonly responses: Readonly<Record<string, Answer>>
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly responses: Readonly<Record<string, Answer>> }
}

type Method = 'get' | 'put' | 'patch' | 'post' | 'delete'

const BOARD = '/v1/leaderboards/{board}'
const ENTRY = `${BOARD}/entries/{member}`
const DAILY = { season: { every: 'daily' }, tiers: [{ name: 'gold', top: 1 }] }
const INT64 = { columns: ['a', 'b'].map((name) => ({ name, type: 'int64' })) }
const NOWHERE = '/v1/leaderboards/nowhere'
const SCORES = {
  entries: [
    { member: 'ada', score: 300, metadata: { car: 'red' } },
    { member: 'bob', score: 120 },
    { member: 'bob', score: 1, ifSeq: 5 },
    { member: 'bob', score: 2, ifSeq: 5 },
  ],
}
const ONE = { entries: [{ member: 'bob', score: 9 }] }
const PAIR = {
  entries: [{ member: 'ada', scores: ['9223372036854775807', '-9223372036854775808'] }],
}
const SUBMISSION = {
  member: 'ada',
  boards: [
    { board: 'day', score: 301 },
    { board: 'pair', score: 1 },
  ],
}

/** The calls follow each other on the boards `day` and `pair`. */
const CALLS: [method: Method, path: string, status: number, url: string, body?: object][] = [
  ['put', BOARD, 201, '/v1/leaderboards/day', DAILY],
  ['put', BOARD, 200, '/v1/leaderboards/day', { ...DAILY, maxMembers: 9 }],
  ['put', BOARD, 201, '/v1/leaderboards/pair', INT64],
  ['put', BOARD, 400, '/v1/leaderboards/pair', { rank: 'dense' }],
  ['patch', BOARD, 200, '/v1/leaderboards/day', { bounds: { score: { max: 1_000 } } }],
  ['post', `${BOARD}/scores`, 200, '/v1/leaderboards/day/scores', SCORES],
  ['post', `${BOARD}/scores`, 200, '/v1/leaderboards/day/scores', SCORES],
  ['post', `${BOARD}/scores`, 200, '/v1/leaderboards/pair/scores', PAIR],
  ['post', `${BOARD}/scores`, 400, '/v1/leaderboards/pair/scores', SCORES],
  ['post', `${BOARD}/scores`, 422, '/v1/leaderboards/day/scores', ONE],
  ['post', '/v1/leaderboard-submissions', 200, '/v1/leaderboard-submissions', SUBMISSION],
  ['put', BOARD, 409, '/v1/leaderboards/day', { ranking: 'dense' }],
  ['patch', BOARD, 409, '/v1/leaderboards/day', { ranking: 'dense' }],
  ['get', BOARD, 200, '/v1/leaderboards/day'],
  ['get', BOARD, 404, NOWHERE],
  ['get', '/v1/leaderboards', 200, '/v1/leaderboards?limit=1'],
  ['get', '/v1/leaderboards', 200, '/v1/leaderboards'],
  ['get', `${BOARD}/entries`, 200, '/v1/leaderboards/day/entries?limit=1'],
  ['get', `${BOARD}/entries`, 200, '/v1/leaderboards/pair/entries'],
  ['get', `${BOARD}/entries`, 404, '/v1/leaderboards/day/entries?season=20200101T000000Z'],
  ['get', ENTRY, 200, '/v1/leaderboards/day/entries/ada'],
  ['get', ENTRY, 404, '/v1/leaderboards/day/entries/eve'],
  ['get', `${ENTRY}/around`, 200, '/v1/leaderboards/day/entries/bob/around'],
  ['post', `${BOARD}/query`, 200, '/v1/leaderboards/day/query', { members: ['bob', 'eve'] }],
  ['post', `${BOARD}/query`, 200, '/v1/leaderboards/day/query', { score: 200 }],
  ['post', `${BOARD}/query`, 200, '/v1/leaderboards/day/query', { percentile: 50 }],
  ['post', `${BOARD}/query`, 200, '/v1/leaderboards/day/query', { percentile: 100 }],
  ['get', `${BOARD}/export`, 200, '/v1/leaderboards/day/export'],
  ['get', `${BOARD}/seasons`, 200, '/v1/leaderboards/day/seasons'],
  ['get', `${BOARD}/seasons`, 200, '/v1/leaderboards/pair/seasons'],
  ['post', `${BOARD}/hide`, 200, '/v1/leaderboards/day/hide', { member: 'bob' }],
  ['get', ENTRY, 200, '/v1/leaderboards/day/entries/bob'],
  ['get', `${ENTRY}/around`, 404, '/v1/leaderboards/day/entries/bob/around'],
  ['post', `${BOARD}/query`, 200, '/v1/leaderboards/day/query', { members: ['bob'] }],
  ['post', `${BOARD}/unhide`, 200, '/v1/leaderboards/day/unhide', { member: 'bob' }],
  ['post', `${BOARD}/close`, 200, '/v1/leaderboards/day/close'],
  ['post', `${BOARD}/close`, 409, '/v1/leaderboards/pair/close'],
  ['post', `${BOARD}/scores`, 409, '/v1/leaderboards/day/scores', ONE],
  ['post', '/v1/leaderboard-submissions', 200, '/v1/leaderboard-submissions', SUBMISSION],
  ['post', `${BOARD}/open`, 200, '/v1/leaderboards/day/open'],
  ['get', '/v1/members/{member}/leaderboards', 200, '/v1/members/ada/leaderboards'],
  ['delete', ENTRY, 204, '/v1/leaderboards/day/entries/bob'],
  ['post', '/v1/members/{member}/erase', 200, '/v1/members/ada/erase'],
  ['delete', BOARD, 412, '/v1/leaderboards/nowhere'],
  ['delete', BOARD, 204, '/v1/leaderboards/day'],
]

let document: Document

beforeAll(async () => {
  harness.advance(untilNoonMs())
  document = (await harness.request('get', '/openapi.json').expect(200)).body
})

/** What the document says about an answer: the names of its headers, and the schema of its body. */
function declared(method: string, path: string, status: number) {
  const answer = document.paths[path]?.[method]?.responses[status] as Answer
  const name = answer.$ref?.split('/').at(-1) ?? ''
  const { headers = {}, content = {} } = document.components.responses[name] ?? answer
  const [media] = Object.values(content)
  return {
    headers: new Set(Object.keys(headers).map((header) => header.toLowerCase())),
    schema: media && { ...media.schema, components: document.components },
  }
}

/** Headers of every answer, which proxies and clients handle by themselves. */
const USUAL = [
  ...['cache-control', 'connection', 'content-length', 'content-type', 'date', 'keep-alive'],
  ...['transfer-encoding', 'vary', 'x-content-type-options'],
]

it('answers each call as the document declares it', async () => {
  for (const [method, path, status, url, body] of CALLS) {
    const where = `${method} ${url} ${status}`
    const request = harness.request(method, url)
    if (body === SCORES || status === 422) request.set('idempotency-key', 'one')
    if (status === 412) request.set('if-match', '"1"')
    const answer = await request.send(body)
    expect(answer.status, where).toBe(status)
    const { headers, schema } = declared(method, path, status)
    const sent = Object.keys(answer.headers).filter((name) => !USUAL.includes(name))
    expect(
      sent.filter((name) => !headers.has(name)),
      where,
    ).toEqual([])
    if (!schema) expect(answer.text, where).toBe('')
    else if (/json$/.test(answer.type) && !answer.type.includes('ndjson')) {
      expect(Schema.Errors(schema, answer.body)[1], where).toEqual([])
      expect(answer.text, where).not.toContain('null')
    }
  }
})

it('calls every operation of the domain, with every status of success', () => {
  const declaredOnes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { tags }]) => tags.includes('leaderboards'))
      .flatMap(([method, { responses }]) =>
        Object.keys(responses)
          .filter((status) => status.startsWith('2'))
          .map((status) => `${method} ${path} ${status}`),
      ),
  )
  const called = CALLS.map(([method, path, status]) => `${method} ${path} ${status}`)
  expect(declaredOnes.filter((one) => !called.includes(one))).toEqual([])
})
