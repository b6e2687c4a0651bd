import { beforeAll, describe, expect, it } from 'vitest'
import { openEvents } from '../support/event-client.js'
import { useHarness } from '../support/harness.js'
import { tokensYaml } from '../support/tokens.js'

const DOMAIN_SCOPES = [
  'locks:write',
  'cache:write',
  'ratelimits:write',
  'leaderboards:write',
  'queues:write',
  'streams:write',
]
const narrowedTo = (names: string) => DOMAIN_SCOPES.map((scope) => `${scope}:${names}`)

const harness = useHarness({
  configFile: tokensYaml([
    { token: 'all', scopes: [...DOMAIN_SCOPES, 'admin', 'operations:read'] },
    { token: 'other', scopes: narrowedTo('other-*') },
    { token: 'below', scopes: narrowedTo('x/other-*') },
    { token: 'jobs', scopes: narrowedTo('jobs-*') },
    { token: 'x', scopes: narrowedTo('x') },
    {
      token: 'two',
      scopes: ['jobs-b*', 'jobs-ab', 'a'].flatMap((names) => [
        ...narrowedTo(names),
        `locks:read:s-${names}`,
      ]),
    },
    { token: 'reader', scopes: ['locks:read', 'cache:read', 'cache:write:jobs-*'] },
  ]),
  environment: { LOCKSTEP_COMPAT: 'true' },
})

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head'

const as = (token: string, method: Method, path: string, body?: object) =>
  harness.request(method, path).set('authorization', `Bearer ${token}`).send(body)

const NAMES = ['a', 'jobs-a', 'jobs-ab', 'jobs-b', 'jobs-bb', 'x']

/** Things of every kind, under every name. */
beforeAll(async () => {
  for (const name of NAMES) {
    await as('all', 'post', `/v1/locks/${name}/acquire`, { ttlMs: 3_600_000 }).expect(200)
    await as('all', 'put', `/v1/semaphores/s-${name}`, { capacity: 2 }).expect(201)
    await as('all', 'put', `/v1/cache-spaces/${name}`, {}).expect(201)
    await as('all', 'put', `/v1/ratelimit-policies/${name}`, { limit: 9, windowMs: 60_000 }).expect(
      201,
    )
    const entries = [{ member: 'ada', score: 1 }]
    await as('all', 'post', `/v1/leaderboards/${name}/scores`, { entries }).expect(200)
    await as('all', 'post', `/v1/queues/${name}/messages`, { messages: [{ body: 1 }] }).expect(201)
    await as('all', 'post', `/v1/streams/${name}/entries`, {
      entries: [{ event: 'e', data: 1 }],
    }).expect(201)
  }
})

interface Operation {
  readonly method: Method
  readonly path: string
  readonly operationId: string
  readonly scope: string
  readonly body: object | undefined
  readonly streams: boolean
}

/** Every operation of the document, with an example as its body and `x` for each name of its path. */
async function readOperations(): Promise<Operation[]> {
  const { body: document } = await harness.request('get', '/openapi.json').expect(200)
  return Object.entries(document.paths as Record<string, Record<string, Documented>>).flatMap(
    ([path, item]) =>
      Object.entries(item).map(([method, operation]) => {
        const content = operation.requestBody?.content['application/json']
        return {
          method: method as Method,
          path: `${toPath(path)}?${queryOf(operation.parameters ?? [])}`,
          operationId: operation.operationId,
          scope: operation['x-lockstep-scope'],
          body: bodyOf(operation.operationId, content),
          streams: JSON.stringify(operation).includes('text/event-stream'),
        }
      }),
  )
}

interface Content {
  readonly example?: object
  readonly examples?: Readonly<Record<string, { readonly value: object }>>
}

interface Documented {
  readonly operationId: string
  readonly 'x-lockstep-scope': string
  readonly parameters?: readonly { in?: string; name?: string; required?: boolean }[]
  readonly requestBody?: { content: Record<string, Content> }
}

/** A Cluster asks for the prefix of a session. */
const bodyOf = (operationId: string, content?: Content) =>
  operationId === 'openSession'
    ? { prefix: 'x' }
    : (content?.example ?? Object.values(content?.examples ?? {})[0]?.value)

const toPath = (template: string) =>
  template
    .replace('sessions/{id}', `sessions/0.${'A'.repeat(22)}`)
    .replace('warmings/{id}', `warmings/${'A'.repeat(22)}`)
    .replace('{id}', '1-0')
    .replace(/\{\w+\}/g, 'x')

const queryOf = (parameters: NonNullable<Documented['parameters']>) =>
  parameters
    .filter((one) => one.in === 'query' && one.required)
    .map(({ name }) => `${name}=x`)
    .join('&')

async function ask({ method, path, body, streams }: Operation, token: string) {
  if (streams) {
    const client = await openEvents(harness, path, {
      method: method.toUpperCase(),
      headers: { authorization: `Bearer ${token}` },
    })
    if (client.status !== 200) await client.ended()
    client.close()
    return { status: client.status, body: client.status === 200 ? {} : client.body() }
  }
  const request = harness.request(method, path).set('authorization', `Bearer ${token}`)
  // Proxies pass on the Authorization of their visitors.
  if (path.includes('/authz')) request.set('lockstep-api-token', token)
  const answer = await request.send(body)
  return { status: answer.status, body: answer.body as Record<string, unknown> }
}

const LISTS = [
  'listLocks',
  'listSemaphores',
  'listCacheSpaces',
  'listRateLimitPolicies',
  'listLeaderboards',
  'listMemberLeaderboards',
  'listQueues',
  'listStreams',
]
const OF_EVERY_NAME = ['listSessions', 'eraseMember']
/** Of the leases of a session; the one of the examples is not there. */
const OF_SESSIONS = { openSession: 201, keepSession: 410, endSession: 410, getSession: 404 }

describe('every operation', () => {
  let operations: Operation[]
  beforeAll(async () => {
    operations = (await readOperations()).filter(({ scope }) => scope !== 'none')
  })

  it.each([
    ['names', 'other'],
    ['keys of its name', 'below'],
  ])('is refused to a token of other %s, or shows it nothing', async (_names, token) => {
    expect(operations.length).toBeGreaterThan(100)
    for (const operation of operations) {
      const { operationId, scope, method } = operation
      const { status, body } = await ask(operation, token)
      if (operationId in OF_SESSIONS) {
        const expected = OF_SESSIONS[operationId as keyof typeof OF_SESSIONS]
        expect(status, operationId).toBe(expected)
      } else if (LISTS.includes(operationId)) {
        expect([status, body], operationId).toEqual([200, { items: [] }])
      } else {
        expect(status, `${operationId} ${JSON.stringify(body)}`).toBe(403)
        if (method === 'head') continue
        const isOfNames = scope.includes(':') && scope !== 'operations:read'
        const hasName = isOfNames && !OF_EVERY_NAME.includes(operationId)
        expect(body, operationId).toMatchObject({ code: 'forbidden', scope })
        expect('name' in body, operationId).toBe(hasName)
      }
    }
  })

  it('with its name in the path is open to a token of this name', async () => {
    const own = operations.filter(
      ({ path, scope, operationId }) =>
        /\/x\b/.test(path) && !/^(admin|operations)/.test(scope) && !operationId.endsWith('ember'),
    )
    expect(own.length).toBeGreaterThan(60)
    for (const operation of own) {
      const { status, body } = await ask(operation, 'x')
      expect(status, `${operation.operationId} ${JSON.stringify(body)}`).not.toBe(403)
    }
  })
})

describe('a list', () => {
  const list = async (token: string, path: string, query: object) =>
    (await as(token, 'get', path).query(query).expect(200)).body as {
      items: { name: string }[]
      nextCursor?: string
    }

  it.each([
    ['/v1/locks', ''],
    ['/v1/semaphores', 's-'],
    ['/v1/cache-spaces', ''],
    ['/v1/ratelimit-policies', ''],
    ['/v1/leaderboards', ''],
    ['/v1/queues', ''],
    ['/v1/streams', ''],
  ])('%s shows the names of a token, page by page', async (path, start) => {
    const own = ['a', 'jobs-ab', 'jobs-b', 'jobs-bb'].map((name) => start + name)
    for (const limit of [1, 2, 100]) {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await list('two', path, { limit, ...(cursor && { cursor }) })
        expect(page.items.length).toBeLessThanOrEqual(limit)
        seen.push(...page.items.map(({ name }) => name))
        cursor = page.nextCursor
      } while (cursor !== undefined)
      expect(seen).toEqual(own)
    }
    const names = async (prefix: string) =>
      (await list('two', path, { prefix: start + prefix })).items.map(({ name }) => name)
    expect(await names('jobs-')).toEqual(own.slice(1))
    expect(await names('jobs-bb')).toEqual(own.slice(3))
    expect(await names('jobs-a')).toEqual(own.slice(1, 2))
    expect(await names('x')).toEqual([])
  })

  it('refuses the cursor of a name that the token does not have', async () => {
    const { nextCursor } = await list('all', '/v1/locks', { limit: 2 })
    await as('two', 'get', '/v1/locks').query({ cursor: nextCursor }).expect(400)
  })

  it('of the boards of a member shows the boards of the token', async () => {
    const { body } = await as('jobs', 'get', '/v1/members/ada/leaderboards').expect(200)
    const boards = body.items.map(({ board }: { board: string }) => board)
    expect(boards).toEqual(['jobs-a', 'jobs-ab', 'jobs-b', 'jobs-bb'])
  })
})

const refused = (scope: string, name: string) =>
  expect.objectContaining({ code: 'forbidden', scope, name })

describe('every name of a call counts', () => {
  it('in a set', async () => {
    const acquire = (names: string[]) => as('jobs', 'post', '/v1/lock-sets/acquire', { names })
    const { body } = await acquire(['jobs-1@a', 'jobs-1@b']).expect(200)
    const { body: problem } = await acquire(['jobs-2@a', 'y@a']).expect(403)
    expect(problem).toEqual(refused('locks:write', 'y@a'))
    await as('all', 'get', '/v1/locks/jobs-2@a').expect(200, /"state":"free"/)
    const set = { names: ['jobs-1@a', 'jobs-1@b'], token: body.token }
    await as('other', 'post', '/v1/lock-sets/release', set).expect(403)
    await as('jobs', 'post', '/v1/lock-sets/release', set).expect(200)
  })

  it('in a pipeline, by the scope of its operation', async () => {
    const run = (token: string, ...operations: object[]) =>
      as(token, 'post', '/v1/cache-pipeline', { operations })
    const put = (space: string) => ({ op: 'put', space, key: 'k', value: 1 })
    const get = (space: string) => ({ op: 'get', space, key: 'k' })
    await run('jobs', put('jobs-a'), get('jobs-b')).expect(200)
    const { body } = await run('jobs', put('jobs-a'), get('x')).expect(403)
    expect(body).toEqual(refused('cache:read', 'x/k'))
    await run('reader', put('jobs-a'), get('x')).expect(200)
    const { body: write } = await run('reader', put('jobs-a'), put('x')).expect(403)
    expect(write).toEqual(refused('cache:write', 'x/k'))
  })

  it('in a check of several policies, and in one for proxies', async () => {
    const check = (...policies: string[]) =>
      as('jobs', 'post', '/v1/ratelimits/check', {
        limits: policies.map((policy) => ({ policy, key: 'k' })),
      })
    await check('jobs-a', 'jobs-b').expect(200)
    const { body } = await check('jobs-a', 'x').expect(403)
    expect(body).toEqual(refused('ratelimits:write', 'x/k'))
    const inline = { name: 'x', limit: 1, windowMs: 1_000, key: 'k' }
    await as('jobs', 'post', '/v1/ratelimits/check', { limits: [inline] }).expect(403)
    for (const path of ['authz?policies=jobs-a,x', 'jobs-a,x/authz/path']) {
      const { body } = await harness
        .request('get', `/v1/ratelimits/${path}`)
        .set('lockstep-api-token', 'jobs')
        .expect(403)
      expect(body).toEqual(refused('ratelimits:write', 'x'))
    }
  })

  it('in checks by the APIs of other services', async () => {
    const envoy = (key: string) =>
      as('jobs', 'post', '/json', { domain: 'jobs-', descriptors: [{ entries: [{ key }] }] })
    await envoy('a').expect(200)
    const { body } = await as('other', 'post', '/json', {
      domain: 'jobs-',
      descriptors: [{ entries: [{ key: 'a' }] }],
    }).expect(403)
    expect(body).toEqual(refused('ratelimits:write', 'jobs-.a/-'))
    const requests = [{ name: 'jobs-a', unique_key: 'k', hits: 1, limit: 1, duration: 1_000 }]
    await as('jobs', 'post', '/v1/GetRateLimits', { requests }).expect(200)
    await as('other', 'post', '/v1/GetRateLimits', { requests }).expect(403)
  })

  it('in a submission to several boards', async () => {
    const submit = (...boards: string[]) =>
      as('jobs', 'post', '/v1/leaderboard-submissions', {
        member: 'ada',
        boards: boards.map((board) => ({ board, score: 1 })),
      })
    await submit('jobs-a', 'jobs-b').expect(200)
    expect((await submit('jobs-a', 'x').expect(403)).body).toEqual(
      refused('leaderboards:write', 'x'),
    )
  })
})

it('the offer to load a value needs cache:write for its space', async () => {
  const read = (space: string) =>
    as('reader', 'get', `/v1/cache/${space}/none`).query({ lease: true })
  await read('jobs-a').expect(404)
  expect((await read('x').expect(403)).body).toEqual(refused('cache:write', 'x/none'))
  const many = (space: string) =>
    as('reader', 'post', `/v1/cache/${space}/get-many`, { keys: ['none'], lease: true })
  await many('jobs-a').expect(200)
  await many('x').expect(403)
})

it('a refused pipeline ends no lease of another space', async () => {
  const lease = () => as('all', 'get', '/v1/cache/x/loaded').query({ lease: true })
  const first = await lease().expect(404)
  const leaseToken = first.headers['lockstep-lease']
  const wrong = { op: 'put', space: 'x', key: 'loaded', leaseToken }
  await as('jobs', 'post', '/v1/cache-pipeline', { operations: [wrong] }).expect(400)
  expect((await lease().expect(404)).headers['lockstep-lease-status']).toBe('held')
})

describe('a session', () => {
  async function open(): Promise<{ id: string; token: string }> {
    return (await as('jobs', 'post', '/v1/sessions', { prefix: 'jobs-s' }).expect(201)).body
  }
  const acquire = (token: string, name: string, sessionToken: string) =>
    as(token, 'post', `/v1/locks/${name}/acquire`, { sessionToken })

  it('is kept, shown and ended by a token that has the names of all its leases', async () => {
    const { id, token } = await open()
    await acquire('jobs', 'jobs-s@a', token).expect(200)
    const use = async (who: string) => [
      (await as(who, 'post', '/v1/sessions/keepalive', { token })).status,
      (await as(who, 'get', `/v1/sessions/${id}`)).status,
    ]
    expect(await use('jobs')).toEqual([200, 200])
    expect(await use('other')).toEqual([403, 403])
    for (const refusal of [
      await as('other', 'post', '/v1/sessions/end', { token }).expect(403),
      await as('other', 'get', `/v1/sessions/${id}`).expect(403),
    ]) {
      expect(refusal.body).toMatchObject({ code: 'forbidden' })
      expect(refusal.text, 'the names of others').not.toContain('jobs-s@a')
    }
    await as('jobs', 'post', '/v1/sessions/end', { token }).expect(200)
  })
})

it('a token of names counts and logs what it is refused', async () => {
  await as('jobs', 'post', '/v1/locks/x/acquire').expect(403)
  const { text } = await as('all', 'get', '/metrics').expect(200)
  expect(text).toMatch(/^lockstep_http_refused_tokens_total\{reason="name"\} [1-9]/m)
  expect(harness.log.join('')).toContain('"refusal":"name"')
})
