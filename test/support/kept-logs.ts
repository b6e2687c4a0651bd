import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs'
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
  for (const [i, text] of redisLogs().entries()) {
    writeFileSync(path.join(folder, `redis-${i + 1}.log`), text)
  }
  return folder
}

/** The names that are numbers: processes, or open files. */
const numbersIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

/** Whether this process or a child of it started the process, or it is the Redis of the run. */
function isOurs(pid: number): boolean {
  if (parentOf(parentOf(pid)) === process.ppid) return true
  for (let at = pid; at > 1; at = parentOf(at)) if (at === process.pid) return true
  return false
}

function redisLogs(): string[] {
  const ofRunning = numbersIn('/proc')
    .filter(isOurs)
    .map((pid) => path.join(linkOf(`/proc/${pid}/cwd`), 'redis.log'))
  // A Redis that was killed is not among them; this process has the logs of those that it started open.
  const ofThis = numbersIn('/proc/self/fd')
    .map((fd) => linkOf(`/proc/self/fd/${fd}`))
    .filter((file) => path.basename(file) === 'redis.log')
  const files = [...new Set([...ofRunning, ...ofThis])]
  return files.filter((file) => existsSync(file)).map((file) => readFileSync(file, 'utf8'))
}

/** Empty where it ended meanwhile. */
function linkOf(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return ''
  }
}
