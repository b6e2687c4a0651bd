import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest'
import { freePort } from '../support/free-port.js'
import { useHarness } from '../support/harness.js'
import { type Service, startService } from '../support/service.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'

const SCRIPT = path.resolve(import.meta.dirname, '../../deploy/lock-run.sh')

interface Run {
  readonly child: ChildProcess
  readonly exit: Promise<number | string | null>
  readonly stdout: () => string
  readonly stderr: () => string
}

const harness = useHarness()
let url = ''

beforeEach(() => {
  url = `http://127.0.0.1:${(harness.app.server.address() as AddressInfo).port}`
})

const run = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  runWith(SCRIPT, args, environment)

function runWith(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Run {
  const child = spawn(program, args, {
    env: {
      ...process.env,
      LOCKSTEP_URL: url,
      LOCKSTEP_NAMESPACE: harness.namespace,
      ...environment,
    },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const exit = new Promise<number | string | null>((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code)),
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, exit, stdout: () => stdout, stderr: () => stderr }
}

async function ask(method: string, rest: string, body?: object) {
  const response = await fetch(`${url}/v1/locks/${rest}`, {
    method,
    headers: { 'lockstep-namespace': harness.namespace, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  return (await response.json()) as Record<string, unknown> & { holders: { owner: string }[] }
}
const state = (name: string, wanted: string) =>
  until(`"${name}" is ${wanted}`, async () => (await ask('GET', name)).state === wanted)

/** The built service, as a process that can shut down and be killed. */
const serve = async (port: number): Promise<Service> => {
  const service = await startService({
    LOCKSTEP_REDIS_URL: inject('redisUrl'),
    LOCKSTEP_PORT: String(port),
  })
  url = await service.ready()
  return service
}

/** A proxy that delays the service's bytes, and the close of its connections. */
async function startLatePath(port: number, delayMs: number): Promise<string> {
  const server = net.createServer((client) => {
    const service = net.connect(port, '127.0.0.1')
    const later = (work: () => void) => void setTimeout(work, delayMs).unref()
    client.on('data', (bytes) => service.write(bytes)).on('close', () => service.destroy())
    service
      .on('data', (bytes) => later(() => client.writable && client.write(bytes)))
      .on('close', () => later(() => client.destroy()))
    for (const socket of [client, service]) socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A proxy that forwards the requests that `lets` accepts, and never answers the others. */
async function startPath(lets: (path: string) => boolean): Promise<string> {
  const server = http.createServer((request, response) => {
    if (!lets(request.url ?? '')) return
    const { method, headers } = request
    const passed = http.request(new URL(request.url ?? '', url), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    passed.on('error', () => response.destroy())
    response.on('close', () => passed.destroy())
    request.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('deploy/lock-run.sh', () => {
  it.each(['sh', 'bash'])(
    'runs a command under the lock, as if it were the command: %s',
    async (shell) => {
      const name = `a name/with "quotes", ünd more ${shell}`
      const { child, exit, stdout } = runWith(shell, [
        SCRIPT,
        name,
        '--',
        'sh',
        '-c',
        'read line; echo "$line $1 $LOCKSTEP_FENCE"; exit 7',
        'sh',
        'two words',
      ])
      await state(encodeURIComponent(name), 'held')
      const { holders } = await ask('GET', encodeURIComponent(name))
      expect(holders[0]?.owner).toContain(String(child.pid))
      const fence = (holders[0] as unknown as { fence: number }).fence
      child.stdin?.end('from-stdin\n')

      expect(await exit).toBe(7)
      expect(stdout()).toBe(`from-stdin two words ${fence}\n`)
      await state(encodeURIComponent(name), 'free')
    },
  )

  it('says that the lock is taken, and does not run', async () => {
    await ask('POST', 'taken/acquire')
    const refused = run(['taken', '--', 'echo', 'ran'])
    expect(await refused.exit).toBe(75)
    expect(refused.stdout()).toBe('')
    expect(refused.stderr()).toContain('Lock is held')
  })

  it('waits in the queue, and never runs two commands at once', async () => {
    const file = path.join(tempFolder(), 'log')
    const work = `echo in >>${file}; sleep 0.2; echo out >>${file}`
    const runs = Array.from({ length: 4 }, () => run(['-w', '60', 'line', '--', 'sh', '-c', work]))
    expect(await Promise.all(runs.map(({ exit }) => exit))).toEqual([0, 0, 0, 0])
    expect(readFileSync(file, 'utf8')).toBe('in\nout\n'.repeat(4))
  })

  it('says what is wrong with its arguments, and that no service answers', async () => {
    url = 'http://127.0.0.1:1'
    for (const args of [
      [],
      ['x'],
      ['x', '--'],
      ['-w', 'y', 'x', '--', 'true'],
      ['x', 'true', 'a'],
    ]) {
      const wrong = run(args)
      expect(await wrong.exit, args.join(' ')).toBe(64)
      expect(wrong.stderr()).toContain('usage: lock-run.sh')
    }
    const alone = run(['x', '--', 'echo', 'ran'])
    expect(await alone.exit).toBe(69)
    expect(alone.stdout()).toBe('')
    expect(alone.stderr()).toContain('no answer from http://127.0.0.1:1')
  })

  it('passes signals to the command, and keeps the lock until it has ended', async () => {
    const go = path.join(tempFolder(), 'go')
    const ended = `while [ ! -e ${go} ]; do sleep 0.05; done; echo asked; exit 9`
    const trap = `trap "${ended}" TERM; echo ready; while :; do sleep 0.1; done`
    const { child, exit, stdout } = run(['signal', '--', 'sh', '-c', trap])
    await until('it runs', () => stdout() === 'ready\n')
    child.kill('SIGTERM')
    expect((await ask('GET', 'signal')).state).toBe('held')
    writeFileSync(go, '')
    expect(await exit).toBe(9)
    expect(stdout()).toBe('ready\nasked\n')
    await state('signal', 'free')

    const interrupted = run(['signal', '--', 'sleep', '600'])
    await state('signal', 'held')
    await started(interrupted.child)
    interrupted.child.kill('SIGINT')
    expect(await interrupted.exit).toBe('SIGINT')
    await state('signal', 'free')
  })

  it('releases the lock when the command is killed', async () => {
    const { child, exit } = run(['killed', '--', 'sleep', '600'])
    process.kill(await started(child), 'SIGKILL')
    expect(await exit).toBe('SIGKILL')
    await state('killed', 'free')
  })

  it('ends the command when the script itself is killed, and keeps the lock until then', async () => {
    const file = path.join(tempFolder(), 'go')
    const ended = `echo asked; while [ ! -e ${file} ]; do sleep 0.05; done; exit`
    const work = `trap "${ended}" TERM; echo ready; while :; do sleep 0.1; done`
    const { child, stdout } = run(['orphan', '--', 'sh', '-c', work])
    await until('it runs', () => stdout() === 'ready\n')
    child.kill('SIGKILL')
    await until('it is asked to end', () => stdout() === 'ready\nasked\n')
    expect((await ask('GET', 'orphan')).state).toBe('held')
    writeFileSync(file, '')
    await state('orphan', 'free')
  })

  it('returns when the lock is free', async () => {
    for (let i = 0; i < 5; i++) {
      expect(await run(['returns', '--', 'true']).exit).toBe(0)
      expect((await ask('GET', 'returns')).state).toBe('free')
    }
    const leaves = ['returns', '--', 'sh', '-c', 'sleep 1 & echo left']
    const { exit, stdout } = run(leaves)
    await until('it left one behind', () => stdout() === 'left\n')
    expect((await ask('GET', 'returns')).state).toBe('held')
    expect(await exit).toBe(0)
    expect((await ask('GET', 'returns')).state).toBe('free')
  })

  it('reports a missing command as the shell does', async () => {
    expect(await run(['no-command', '--', './is-not-there']).exit).toBe(127)
    await state('no-command', 'free')
  })

  it('ends the command when the lock is lost, also one that ignores TERM', async () => {
    const soft = run(['lost', '--', 'sleep', '600'])
    await started(soft.child)
    await ask('POST', 'lost/revoke', { reason: 'test', force: true })
    expect(await soft.exit).toBe('SIGTERM')
    expect(soft.stderr()).toContain('the lock is lost (revoked)')

    const deaf = 'trap "" TERM; echo deaf; while :; do sleep 0.1; done'
    const hard = run(['-g', '1', 'lost', '--', 'sh', '-c', deaf])
    await until('it runs', () => hard.stdout() === 'deaf\n')
    await ask('POST', 'lost/revoke', { reason: 'test', force: true })
    expect(await hard.exit).toBe('SIGKILL')
  })

  it('ends the command when the holder is asked to give way', async () => {
    const polite = 'trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.1; done'
    const { exit, stdout, stderr } = run(['ask', '--', 'sh', '-c', polite])
    await until('it runs', () => stdout() === 'ready\n')
    await ask('POST', 'ask/revoke', { reason: 'maintenance' })
    expect(await exit).toBe(3)
    expect(stderr()).toContain('asked to give way: maintenance')
    await state('ask', 'free')
  })

  it('continues at the next instance when its own shuts down', async () => {
    const port = await freePort()
    const first = await serve(port)
    const { child, exit, stdout } = run(['-t', '60', 'moves', '--', 'sh', '-c', 'read x; echo $x'])
    await state('moves', 'held')
    const fence = (await ask('GET', 'moves')).holders
    first.child.kill('SIGTERM')
    await first.exit
    await serve(port)
    await until('the next instance has it', async () => {
      const response = await fetch(`${url}/metrics`)
      return /lockstep_locks_streams\{kind="hold"\} 1/.test(await response.text())
    })
    expect((await ask('GET', 'moves')).holders[0]).toMatchObject({
      owner: fence[0]?.owner,
    })
    child.stdin?.end('done\n')
    expect(await exit).toBe(0)
    expect(stdout()).toBe('done\n')
    await state('moves', 'free')
  })

  it('ends the command in time when no instance answers any more', async () => {
    const port = await freePort()
    const service = await serve(port)
    const { child, exit, stderr } = run(['-t', '5', 'alone', '--', 'sleep', '600'])
    await started(child)
    service.signalGroup('SIGKILL')
    await service.exit
    expect(await exit).toBe('SIGTERM')
    expect(stderr()).toContain('no renewal was answered in time')
  })

  it('trusts the answers to its renewals, not the pings of the stream', async () => {
    const { child, exit, stderr } = run(['-t', '5', 'deaf', '--', 'sleep', '600'], {
      LOCKSTEP_URL: await startPath((path) => !path.endsWith('/renew')),
    })
    await started(child)
    // The service keeps renewing the lease for the stream and sends pings.
    expect(await exit).toBe('SIGTERM')
    expect(stderr()).toContain('no renewal was answered in time')
  })

  it('counts the lease from before the request, not from its answer', async () => {
    const service = await serve(await freePort())
    const late = await startLatePath(Number(new URL(url).port), 8_000)
    const { exit } = run(['-t', '10', 'late', '--', 'sleep', '600'], { LOCKSTEP_URL: late })
    const ended = exit.then(() => performance.now())
    await state('late', 'held')
    service.signalGroup('SIGKILL')
    await service.exit
    const granted = await harness
      .request('post', '/v1/locks/late/acquire')
      .send({ waitMs: 60_000 })
      .expect(200)
      .then(() => performance.now())
    // Counted from the late answer, the command would run 7 s beside the next holder.
    expect((await ended) - granted).toBeLessThan(4_000)
  })

  it('shows no secret in the list of processes', async () => {
    const { child, exit } = run(['secret', '--', 'sleep', '600'], { LOCKSTEP_TOKEN: 'top-secret' })
    await started(child)
    const commands = await listProcesses()
    expect(commands).toContain('curl --config')
    expect(commands).not.toContain('top-secret')
    child.kill()
    await exit
  })
})

/** Waits for the `sleep` that the script runs, and returns its pid. */
const started = ({ pid }: ChildProcess): Promise<number> =>
  until('it runs', () =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .map(Number)
      .find(
        (child) => child > 0 && readFileSync(`/proc/${child}/cmdline`, 'utf8').startsWith('sleep'),
      ),
  )

async function listProcesses(): Promise<string> {
  const ps = spawn('ps', ['-eo', 'args'])
  let text = ''
  for await (const chunk of ps.stdout) text += chunk
  return text
}
