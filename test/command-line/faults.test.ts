import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { expect, inject, it, onTestFinished } from 'vitest'
import { startService } from '../support/service.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'
import { commandLine } from './tools.js'

const { harness, url, start, lockstep, json, shell } = await commandLine()

/** Listens on a port or a socket until the test ends. */
async function listen(server: net.Server, where: { port: number } | { path: string }) {
  await new Promise<void>((resolve) => server.listen(where, resolve))
  onTestFinished(() => void server.close())
  return server.address() as AddressInfo
}

it('takes variables without a value for variables that are not there', async () => {
  const empty = { LOCKSTEP_TOKEN_FILE: '', LOCKSTEP_NAMESPACE: '' }
  expect((await lockstep(['status'], '', empty)).code).toBe(0)
  const { stderr } = await lockstep(['status', '--timeout', '1ms'], '', { LOCKSTEP_URL: '' })
  expect(stderr).not.toContain('the URL of the service')
})

it('reaches a service on a unix socket', async () => {
  const { port } = harness.app.server.address() as AddressInfo
  const server = net.createServer((socket) => {
    const onward = net.connect(port, '127.0.0.1')
    socket.on('error', () => undefined).pipe(onward)
    onward.on('error', () => undefined).pipe(socket)
  })
  const file = path.join(tempFolder(), 'lockstep.sock')
  await listen(server, { path: file })
  const there = { LOCKSTEP_URL: `unix:${file}` }
  expect((await lockstep(['status'], '', there)).stdout).toContain(`unix:${file}\n`)
  const ran = await lockstep(['run', 'by-socket', '--', 'echo', 'ran'], '', there)
  expect(ran).toMatchObject({ code: 0, stdout: 'ran\n' })
  const gone = await lockstep(['status', '--timeout', '1ms'], '', {
    LOCKSTEP_URL: `unix:${file}.gone`,
  })
  expect(gone).toMatchObject({ code: 69, stdout: '' })
  expect(gone.stderr).toMatch(/no answer from unix:.*gone/)
})

it('asks no longer than its time, whatever it asks', async () => {
  const { port } = await listen(net.createServer(), { port: 0 })
  const there = { LOCKSTEP_URL: `http://127.0.0.1:${port}` }
  for (const args of [
    ['--timeout', '1s', 'locks', 'watch', 'x'],
    ['--timeout', '1s', 'top'],
    ['run', '-t', '5', 'x', '--', 'echo', 'ran'],
  ]) {
    const { code, stdout, stderr } = await lockstep(args, '', there)
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' })
    expect(stderr).toBe(`lockstep: no answer from ${there.LOCKSTEP_URL}\n`)
  }
})

it('waits for a message longer than for an answer', async () => {
  const waiting = lockstep(['queues', 'receive', 'late', '--wait', '20s', '--timeout', '1ms'])
  await json('queues', 'send', 'late', '1')
  expect(JSON.parse((await waiting).stdout)).toMatchObject({ body: 1 })
})

it('acknowledges no message that it could not print', async () => {
  await json('queues', 'send', 'full', '1')
  const { exit, stderr } = shell('sh', 'lockstep queues receive full --ack >/dev/full')
  expect(await exit).toBe(74)
  expect(stderr()).toBe(
    'lockstep: the output cannot be written: ENOSPC: no space left on device, write\n',
  )
  expect((await json('queues', 'show', 'full')).totals).toMatchObject({ delivered: 1, acked: 0 })
})

it('ends when its reader has gone', async () => {
  await json('streams', 'append', 'short', 'happened', '1')
  const following = start(['streams', 'follow', 'short', '--after', 'start'])
  await until('it follows', () => following.stdout() !== '')
  following.child.stdout?.destroy()
  expect(await appendUntil(following.exit, 'short')).toBe(0)
  expect(following.stderr()).toBe('')
})

/** Appends entries until a process has ended. */
async function appendUntil(exit: Promise<unknown>, stream: string): Promise<unknown> {
  const ended = exit.then((code) => ({ code }))
  const { code } = await until('the program ends', async () => {
    const appended = json('streams', 'append', stream, 'happened', '1')
    return Promise.race([ended, appended.then(() => undefined)])
  })
  return code
}

it('follows from the end, and counts entries alone', async () => {
  const following = start(['streams', 'follow', 'new', '-n', '1'])
  expect(await appendUntil(following.exit, 'new')).toBe(0)
  expect(following.stdout()).toMatch(/^\S+ {2}happened {2}1\n$/)
})

it('reads input that comes later, where reads do not block', async () => {
  // Node leaves a pipe that it was killed at so that reads of it do not wait.
  const leave = 'process.stdin.on("data", () => process.kill(process.pid, "SIGKILL"))'
  const { exit, stdout } = shell(
    'sh',
    `
    { echo first; until [ -e "$HOME/asked" ]; do sleep 0.1; done; echo later; } |
      { '${process.execPath}' -e '${leave}'; (sleep 1; : >"$HOME/asked") & lockstep cache put pages slow; }
    lockstep cache get pages slow`,
  )
  expect(await exit).toBe(0)
  expect(stdout()).toBe('later\n')
})

it.each([
  ['null', 'line 1 has no member and score'],
  ['[]', 'line 1 has no member and score'],
  ['{"member":"m","score":9007199254740993}', 'beyond 2^53 as a string'],
])('refuses a line that is no entry: %s', async (line, fault) => {
  const { code, stderr } = await lockstep(['boards', 'import', 'broken'], line)
  expect(code).toBe(64)
  expect(stderr.split('\n')[0]).toContain(fault)
  expect(stderr.split('beyond 2^53')).toHaveLength(fault.includes('2^53') ? 2 : 1)
})

it('says when a file cannot be written', async () => {
  await lockstep(['boards', 'import', 'kept'], '{"member":"ada","score":1}')
  const { code, stderr } = await lockstep(['boards', 'export', 'kept', '-o', '/is/not/there'])
  expect({ code, stderr }).toMatchObject({ code: 64 })
  expect(stderr).toContain('/is/not/there cannot be written')
})

it('follows on at another instance when its own shuts down', async () => {
  const own = await startService({ LOCKSTEP_REDIS_URL: inject('redisUrl') })
  const LOCKSTEP_URL = `${await own.ready()},${url()}`
  await json('streams', 'append', 'moved', 'happened', '1')
  const args = ['streams', 'follow', 'moved', '--after', 'start', '-n', '3', '--json']
  const following = start(args, { LOCKSTEP_URL })
  await until('it follows', () => following.stdout() !== '')
  own.child.kill('SIGTERM')
  await own.exit
  await json('streams', 'append', 'moved', 'happened', '2')
  await json('streams', 'append', 'moved', 'happened', '3')
  expect(await following.exit).toBe(0)
  const entries = following.stdout().trim().split('\n')
  expect(entries.map((line) => JSON.parse(line).data.data)).toEqual([1, 2, 3])
  expect(following.stderr()).toBe('')
})

it.each<[string, (answer: http.ServerResponse) => void, string]>([
  ['goes silent', () => {}, 'the service went silent for 5000 ms'],
  ['is cut', (answer) => answer.destroy(), 'the answer of the service broke off'],
])('fails when an export %s', async (_, then, fault) => {
  const server = http.createServer((request, answer) => {
    answer.setHeader('x-request-id', '1').setHeader('content-type', 'application/json')
    if (request.url?.includes('/entries')) answer.end('{"items":[],"total":2,"seasonId":"one"}')
    else answer.write('{"member":"ada","score":1}\n', () => then(answer))
  })
  const { port } = await listen(server, { port: 0 })
  onTestFinished(() => server.closeAllConnections())
  const there = { LOCKSTEP_URL: `http://127.0.0.1:${port}` }
  const { code, stderr } = await lockstep(['boards', 'export', 'x', '--timeout', '5s'], '', there)
  expect({ code, stderr }).toMatchObject({ code: 69 })
  expect(stderr).toContain(fault)
})
