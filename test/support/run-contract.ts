import type { ChildProcess } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { expect, inject, it, onTestFinished } from 'vitest'
import { freePort } from './free-port.js'
import type { Harness } from './harness.js'
import { type Run, runProgram } from './lock-run.js'
import { type Service, startService } from './service.js'
import { tempFolder } from './temp-folder.js'
import { until } from './until.js'

/** A program that runs a command under a lock: `deploy/lock-run.sh`, or `lockstep run`. */
export interface RunsUnderLock {
  /** The program, and its first arguments. */
  readonly command: readonly [string, ...string[]]
  /** How its lines on stderr begin. */
  readonly says: string
}

type Answer = Record<string, unknown> & { holders: { owner: string; fence: number }[] }

/** What the cases of such a program share. */
export function underLock(harness: Harness, { command: [file, ...first], says }: RunsUnderLock) {
  let served: string | undefined
  const url = () =>
    served ?? `http://127.0.0.1:${(harness.app.server.address() as AddressInfo).port}`
  const runWith = (
    program: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Run =>
    runProgram(program, args, {
      LOCKSTEP_URL: url(),
      LOCKSTEP_NAMESPACE: harness.namespace,
      ...environment,
    })
  const ask = async (method: string, rest: string, body?: object) => {
    const response = await fetch(`${url()}/v1/locks/${rest}`, {
      method,
      headers: { 'lockstep-namespace': harness.namespace, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    return (await response.json()) as Answer
  }
  return {
    harness,
    says,
    url,
    runWith,
    run: (args: readonly string[], environment?: Readonly<Record<string, string>>) =>
      runWith(file, [...first, ...args], environment),
    ask,
    state: (name: string, wanted: string) =>
      until(`"${name}" is ${wanted}`, async () => (await ask('GET', name)).state === wanted),
    /** The built service, as a process that can shut down and be killed. */
    serve: async (port: number): Promise<Service> => {
      const service = await startService({
        LOCKSTEP_REDIS_URL: inject('redisUrl'),
        LOCKSTEP_PORT: String(port),
      })
      served = await service.ready()
      onTestFinished(() => {
        served = undefined
      })
      return service
    },
    startPath: (lets: Lets) => startPath(url(), lets),
  }
}

/** What holds for every program that runs a command under a lock. */
export function itRunsUnderLock(tools: ReturnType<typeof underLock>): void {
  const { harness, says, url, run, ask, state, serve, startPath } = tools

  it('says that the lock is taken, and does not run', async () => {
    await ask('POST', 'taken/acquire', { owner: 'a "b"' })
    const refused = run(['taken', '--', 'echo', 'ran'])
    expect(await refused.exit).toBe(75)
    expect(refused.stdout()).toBe('')
    expect(refused.stderr()).toBe(`${says}: Lock is held: "taken" is held. It is held by a "b".\n`)
  })

  it('waits in the queue, and never runs two commands at once', async () => {
    const file = path.join(tempFolder(), 'log')
    const work = `echo in >>${file}; sleep 0.2; echo out >>${file}`
    const runs = Array.from({ length: 4 }, () => run(['-w', '240', 'line', '--', 'sh', '-c', work]))
    expect(await Promise.all(runs.map(({ exit }) => exit))).toEqual([0, 0, 0, 0])
    expect(readFileSync(file, 'utf8')).toBe('in\nout\n'.repeat(4))
  })

  it('says that no service answers, or another one', async () => {
    const alone = run(['x', '--', 'echo', 'ran'], { LOCKSTEP_URL: 'http://127.0.0.1:1' })
    expect(await alone.exit).toBe(69)
    expect(alone.stdout()).toBe('')
    expect(alone.stderr()).toContain('no answer from http://127.0.0.1:1')

    const other = http.createServer((_, response) => response.end('Hello.'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const LOCKSTEP_URL = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    const foreign = run(['x', '--', 'echo', 'ran'], { LOCKSTEP_URL })
    expect(await foreign.exit).toBe(69)
    expect(foreign.stdout()).toBe('')
    expect(foreign.stderr()).toContain(`${LOCKSTEP_URL} answered 200, and is no Lockstep`)
  })

  it('says why the service refuses the request, with code 64', async () => {
    const name = run(['x'.repeat(513), '--', 'true'])
    expect(await name.exit).toBe(64)
    expect(name.stderr()).toContain('must be 1 to 512 bytes of UTF-8')
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

  it('ends the command when the program itself is killed, and keeps the lock until then', async () => {
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
    const go = path.join(tempFolder(), 'go')
    const leaves = `while [ ! -e ${go} ]; do sleep 0.05; done & echo left`
    const { exit, stdout } = run(['returns', '--', 'sh', '-c', leaves])
    await until('it left one behind', () => stdout() === 'left\n')
    expect((await ask('GET', 'returns')).state).toBe('held')
    writeFileSync(go, '')
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
      const response = await fetch(`${url()}/metrics`)
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
    const { child, exit, stderr } = run(['-t', '10', 'alone', '--', 'sleep', '600'])
    await started(child)
    service.signalGroup('SIGKILL')
    await service.exit
    expect(await exit).toBe('SIGTERM')
    expect(stderr()).toMatch(/lost \(no renewal (was answered )?in time\)/)
  })

  it('trusts the answers to its renewals, not the pings of the stream', async () => {
    const { child, exit, stderr } = run(['-t', '10', 'deaf', '--', 'sleep', '600'], {
      LOCKSTEP_URL: await startPath((path) => !path.endsWith('/renew')),
    })
    await started(child)
    // The service keeps renewing the lease for the stream and sends pings.
    expect(await exit).toBe('SIGTERM')
    expect(stderr()).toMatch(/lost \(no renewal (was answered )?in time\)/)
  })

  it('counts the lease from before the request, not from its answer', async () => {
    const service = await serve(await freePort())
    const late = await startLatePath(Number(new URL(url()).port), 16_000)
    const { exit } = run(['-t', '20', '-g', '0', 'late', '--', 'sleep', '600'], {
      LOCKSTEP_URL: late,
    })
    const ended = exit.then(() => performance.now())
    await state('late', 'held')
    service.signalGroup('SIGKILL')
    await service.exit
    const granted = await harness
      .request('post', '/v1/locks/late/acquire')
      .send({ waitMs: 60_000 })
      .expect(200)
      .then(() => performance.now())
    // Counted from the late answer, the command would run 15 s beside the next holder.
    expect((await ended) - granted).toBeLessThan(10_000)
  })
}

type Lets = (path: string, response: http.ServerResponse) => boolean

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
async function startPath(url: string, lets: Lets): Promise<string> {
  const server = http.createServer((request, response) => {
    if (!lets(request.url ?? '', response)) return
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

/** Waits for the `sleep 600` below this process, and returns its pid. */
export const started = ({ pid }: ChildProcess): Promise<number> =>
  until('it runs', () =>
    below(pid as number).find((child) => {
      const [program, seconds] = readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0')
      return program === 'sleep' && seconds === '600'
    }),
  )

const below = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
    .flatMap((child) => [Number(child), ...below(Number(child))])
