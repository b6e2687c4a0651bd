import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { WAIT_MS } from '../support/bounds.js'
import { isAlive, processesNaming } from '../support/processes.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'

const SCRIPT = path.resolve(import.meta.dirname, '../../src/redis/managed.sh')

interface Supervised {
  readonly child: ChildProcess
  readonly folder: string
  readonly output: () => string
  readonly exit: Promise<number | null>
  /** The pid of the command. */
  pid(): Promise<number>
}

/** Starts the supervisor with the given command. */
function supervise(command: string, { boundS = WAIT_MS / 1_000 } = {}): Supervised {
  const folder = path.join(tempFolder(), 'run')
  mkdirSync(folder)
  const child = spawn('sh', [SCRIPT, folder, String(boundS), 'sh', '-c', command, folder], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'en_US.UTF-8' },
  })
  onTestFinished(() => {
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL')
  })
  let printed = ''
  let words = ''
  child.stdout.on('data', (chunk) => (printed += chunk))
  child.stderr.on('data', (chunk) => (words += chunk))
  return {
    child,
    folder,
    output: () => words,
    // At `exit` the last output may still be in the pipes.
    exit: new Promise((resolve) => child.once('close', resolve)),
    pid: () => until('a pid', () => Number(/^(\d+)\n/.exec(printed)?.[1])),
  }
}

const gone = (folder: string) =>
  until('no process is left', () => processesNaming(folder).length === 0)

it('ends as its command ends, and frees the folder for the next start', async () => {
  const { exit, folder } = supervise('exit 7')
  expect(await exit).toBe(7)
  expect(existsSync(folder)).toBe(true)
  await gone(folder)
})

it('says which signal ended its command', async () => {
  const { exit } = supervise('kill -KILL $$')
  expect(await exit).toBe(128 + 9)
})

it('asks the command to end when its pipe ends, and cleans up', async () => {
  const { child, exit, folder, output, pid } = supervise(
    'trap "echo told; exit 3" TERM; echo up; while :; do sleep 0.05; done',
  )
  await until('it runs', () => output().includes('up'))
  expect(output()).toContain('up')
  expect(isAlive(await pid())).toBe(true)
  child.stdin!.end()
  expect(await exit).toBe(3)
  expect(output()).toContain('told')
  expect(existsSync(folder)).toBe(false)
  await gone(folder)
})

it('asks the command to end although its folder was deleted', async () => {
  const { child, exit, folder, output } = supervise(
    'trap "exit 3" TERM; echo up; while :; do sleep 0.05; done',
  )
  await until('it runs', () => output().includes('up'))
  rmSync(folder, { recursive: true })
  child.stdin!.end()
  expect(await exit).toBe(3)
  await gone(folder)
})

it('kills a command that does not end within its bound', async () => {
  const { child, exit, folder, output } = supervise(
    'trap "" TERM; echo up; while :; do sleep 0.05; done',
    { boundS: 1 },
  )
  await until('it runs', () => output().includes('up'))
  child.stdin!.end()
  expect(await exit).toBe(128 + 9)
  await gone(folder)
})

it('survives the signals of a terminal while its pipe is open', async () => {
  const { child, folder, output, pid } = supervise(
    'trap "echo alive" USR1; trap "echo TERM; exit" TERM; echo up; while :; do sleep 0.05; done',
  )
  await until('it runs', () => output().includes('up'))
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) child.kill(signal)
  // The command still handles its own signal, so those did not end it.
  process.kill(await pid(), 'SIGUSR1')
  await until('an answer', () => output().includes('alive'))
  expect(isAlive(child.pid!)).toBe(true)
  expect(output()).not.toContain('TERM')
  child.stdin!.end()
  await gone(folder)
})

it('gives its command the plain locale, not that of the user', async () => {
  const { exit, output } = supervise('echo "locale $LC_ALL"')
  await exit
  expect(output()).toContain('locale C\n')
})

it('makes files that only their user can read', async () => {
  const { exit, output } = supervise('umask')
  await exit
  expect(output()).toMatch(/0?077\n/)
})
