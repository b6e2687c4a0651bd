import { spawn } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ManagedRedisError } from './managed-error.js'
import { unwritable } from './managed-folders.js'

const RETRY_MS = 200

export interface FolderLock {
  /** Hand this to a child and the folder stays locked until that child is gone as well. */
  readonly fd: number
  /** Writes down who uses the folder, for whoever finds it locked. */
  note(pids: readonly number[]): void
  /** Idempotent. The lock itself ends with the last process that inherited `fd`. */
  release(): void
}

/**
 * Two Redis servers on one data folder would each overwrite what the other wrote, so the folder is
 * locked with flock(2). The kernel drops the lock when its last holder dies, however it died: a
 * pid file alone would block the next start after a power cut, or trust a pid used again.
 * Node has no flock of its own; flock(1) locks the open file this process shares with it.
 *
 * @param waitMs how long a locked folder is tried again: a service that is just shutting down
 *   needs a moment.
 * @throws ManagedRedisError naming the process that uses the folder.
 */
export async function lockFolder(
  folder: string,
  waitMs: number,
  log: (message: string) => void,
): Promise<FolderLock> {
  const file = `${folder}/lock`
  const fd = openLock(folder, file)
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
  return held(fd)
}

function openLock(folder: string, file: string): number {
  try {
    return openSync(file, 'a+', 0o600)
  } catch (error) {
    throw unwritable(folder, error)
  }
}

function held(fd: number): FolderLock {
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
    flock.once('error', () =>
      reject(
        new ManagedRedisError(
          'The Redis that Lockstep starts by itself needs the command flock (package util-linux). Install it, or give the URL of a running Redis in LOCKSTEP_REDIS_URL.',
        ),
      ),
    )
    flock.once('exit', (code) => resolve(code === 0))
  })
}

/** The first of the noted pids that still lives; its command line tells it from a pid used again. */
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
