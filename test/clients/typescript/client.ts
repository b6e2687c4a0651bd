// The four domains by openapi-fetch, over types that openapi-typescript generates.
import assert from 'node:assert/strict'
import createClient from 'openapi-fetch'
import type { paths } from './lockstep.js'

const lockstep = createClient<paths>({ baseUrl: process.env.LOCKSTEP_URL ?? '' })

/** The answer of a call; a refusal throws its problem. */
async function answer<T>(
  call: Promise<{ data?: T; error?: { detail: string }; response: Response }>,
): Promise<NonNullable<T>> {
  const { data, error, response } = await call
  if (data) return data
  throw new Error(error?.detail ?? `${response.url}: ${response.status}`)
}

async function lock() {
  const params = { path: { name: 'deploy' } }
  const lease = await answer(
    lockstep.POST('/v1/locks/{name}/acquire', { params, body: { ttlMs: 30_000, owner: 'ci' } }),
  )
  const refused = await lockstep.POST('/v1/locks/{name}/acquire', { params, body: {} })
  assert.equal(refused.response.status, 423)
  assert.equal(refused.error?.code, 'lock-held')

  const { released, fence } = await answer(
    lockstep.POST('/v1/locks/{name}/release', { params, body: { token: lease.token } }),
  )
  assert.ok(released)
  assert.equal(fence, lease.fence)
}

/** Stores bytes as they are: the client would send JSON otherwise. */
async function put(key: string, body: Uint8Array, type: string) {
  const { response } = await lockstep.PUT('/v1/cache/{space}/{key}', {
    params: { path: { space: 'pages', key }, query: { ttlMs: 60_000 } },
    headers: { 'content-type': type },
    body,
    bodySerializer: (bytes) => bytes,
  })
  assert.equal(response.status, 201)
}

async function get(key: string): Promise<Uint8Array> {
  const params = { path: { space: 'pages', key } }
  const { data } = await lockstep.GET('/v1/cache/{space}/{key}', {
    params,
    parseAs: 'arrayBuffer',
  })
  assert.ok(data)
  return new Uint8Array(data)
}

async function cache() {
  const profile = { name: 'Ada', born: 1815 }
  await put('profile/1', new TextEncoder().encode(JSON.stringify(profile)), 'application/json')
  assert.deepEqual(JSON.parse(new TextDecoder().decode(await get('profile/1'))), profile)

  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
  await put('bytes', bytes, 'application/octet-stream')
  assert.deepEqual(await get('bytes'), bytes)
}

async function limit() {
  await answer(
    lockstep.PUT('/v1/ratelimit-policies/{policy}', {
      params: { path: { policy: 'api' } },
      body: { limit: 1, windowMs: 3_600_000 },
    }),
  )
  const check = () =>
    answer(
      lockstep.POST('/v1/ratelimits/{policy}/check', {
        params: { path: { policy: 'api' } },
        body: { key: 'user-7' },
      }),
    )
  assert.equal((await check()).allowed, true)
  const denied = await check()
  assert.equal(denied.allowed, false)
  assert.ok((denied.retryAfterMs ?? 0) > 0)
}

const LARGEST = '9223372036854775807'

async function board() {
  const params = { path: { board: 'arcade' } }
  await answer(
    lockstep.PUT('/v1/leaderboards/{board}', {
      params,
      body: { columns: [{ name: 'points', type: 'int64' }] },
    }),
  )
  await answer(
    lockstep.POST('/v1/leaderboards/{board}/scores', {
      params,
      body: { entries: [{ member: 'ada', score: LARGEST }] },
    }),
  )
  const entry = await answer(
    lockstep.GET('/v1/leaderboards/{board}/entries/{member}', {
      params: { path: { board: 'arcade', member: 'ada' } },
    }),
  )
  assert.equal(entry.score, LARGEST)
}

await lock()
await cache()
await limit()
await board()
