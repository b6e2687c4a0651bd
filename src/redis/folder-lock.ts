import { spawn } from 'node:child_process'
import { closeSync, ftruncateSync, readFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ManagedRedisError } from './managed-error.js'
import { openToAppend } from './managed-folders.js'

const RETRY_MS = 200
const NO_FLOCK =
  'The Redis that Lockstep starts by itself needs the command flock (package util-linux). Install it, or give the URL of a running Redis in LOCKSTEP_REDIS_URL.'

export interface FolderLock {
  /** A child that inherits it keeps the folder locked while it lives. */
  readonly fd: number
  /** Records the processes that use the folder, for the message of the next one. */
  note(pids: readonly number[]): void
  /** Idempotent. The lock itself ends with the last process that inherited `fd`. */
  release(): void
}

/**
 * Locks a data folder with flock(2): two Redis servers would overwrite each other's data. The kernel
 * drops the lock when its last holder dies. A pid file alone would block the next start after a power
 * cut, or trust a reused pid. Node has no flock; flock(1) locks the file that it inherits.
 * @param waitMs how long to retry: a service that shuts down needs a moment
 * @throws ManagedRedisError naming the process that uses the folder
 */
export async function lockFolder(
  folder: string,
  waitMs: number,
  log: (message: string) => void,
): Promise<FolderLock> {
  const file = `${folder}/lock`
  const fd = openToAppend(folder, file)
  const began = performance.now()
  try {
    for (let attempt = 0; !(await tryLock(fd)); attempt++) {
      const inUse = `The data folder ${folder} is in use by ${userOf(file)}`
      if (performance.now() - began >= waitMs) {
        throw new ManagedRedisError(
          `${inUse}. Stop that one, or give this one a folder of its own with LOCKSTEP_DATA_DIR.`,
        )
      }
      if (attempt === 0) log(`${inUse}; waiting ${waitMs / 1_000} s for it.`)
      await sleep(RETRY_MS)
    }
  } catch (error) {
    closeSync(fd)
    throw error
  }
  let open = true
  return {
    fd,
    note(pids) {
      ftruncateSync(fd)
      writeSync(fd, `${pids.join('\n')}\n`)
    },
    release() {
      if (open) closeSync(fd)
      open = false
    },
  }
}

function tryLock(fd: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const flock = spawn('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
    flock.once('error', () => reject(new ManagedRedisError(NO_FLOCK)))
    flock.once('exit', (code) => resolve(code === 0))
  })
}

/** The first recorded process that still runs; its command line rules out a reused pid. */
function userOf(file: string): string {
  const pids = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  for (const pid of pids) {
    const command = commandLine(pid)
    if (/node|redis|valkey/.test(command)) return `process ${pid} (${command})`
  }
  return 'another process'
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim()
  } catch {
    return ''
  }
}
