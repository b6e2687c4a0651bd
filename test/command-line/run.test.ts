import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ensureCli } from '../support/cli.js'
import { useHarness } from '../support/harness.js'
import { itRunsOncePerPeriod } from '../support/once-per-contract.js'
import { itRunsUnderLock, underLock } from '../support/run-contract.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'

/** Kills a process when it has started another one. */
const KILLED_BY_SPAWN = `
import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'

const { spawn } = childProcess
childProcess.spawn = (...all) => {
  spawn(...all)
  process.kill(process.pid, 'SIGKILL')
}
syncBuiltinESMExports()
`

/** The process that holds the lock for this one. */
const holderOf = ({ pid }: ChildProcess): number =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
    .map(Number)
    .find((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('--holder')) as number

const program = {
  command: [process.execPath, await ensureCli(), 'run'],
  says: 'lockstep',
} as const

describe('lockstep run', () => {
  const tools = underLock(useHarness(), program)
  const { run, ask, state, startPath } = tools

  itRunsUnderLock(tools)

  it('runs a command under the lock, as if it were the command', async () => {
    const name = 'a name/with "quotes", ünd more'
    const script = 'read line; echo "$line $1 $LOCKSTEP_FENCE"; exit 7'
    const work = ['sh', '-c', script, 'sh', '--json']
    const { child, exit, stdout, stderr } = run([name, '--', ...work])
    await state(encodeURIComponent(name), 'held')
    const [holder] = (await ask('GET', encodeURIComponent(name))).holders
    expect(holder?.owner).toContain(String(child.pid))
    child.stdin?.end('from-stdin\n')
    expect(await exit).toBe(7)
    expect(stdout()).toBe(`from-stdin --json ${holder?.fence}\n`)
    expect(stderr()).toBe('')
    await state(encodeURIComponent(name), 'free')
  })

  it.each([
    [[], "missing required argument 'name'"],
    [['x', '--'], "missing required argument 'command'"],
    [['', '--', 'true'], 'the name of the lock is missing'],
    [['x', 'true', 'a'], 'after the name comes --'],
    [['x', 'x', '--', 'true'], 'after the name comes --'],
    [['-w', 'y', 'x', '--', 'true'], 'Write seconds, or a number with ms, s, m, h or d.'],
    [['-t', '4', 'x', '--', 'true'], 'It is from 5s to 86400s.'],
    [['--once', 'x', '--', 'true'], "unknown option '--once'"],
    [['--once-per', '0', 'x', '--', 'true'], 'It is from 1s to 86400s.'],
    [['--once-per', '60', '-w', '1', 'x', '--', 'true'], 'cannot be used with'],
    [['-q', 'x', '--', 'true'], '--quiet is for --once-per'],
    [['--url', 'ftp://x', 'x', '--', 'true'], 'is not like http://HOST:PORT'],
  ])('says what is wrong with its arguments: %j', async (args, fault) => {
    const wrong = run(args)
    expect(await wrong.exit).toBe(64)
    expect(wrong.stderr()).toMatch(/^lockstep: /)
    expect(wrong.stderr()).toContain(fault)
    expect(wrong.stdout()).toBe('')
  })

  it.each([[['run', '--', 'echo', 'ran']], [['-w', '60', '60', '--', 'echo', 'ran']]])(
    'takes the name of an option or a command for a name: %j',
    async (args) => {
      const { exit, stdout } = run(args)
      expect(await exit).toBe(0)
      expect(stdout()).toBe('ran\n')
    },
  )

  it('ends by a signal to its group before it can listen', async () => {
    const [file, ...first] = program.command
    const child = spawn(file, [...first, 'early', '--', 'sleep', '600'], {
      detached: true,
      stdio: 'ignore',
      env: {
        ...process.env,
        LOCKSTEP_URL: tools.url(),
        LOCKSTEP_NAMESPACE: tools.harness.namespace,
      },
    })
    const exit = new Promise((resolve) =>
      child.once('close', (code, signal) => resolve(signal ?? code)),
    )
    await until('its holder begins', () =>
      readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'),
    )
    process.kill(-(child.pid as number), 'SIGINT')
    expect(await exit).toBe('SIGINT')
  })

  it('ends what the command started as well', async () => {
    const work = 'trap "" TERM; sleep 600 & echo $!; wait; wait'
    const { exit, stdout } = run(['-g', '1', 'family', '--', 'sh', '-c', work])
    const grandchild = await until('it runs', () => Number(stdout()))
    await ask('POST', 'family/revoke', { reason: 'test', force: true })
    expect(await exit).toBe('SIGKILL')
    await until('it has ended', () => !existsSync(`/proc/${grandchild}`))
  })

  it('ends the command when the process that holds the lock is killed', async () => {
    const { child, exit, stdout, stderr } = run([
      'holderless',
      '--',
      'sh',
      '-c',
      'echo $$; sleep 600',
    ])
    const command = await until('it runs', () => Number(stdout()))
    process.kill(holderOf(child), 'SIGKILL')
    expect(await exit).toBe(70)
    expect(stderr()).toContain('the process that held the lock has died')
    await until('the command has ended', () => !existsSync(`/proc/${command}`))
  })

  it('ends a command whose starter is killed as soon as it has begun, and keeps the lock until then', async () => {
    const folder = tempFolder()
    const [hook, go] = [path.join(folder, 'hook.mjs'), path.join(folder, 'go')] as const
    writeFileSync(hook, KILLED_BY_SPAWN)
    const ended = `echo asked; while [ ! -e ${go} ]; do sleep 0.05; done; exit`
    const work = `trap "${ended}" TERM; echo runs; while :; do sleep 0.1; done`
    const { stdout } = run(['begun', '--', 'sh', '-c', work], { NODE_OPTIONS: `--import ${hook}` })
    await until('it is asked to end', () => stdout() === 'runs\nasked\n')
    const next = ask('POST', 'begun/acquire', { waitMs: 240_000 })
    await until('the next one waits', async () => (await ask('GET', 'begun')).queueLength === 1)
    writeFileSync(go, '')
    expect(await next).toMatchObject({ name: 'begun' })
  })

  it('does not begin by a grant that is older than the lease', async () => {
    const { token } = await ask('POST', 'stopped/acquire', { ttlMs: 600_000 })
    const waiting = run(['-w', '240', '-t', '5', 'stopped', '--', 'echo', 'ran'])
    await until('it waits', async () => (await ask('GET', 'stopped')).queueLength === 1)
    const processes = [waiting.child.pid as number, holderOf(waiting.child)] as const
    process.kill(processes[0], 'SIGSTOP')
    await ask('POST', 'stopped/release', { token })
    await state('stopped', 'held')
    await until('it has it', async () => (await ask('GET', 'stopped')).queueLength === 0)
    process.kill(processes[1], 'SIGSTOP')
    await ask('POST', 'stopped/revoke', { reason: 'test', force: true })
    // As long as the lease was.
    await ask('POST', 'stopped/acquire', { ttlMs: 5_000 })
    await state('stopped', 'free')
    for (const pid of processes) process.kill(pid, 'SIGCONT')
    expect(await waiting.exit).toBe(69)
    expect(waiting.stdout()).toBe('')
    expect(waiting.stderr()).toMatch(/the lock was lost before the command began|Too late/)
  })

  it('kills a command that ignores TERM before the lease can end, however long it is given', async () => {
    const deaf = 'trap "" TERM; echo deaf; while :; do sleep 0.1; done'
    const LOCKSTEP_URL = await startPath((path) => !path.endsWith('/renew'))
    const args = ['-t', '10', '-g', '1d', 'deaf', '--', 'sh', '-c', deaf]
    const { exit, stderr } = run(args, { LOCKSTEP_URL })
    expect(await exit).toBe('SIGKILL')
    expect(stderr()).toContain('the lock is lost (no renewal in time)')
  })

  it('keeps the lock when no one reads its remarks', async () => {
    const polite =
      'exec 2>/dev/null; trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.1; done'
    const { child, exit, stdout } = run(['mute', '--', 'sh', '-c', polite])
    await until('it runs', () => stdout() === 'ready\n')
    child.stderr?.destroy()
    await ask('POST', 'mute/revoke', { reason: 'maintenance' })
    expect(await exit).toBe(3)
    expect(stdout()).toBe('ready\nbye\n')
  })

  it('gives its place in the queue up when it is told to end', async () => {
    await ask('POST', 'busy/acquire', {})
    const waiting = run(['-w', '240', 'busy', '--', 'echo', 'ran'])
    await until('it waits', async () => (await ask('GET', 'busy')).queueLength === 1)
    waiting.child.kill('SIGTERM')
    expect(await waiting.exit).toBe('SIGTERM')
    await until('its place is free', async () => (await ask('GET', 'busy')).queueLength === 0)
    expect(waiting.stdout()).toBe('')
  })
})

describe('lockstep run --once-per', () => {
  itRunsOncePerPeriod(program)
})
