import { readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'
import { commandLine } from './tools.js'

const { harness, url, start, lockstep, json, TOKEN, READER } = await commandLine()

const acquire = (name: string, body: object = {}) =>
  harness
    .request('post', `/v1/locks/${name}/acquire`)
    .set('authorization', `Bearer ${TOKEN}`)
    .send(body)

it('prints tables for people and JSON for programs, without colours in a pipe', async () => {
  await acquire('deploy', { owner: 'host-1' }).expect(200)
  expect(await json('locks', 'ls')).toEqual([{ name: 'deploy', holderCount: 1, queueLength: 0 }])
  const { stdout } = await lockstep(['locks', 'ls'])
  expect(stdout).toBe('NAME    HOLDERS  WAITING\ndeploy        1        0\n')

  expect(await json('locks', 'show', 'deploy')).toMatchObject({ state: 'held', queueLength: 0 })
  const shown = await lockstep(['locks', 'show', 'deploy'])
  expect(shown.stdout).toContain('OWNER')
  expect(shown.stdout).not.toContain('\u{1b}')
  expect(shown.stdout).toMatch(/^host-1 +\d{16} /m)
})

it.each([
  [['locks', 'show'], "missing required argument 'name'"],
  [['locks', 'revoke', 'deploy'], "required option '--reason <text>' not specified"],
  [['locks', 'revoke', 'x', '--reason', 'y', '--force', '--grace', '1'], 'cannot be used with'],
  [['locks', 'ls', '--limit', '0'], 'It is an integer from 1 on.'],
  [['locks', 'ls', 'extra'], 'too many arguments'],
  [['nothing'], "unknown command 'nothing'"],
  [['--wrong', 'status'], "unknown option '--wrong'"],
  [['cache', 'invalidate', 'pages'], 'name --key, --tag or --all'],
  [['cache', 'put', 'pages', 'home', '--file', '/is/not/there'], '/is/not/there cannot be read'],
  [['limits', 'check', 'a', 'b', '--limit', '2'], '--limit and --window go together'],
  [['limits', 'block', 'a', 'b', '--for', 'soon'], 'Write seconds, or a number with'],
  [['queues', 'send', 'jobs', 'no json'], 'this is no JSON: no json'],
  [['queues', 'redrive', 'jobs'], 'name ids, or --count'],
  [['token', 'new', 'a b'], 'It has letters, digits'],
  [['token', 'new', 'a', '--expires-at', 'soon'], 'It has the form 2027-01-31T00:00:00Z'],
  [['--token-file', '/is/not/there', 'status'], 'the file of the token cannot be read'],
  [['--url', 'localhost', 'status'], 'is not like http://HOST:PORT'],
  [['--url', 'http://me:secret@localhost', 'status'], 'is not like http://HOST:PORT'],
  [['--url', 'unix:lockstep.sock', 'status'], 'is not like http://HOST:PORT or unix:/PATH'],
  [['status'], 'the API token has letters', { LOCKSTEP_TOKEN: 'two\nlines' }],
  [['status'], 'the namespace has letters', { LOCKSTEP_NAMESPACE: 'größe' }],
  [['cache', 'put', 'a', 'b', 'c', '--type', 'a\nb'], 'the content type has letters'],
  [['cache', 'put', 'a', 'b', 'c', '--file', 'd'], 'give the value, or --file'],
  [['boards', 'import', 'a', '/'], '/ cannot be read: it is a folder'],
])(
  'says what is wrong with its arguments, and asks nothing: %j',
  async (args, fault, variables: object = {}) => {
    const { code, stdout, stderr } = await lockstep(args, '', {
      LOCKSTEP_URL: 'http://127.0.0.1:1',
      ...variables,
    })
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
    expect(stderr).toMatch(/^lockstep: /)
    expect(stderr).toContain(fault)
  },
)

it('has codes for a request that is refused, for a token, and for no service', async () => {
  const refused = await lockstep(['locks', 'show', 'x'.repeat(513)])
  expect(refused).toMatchObject({ code: 64, stdout: '' })
  expect(refused.stderr).toContain('must be 1 to 512 bytes of UTF-8')

  const file = path.join(tempFolder(), 'token')
  writeFileSync(file, `${READER}\n`)
  expect((await lockstep(['--token-file', file, 'locks', 'ls'])).code).toBe(0)
  expect((await lockstep(['--token-file', file, 'queues', 'ls'])).code).toBe(77)
  expect((await lockstep(['locks', 'ls'], '', { LOCKSTEP_TOKEN: 'other' })).code).toBe(77)

  const alone = ['--url', 'http://127.0.0.1:1', '--timeout', '1ms', 'locks', 'ls']
  expect(await lockstep(alone)).toEqual({
    code: 69,
    stdout: '',
    stderr: 'lockstep: no answer from http://127.0.0.1:1\n',
  })
  const other = http.createServer((_, response) => response.end('Hello.'))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void other.close())
  const foreign = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  const answered = await lockstep(['--url', foreign, '--timeout', '1ms', 'status'])
  expect(answered.code).toBe(69)
  expect(answered.stderr).toMatch(/answered 200, and is no Lockstep|no answer from/)
})

it('tries several URLs in turn', async () => {
  const urls = `http://127.0.0.1:1,${url()}/`
  expect((await lockstep(['--url', urls, 'status', '--json'])).code).toBe(0)
})

it('asks a holder to give way, ends a lease, and watches both', async () => {
  const watching = start(['locks', 'watch', 'reindex', '-n', '3', '--json'])
  await until('it watches', () => watching.stdout().includes('"watching"'))
  await acquire('reindex', { ttlMs: 600_000 }).expect(200)
  const asked = await json('locks', 'revoke', 'reindex', '--reason', 'test')
  expect(asked).toEqual({ revoked: 0, asked: 1 })
  const ended = await json('locks', 'revoke', 'reindex', '--reason', 'test', '--force')
  expect(ended).toEqual({ revoked: 1, asked: 0 })
  expect((await lockstep(['locks', 'revoke', 'reindex', '--reason', 'test'])).code).toBe(1)
  expect(await watching.exit).toBe(0)
  const events = watching.stdout().trim().split('\n')
  expect(events.map((line) => JSON.parse(line).event)).toEqual(['watching', 'granted', 'revoked'])
})

it('stores bytes as they are, and ends with 1 where there is no value', async () => {
  const put = await lockstep(['cache', 'put', 'pages', 'home', '--tag', 'a "b"'], 'päge\n\0')
  expect(put).toEqual({ code: 0, stdout: '', stderr: '' })
  expect((await lockstep(['cache', 'get', 'pages', 'home'])).stdout).toBe('päge\n\0')
  expect(await json('cache', 'get', 'pages', 'home')).toMatchObject({ value: 'päge\n\0' })
  await lockstep(['cache', 'put', 'pages', 'about', 'text', '--ttl', '10m'])
  expect((await lockstep(['cache', 'get', 'pages', 'about'])).stdout).toBe('text')
  await lockstep(['cache', 'invalidate', 'pages', '--tag', 'a "b"', '--hard'])
  const gone = { code: 1, stdout: '', stderr: '' }
  expect(await lockstep(['cache', 'get', 'pages', 'home'])).toEqual(gone)
  expect((await lockstep(['cache', 'rm', 'pages', 'about'])).code).toBe(0)
  expect(await lockstep(['cache', 'get', 'pages', 'about'])).toEqual(gone)
})

it('checks a limit, blocks a subject, and lists who is denied', async () => {
  const perKey = ['limits', 'check', 'calls', 'ada', '--limit', '1', '--window', '1h']
  expect((await lockstep([...perKey, '--peek'])).code).toBe(0)
  expect((await lockstep(perKey)).code).toBe(0)
  const denied = await lockstep(perKey)
  expect(denied.code).toBe(75)
  expect(denied.stdout).toMatch(/calls +ada +denied +0 +1/)

  await harness
    .request('put', '/v1/ratelimit-policies/api')
    .set('authorization', `Bearer ${TOKEN}`)
    .send({ limit: 10, windowMs: 60_000 })
    .expect(201)
  expect(await json('limits', 'block', 'api', 'eve', '--for', '1h')).toMatchObject({
    changed: true,
  })
  expect((await lockstep(['limits', 'check', 'api', 'eve'])).stdout).toContain('blocked')
  const shown = await json('limits', 'show', 'api')
  expect(shown).toMatchObject({ policy: { limit: 10 }, denied: [{ key: 'eve', denials: 1 }] })
  expect((await lockstep(['limits', 'show'])).stdout).toMatch(/^api +gcra +10 +1m/m)
  expect((await lockstep(['limits', 'unblock', 'api', 'eve'])).code).toBe(0)
  expect((await lockstep(['limits', 'unblock', 'api', 'eve'])).code).toBe(1)
  expect((await lockstep(['limits', 'show', 'none'])).code).toBe(1)
})

it('exports a board and imports it again, exactly', async () => {
  const scores = Array.from({ length: 450 }, (_, i) => ({ member: `m${i}`, score: i + 1 }))
  const lines = scores.map((entry) => JSON.stringify(entry)).join('\n')
  expect((await lockstep(['boards', 'import', 'arcade'], lines)).stdout).toBe(
    '450 entries submitted, 450 changed, 0 refused\n',
  )
  const file = path.join(tempFolder(), 'arcade.jsonl')
  expect((await lockstep(['boards', 'export', 'arcade', '-o', file])).code).toBe(0)
  expect((await lockstep(['boards', 'import', 'copy', file])).code).toBe(0)
  const copy = await lockstep(['boards', 'export', 'copy'])
  expect(copy.stdout).toBe(readFileSync(file, 'utf8'))
  expect(await json('boards', 'top', 'copy', '-n', '1')).toMatchObject([
    { member: 'm449', rank: 1 },
  ])
  const around = await json('boards', 'rank', 'copy', 'm1', '--around', '3')
  expect(around.map(({ member }: { member: string }) => member)).toEqual(['m2', 'm1', 'm0'])
  expect((await lockstep(['boards', 'rank', 'copy', 'nobody'])).code).toBe(1)

  const half = await lockstep(['boards', 'import', 'arcade'], `${lines.split('\n')[0]}\nwrong`)
  expect(half).toMatchObject({ code: 64, stdout: '' })
  expect(half.stderr).toContain('line 2 is no JSON')
  const large = { member: 'x', score: 1, scores: [1] }
  const faulty = await lockstep(['boards', 'import', 'arcade'], JSON.stringify(large))
  expect(faulty.code).not.toBe(0)
})

it('sends, receives, acknowledges, and redrives messages', async () => {
  expect((await lockstep(['queues', 'receive', 'jobs'])).code).toBe(1)
  await lockstep(['queues', 'send', 'jobs', '{"job":1}'])
  await lockstep(['queues', 'send', 'jobs', '--text'], 'a text')
  const first = JSON.parse((await lockstep(['queues', 'receive', 'jobs', '--ack'])).stdout)
  expect(first).toMatchObject({ body: { job: 1 }, deliveries: 1 })
  const second = JSON.parse((await lockstep(['queues', 'receive', 'jobs'])).stdout)
  expect(second).toMatchObject({ body: 'a text' })
  await harness
    .request('post', '/v1/queues/jobs/settle')
    .set('authorization', `Bearer ${TOKEN}`)
    .send({ nack: [{ receipt: second.receipt, dead: true, error: 'no such \u{1b}[31mstreet' }] })
    .expect(200)
  expect((await lockstep(['queues', 'dead', 'jobs'])).stdout).toContain('no such \\u001b[31mstreet')
  expect(await json('queues', 'redrive', 'jobs', second.id)).toEqual({ redriven: 1, full: false })
  expect((await lockstep(['queues', 'ls'])).stdout).toMatch(/^jobs +1 +0 +0 +0 +0/m)
  const again = JSON.parse((await lockstep(['queues', 'receive', 'jobs', '-w', '20'])).stdout)
  expect((await lockstep(['queues', 'ack', 'jobs', again.receipt])).code).toBe(0)
  expect((await lockstep(['queues', 'ack', 'jobs', again.receipt])).code).toBe(1)
  expect((await json('queues', 'show', 'jobs')).totals).toMatchObject({ sent: 2, acked: 2 })
})

it('appends, reads and follows entries', async () => {
  await lockstep(['streams', 'append', 'chat', 'said', '{"by":"ada"}'])
  const following = start(['streams', 'follow', 'chat', '--after', 'start', '-n', '2'])
  await until('it follows', () => following.stdout().includes('ada'))
  await lockstep(['streams', 'append', 'chat', 'said', '--text'], 'hello')
  expect(await following.exit).toBe(0)
  expect(following.stdout()).toMatch(/said {2}\{"by":"ada"\}\n.*said {2}"hello"\n$/)
  const read = async (...args: string[]) => {
    const { stdout } = await lockstep(['streams', 'read', 'chat', ...args])
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).data)
  }
  expect(await read()).toEqual([{ by: 'ada' }, 'hello'])
  expect(await read('--newest', '-n', '1')).toEqual(['hello'])
  expect((await lockstep(['streams', 'ls'])).stdout).toMatch(/^chat +2/m)
})

it('makes a token that the service takes', async () => {
  const { token, entry } = await json('token', 'new', 'shop', '--scope', 'locks:read')
  expect(entry).toMatchObject({ name: 'shop', namespaces: ['*'], scopes: ['locks:read'] })
  const narrowed = ['--scope', 'locks:write:jobs/*', '--expires-at', '2999-01-31T00:00:00Z']
  const { stdout } = await lockstep(['token', 'new', 'shop', ...narrowed])
  expect(stdout).toMatch(
    /scopes: \['locks:write:jobs\/\*'\]\n {4}expiresAt: 2999-01-31T00:00:00Z\n/,
  )
  const shown = (await lockstep(['token', 'new', 'shop'])).stdout
  expect(shown).toMatch(/^ {2}- name: shop\n {4}sha256: [0-9a-f]{64}$/m)
  expect(token).toMatch(/^ls_[\w-]{43}$/)
})

it('prints one picture of what happens where there is no terminal', async () => {
  await acquire('busy', { ttlMs: 600_000 }).expect(200)
  const waiting = acquire('busy', { waitMs: 240_000 }).then(({ body }) => body)
  await until(
    'a request waits',
    async () => (await json('locks', 'show', 'busy')).queueLength === 1,
  )
  const view = await json('top', '--interval', '100ms')
  expect(view).toMatchObject({ redis: 'up', lockWaiters: 1 })
  expect(view.locks).toContainEqual({ name: 'busy', holderCount: 1, queueLength: 1 })
  const { stdout } = await lockstep(['top', '--once', '--interval', '100ms'])
  expect(stdout).toMatch(/^busy +1 +1$/m)
  expect(stdout).not.toContain('\u{1b}')
  await json('locks', 'revoke', 'busy', '--reason', 'done', '--force')
  expect(await waiting).toMatchObject({ name: 'busy' })
})
