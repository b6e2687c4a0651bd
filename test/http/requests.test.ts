import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'

const harness = useHarness()

/** Sends a request line exactly as written; HTTP clients would repair it. */
function raw(path: string, headers: Record<string, string> = {}) {
  const { port } = harness.app.server.address() as AddressInfo
  return new Promise<{ status: number; body: Record<string, unknown> }>((resolve, reject) => {
    const request = httpRequest({ port, path, method: 'GET', headers }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }),
      )
    })
    request.on('error', reject)
    request.end()
  })
}

describe('names in paths', () => {
  it.each([
    ['slashes', 'a/b/c'],
    ['braces', '{a}'],
    ['spaces', 'a b'],
    ['emoji', '🔒🔑'],
    ['a percent sign', '100%'],
    ['dots', '...'],
    ['512 bytes', 'ä'.repeat(256)],
  ])('may hold %s', async (_what, name) => {
    const { body } = await harness
      .request('get', `/v1/locks/${encodeURIComponent(name)}`)
      .expect(200)
    expect(body.name).toBe(name)
  })

  it.each([
    ['a control character', '%01'],
    ['a NUL', 'a%00b'],
    ['513 bytes', `${'%C3%A4'.repeat(256)}a`],
    ['one dot', '%2E'],
    ['two dots', '%2e%2E'],
  ])('may not hold %s', async (_what, name) => {
    const { status, body } = await raw(`/v1/locks/${name}`)
    expect([status, body.code]).toEqual([400, 'invalid-request'])
    expect(body.errors).toEqual([faultAt('path/name')])
  })

  it('answers bad UTF-8 with a 400', async () => {
    const { status, body } = await raw('/v1/locks/%C3%28')
    expect([status, body.code]).toEqual([400, 'invalid-request'])
  })

  it('answers an unknown path with a problem', async () => {
    const { status, body } = await raw('/v1/nothing')
    expect([status, body.code]).toEqual([404, 'unknown-path'])
  })

  it('answers an unknown query field with a 400', async () => {
    const { body } = await harness.request('post', '/v1/locks/a/acquire?ttl=5').expect(400)
    expect(body.errors).toEqual([faultAt('query/ttl', 'is not a known field')])
  })
})

describe('a body', () => {
  const fieldsOf = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]))

  it.each([1, 7, 8, 9, 100])('with %s unknown fields has each named', async (count) => {
    const { body } = await harness
      .request('post', '/v1/locks/a/acquire')
      .send(fieldsOf(count))
      .expect(400)
    expect(body.errors).toHaveLength(Math.min(count, 32))
    expect(body.errors[0]).toEqual(faultAt('body/k0', 'is not a known field'))
    expect(body.detail).toContain('`k0` in the body is not a known field.')
  })

  it('has the unknown fields of an entry in a list named', async () => {
    const { body } = await harness
      .request('post', '/v1/cache/s/set-many')
      .send({ entries: [{ key: 'a', value: 1, ...fieldsOf(40) }] })
      .expect(400)
    expect(body.errors).toHaveLength(32)
  })
})

describe('namespaces', () => {
  it('share no data', async () => {
    await harness.request('post', '/v1/locks/shared/acquire').expect(200)
    const other = { 'lockstep-namespace': `${harness.namespace}-b` }
    await harness.request('post', '/v1/locks/shared/acquire').set(other).expect(200)
    await harness.request('post', '/v1/locks/shared/acquire').set(other).expect(423)
    await harness.redis.unlink(await harness.redis.keys(`ls:{${harness.namespace}-b:*`))
  })

  it.each(['UPPER', 'a:b', '-a', 'a'.repeat(64), 'a}b'])(
    'are refused when named %s',
    async (name) => {
      const { body } = await harness
        .request('get', '/v1/locks/a')
        .set('lockstep-namespace', name)
        .expect(400)
      expect(body.errors).toEqual([faultAt('header/lockstep-namespace')])
    },
  )
})

describe('every answer', () => {
  it('has the request id of the caller, or a new one', async () => {
    const given = await harness.request('get', '/livez').set('x-request-id', 'abc-1')
    expect(given.headers['x-request-id']).toBe('abc-1')

    const ask = () => harness.request('get', '/livez').set('x-request-id', 'no spaces allowed')
    const made = [await ask(), await ask()].map(({ headers }) => headers['x-request-id'])
    for (const id of made) expect(id).toMatch(/^[\da-f]{16}-[\da-z]+$/)
    expect(made[0]).not.toBe(made[1])
  })

  it('forbids caches to store it', async () => {
    const { headers } = await harness.request('get', '/v1/locks/a')
    expect(headers['cache-control']).toBe('private, no-store')
  })
})

describe('the log', () => {
  it('has no line for a successful request', async () => {
    const before = harness.log.length
    await harness.request('get', '/v1/locks/a').expect(200)
    await harness.request('get', '/v1/nothing').expect(404)
    expect(harness.log.slice(before)).toEqual([])
  })

  it('never holds a token', async () => {
    const { body } = await harness.request('post', '/v1/locks/secret/acquire').expect(200)
    for (const verb of ['renew', 'release', 'release']) {
      await harness.request('post', `/v1/locks/secret/${verb}`).send({ token: body.token })
    }
    await harness.redis.set('not-a-hash', '')
    expect(harness.log.join('')).not.toContain(body.token)
  })
})

it('starts on a slow machine', () => {
  expect(harness.app.initialConfig.pluginTimeout).toBe(0)
})

describe('the pages', () => {
  it('explain each error under its type', async () => {
    const { body } = await harness.request('get', '/v1/nothing').expect(404)
    const page = await harness.request('get', body.type).expect(200)
    expect(page.text).toContain('<h1>unknown-path</h1>')
    await harness.request('get', '/errors/none-such').expect(404)
  })

  it('expose the metrics', async () => {
    await harness.request('post', '/v1/locks/metered/acquire').expect(200)
    const { text, headers } = await harness.request('get', '/metrics').expect(200)
    expect(headers['content-type']).toMatch(/^text\/plain/)
    expect(text).toMatch(/^lockstep_locks_acquire_total\{outcome="granted"\} \d/m)
    expect(text).toMatch(/^lockstep_http_request_duration_seconds_count\{.*acquire.*\} \d/m)
    expect(text).toMatch(
      /^lockstep_redis_script_duration_seconds_count\{script="locks.acquire"\} \d/m,
    )
    expect(text).toMatch(/^lockstep_build_info\{.*\} 1/m)
  })
})
