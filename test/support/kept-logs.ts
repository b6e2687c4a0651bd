import { mkdtempSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parentOf } from './processes.js'

/** The logs of the services of this test file, read when a test of it fails. */
const services: (() => string)[] = []

export function keepLog(read: () => string): void {
  services.push(read)
}

export function forgetLogs(): void {
  services.length = 0
}

/**
 * Writes the logs of this file's services, of every Redis that this process started, and of the
 * Redis of the run.
 * @returns the folder
 */
export function writeLogs(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-failed-'))
  for (const [i, read] of services.entries()) {
    writeFileSync(path.join(folder, `service-${i + 1}.log`), read())
  }
  for (const pid of pidsOf('/proc').filter(isOurs)) {
    const text = redisLog(pid)
    if (text !== undefined) writeFileSync(path.join(folder, `redis-${pid}.log`), text)
  }
  return folder
}

const pidsOf = (folder: string) =>
  readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

/** Whether this process or a child of it started the process, or it is the Redis of the run. */
function isOurs(pid: number): boolean {
  if (parentOf(parentOf(pid)) === process.ppid) return true
  for (let at = pid; at > 1; at = parentOf(at)) if (at === process.pid) return true
  return false
}

/** A Redis runs in the folder of its log. */
function redisLog(pid: number): string | undefined {
  try {
    return readFileSync(path.join(readlinkSync(`/proc/${pid}/cwd`), 'redis.log'), 'utf8')
  } catch {
    return undefined
  }
}
