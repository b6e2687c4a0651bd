import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { WAIT_MS } from './bounds.js'
import { ensureBuilt } from './built.js'
import { keepLog } from './kept-logs.js'
import { find } from './managed.js'
import { tempFolder } from './temp-folder.js'
import { bareEnvironment } from './unprivileged.js'
import { until } from './until.js'

const PROJECT = path.resolve(import.meta.dirname, '../..')

export interface Service {
  readonly child: ChildProcess
  /** TMPDIR of this service: the command lines of all its processes contain it. */
  readonly temp: string
  readonly exit: Promise<number | null>
  stdout(): string
  stderr(): string
  /** Resolves with the address in the banner when the service listens. */
  url(): Promise<string>
  /** The same, when the service is also connected to Redis. */
  ready(): Promise<string>
  /** The pid of its managed Redis. */
  redisPid(): number
  /** Signals the whole foreground group, as Ctrl-C in a terminal does. */
  signalGroup(signal: NodeJS.Signals): void
}

/** Starts the built service on a free port, in its own process group. */
export async function startService(
  environment: Readonly<Record<string, string>> = {},
): Promise<Service> {
  const program = path.join(await ensureBuilt(), 'main.js')
  const temp = tempFolder()
  const dataFolder = environment.LOCKSTEP_DATA_DIR ?? tempFolder()
  const child = spawn(process.execPath, [program], {
    cwd: PROJECT,
    detached: true,
    env: {
      ...bareEnvironment,
      TMPDIR: temp,
      LOCKSTEP_PORT: '0',
      LOCKSTEP_DATA_DIR: dataFolder,
      LOCKSTEP_REDIS_FIND: find ?? '',
      // A busy machine may delay any answer.
      LOCKSTEP_REDIS_TIMEOUT_MS: `${WAIT_MS}`,
      LOCKSTEP_CACHE_READ_TIMEOUT_MS: `${WAIT_MS}`,
      LOCKSTEP_RATELIMIT_TIMEOUT_MS: `${WAIT_MS}`,
      LOCKSTEP_OVERLOAD_DELAY_MS: `${WAIT_MS}`,
      ...environment,
    },
  })
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exit
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  keepLog(() => stdout + stderr)
  const url = () => until('the banner', () => /listens on (http\S+)/.exec(stdout)?.[1])
  return {
    child,
    temp,
    exit,
    stdout: () => stdout,
    stderr: () => stderr,
    url,
    async ready() {
      const address = await url()
      await until('it is ready', async () => (await fetch(`${address}/readyz`)).ok)
      return address
    },
    redisPid: () => Number(readFileSync(path.join(dataFolder, 'lock'), 'utf8').split('\n')[1]),
    signalGroup: (signal) => process.kill(-child.pid!, signal),
  }
}

/** POST without a body, as curl -X POST does. */
export async function post(url: string): Promise<{ status: number; body: Answer }> {
  const response = await fetch(url, { method: 'POST', signal: AbortSignal.timeout(WAIT_MS) })
  return { status: response.status, body: (await response.json()) as Answer }
}

type Answer = Readonly<Record<string, unknown>>
