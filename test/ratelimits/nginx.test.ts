import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.js'
import { type Harness, startHarness } from '../support/harness.js'
import { tokensYaml } from '../support/tokens.js'
import { until } from '../support/until.js'

const CONF = new URL('../../deploy/nginx/nginx.conf', import.meta.url)
/** Debian installs nginx outside the PATH of ordinary users. */
const nginx = ['nginx', '/usr/sbin/nginx'].find((name) => spawnSync(name, ['-v']).status === 0)

const site = { algorithm: 'fixed-window', align: 'first-hit', limit: 3, windowMs: 3_600_000 }

let harness: Harness
let application: Server
let child: ChildProcess
let url: string
let folder: string
let errors = ''

describe.skipIf(nginx === undefined)('deploy/nginx, by a real nginx (skipped without one)', () => {
  beforeAll(async () => {
    const policies = { site: { ...site, authz: { key: ['address', 'header:X-Visitor'] } } }
    harness = await startHarness({ configFile: `policies: ${JSON.stringify(policies)}` })
    application = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => (body += chunk))
      request.on('end', () => {
        response.statusCode = request.url === '/forbidden' ? 403 : 200
        response.end(`${request.method} ${request.url} ${body}`)
      })
    })
    await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
    url = await startNginx(nginx as string)
  })
  afterAll(async () => {
    child.kill('SIGKILL')
    application.close()
    rmSync(folder, { recursive: true })
  })

  it('lets visitors through until their limit, and answers 429 after that', async () => {
    for (const left of [2, 1, 0]) {
      const answer = await visit('/orders?page=1', 'ada')
      expect([answer.status, answer.text]).toEqual([200, 'GET /orders?page=1 '])
      expect(answer.headers.get('ratelimit')).toMatch(new RegExp(`^"site";r=${left};t=\\d+$`))
      expect(answer.headers.get('ratelimit-policy')).toBe('"site";q=3;w=3600')
      expect(answer.headers.has('retry-after')).toBe(false)
    }
    const denied = await visit('/orders', 'ada')
    expect([denied.status, denied.text]).toEqual([429, 'Too many requests.\n'])
    expect(Number(denied.headers.get('retry-after'))).toBeGreaterThan(3_500)
    expect(denied.headers.get('ratelimit')).toMatch(/^"site";r=0;/)
  })

  it('what a visitor sends does not help', async () => {
    const headers = {
      'x-forwarded-for': '192.0.2.1',
      'idempotency-key': 'again',
      'lockstep-namespace': 'elsewhere',
      'lockstep-api-token': 'mine',
      authorization: 'Bearer mine',
      origin: 'https://example.com',
    }
    const statuses = []
    for (const _ of [1, 2, 3, 4]) statuses.push((await visit('/', 'bob', { headers })).status)
    expect(statuses).toEqual([200, 200, 200, 429])
    expect((await visit('/?key=other&denyStatus=too-many-requests', 'bob')).status).toBe(429)
  })

  it('bodies reach the application, and its own refusals the visitor', async () => {
    const sent = await visit('/form', 'eve', { method: 'POST', body: 'x'.repeat(10_000) })
    expect([sent.status, sent.text]).toEqual([200, `POST /form ${'x'.repeat(10_000)}`])
    expect((await visit('/forbidden', 'eve')).status).toBe(403)
  })

  it('answers 503 without Lockstep, and without its token', async () => {
    harness.reload(tokensYaml([{ token: 'proxy', scopes: ['ratelimits:write'] }]))
    const unavailable = [503, 'Unavailable.\n']
    const locked = await visit('/', 'dan')
    expect([locked.status, locked.text]).toEqual(unavailable)
    await harness.close()
    const away = await visit('/', 'dan')
    expect([away.status, away.text]).toEqual(unavailable)
  })
})

/** Starts nginx with the shipped file; only its ports and folders differ. */
async function startNginx(program: string): Promise<string> {
  folder = mkdtempSync('/tmp/ls-')
  mkdirSync(path.join(folder, 'temp'))
  const port = await freePort()
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const folders = kinds.map((kind) => `${kind}_temp_path temp/${kind};`).join(' ')
  const conf = readFileSync(CONF, 'utf8')
    .replace('127.0.0.1:7700', `127.0.0.1:${portOf(harness.app.server)}`)
    .replace('127.0.0.1:8080', `127.0.0.1:${portOf(application)}`)
    .replace('127.0.0.1:8000', `127.0.0.1:${port}`)
    .replace('http {', `http { access_log off; ${folders}`)
  writeFileSync(path.join(folder, 'nginx.conf'), conf)
  const directives = 'daemon off; master_process off; pid nginx.pid; error_log stderr;'
  child = spawn(program, ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr', '-g', directives])
  child.stderr?.on('data', (chunk) => (errors += chunk))
  const address = `http://127.0.0.1:${port}`
  await until(`nginx ${errors}`, () => fetch(address).then(() => true))
  return address
}

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port

async function visit(where: string, visitor: string, init: RequestInit = {}) {
  const headers = { ...init.headers, 'x-visitor': visitor }
  const answer = await fetch(url + where, { ...init, headers })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}
