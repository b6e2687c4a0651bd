import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ServerBinary } from './server-binary.js'

const SUPERVISOR = fileURLToPath(new URL('./managed.sh', import.meta.url))

/** How long Redis may write its last data before it is killed. */
const STOP_BOUND_S = 20

export interface ManagedProcess {
  /** The pid of Redis itself. */
  readonly pid: number
  /** Resolves when Redis and its supervisor have ended, with the reason for a log line. */
  readonly ended: Promise<string>
  /** Asks Redis to write its data and end; await `ended`. */
  stop(): void
}

export interface ProcessFiles {
  readonly binary: ServerBinary
  /** Removed by the supervisor when the service has ended. */
  readonly runFolder: string
  readonly conf: string
  readonly logFd: number
  /** Inherited by Redis, so that its data folder stays locked while it lives. */
  readonly lockFd?: number | undefined
}

/** Starts one Redis under its supervisor (managed.sh). Resolves when its pid is known, not when it answers. */
export async function spawnManaged(files: ProcessFiles): Promise<ManagedProcess> {
  const { binary, runFolder, conf, logFd, lockFd } = files
  const library = binary.libraries === undefined ? [] : [`LD_LIBRARY_PATH=${binary.libraries}`]
  const supervisor = spawn(
    'sh',
    [SUPERVISOR, runFolder, String(STOP_BOUND_S), 'env', ...library, binary.path, conf],
    {
      detached: true,
      stdio: ['pipe', 'pipe', logFd, ...(lockFd === undefined ? [] : [lockFd])],
    },
  )
  const ended = endOf(supervisor)
  const pid = await Promise.race([firstLine(supervisor), ended.then(() => '')])
  return { pid: Number(pid), ended, stop: () => supervisor.stdin?.end() }
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = await once(child.stdout!, 'data')
  return String(chunk).trim()
}

async function endOf(child: ChildProcess): Promise<string> {
  // Writing to a closed pipe raises EPIPE; the exit code says why it closed.
  child.stdin?.on('error', () => {})
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once('exit', (...end) => resolve(end))
    child.once('error', (error) => resolve([null, error.message]))
  })
  killGroup(child.pid)
  if (signal !== null) return signal
  return code !== null && code > 128 ? `signal ${code - 128}` : `exit code ${code}`
}

/** A supervisor that was killed leaves Redis running, with nothing to end it. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // No process is left in the group: the usual case.
  }
}
