import {
  accessSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ManagedRedisError } from './managed-error.js'

/** sun_path holds 108 bytes with its closing zero; Redis refuses a longer path. */
const SOCKET_PATH_BYTES = 107
const LOG_BYTES = 1024 * 1024

export function socketIn(runFolder: string): string {
  return path.join(runFolder, 'redis.sock')
}

/**
 * Makes the folder of the socket, which only this user may enter: the socket gives access to all
 * locks. Falls back to /tmp if TMPDIR is too long.
 */
export function makeRunFolder(folders: readonly string[] = [tmpdir(), '/tmp']): string {
  for (const folder of folders) {
    const prefix = path.join(folder, 'lockstep-')
    if (Buffer.byteLength(socketIn(`${prefix}XXXXXX`)) > SOCKET_PATH_BYTES) continue
    try {
      return mkdtempSync(prefix)
    } catch {
      // It does not exist or is not writable: try the next one.
    }
  }
  throw new ManagedRedisError(
    `No place for the socket of Redis: neither of ${folders.join(', ')} is writable and short enough. Set TMPDIR to a folder that is.`,
  )
}

const WRITABLE_BY_OTHERS = 0o022

/** @throws ManagedRedisError if the folder cannot be made or written to */
export function makeDataFolder(folder: string, log: (message: string) => void): string {
  const absolute = path.resolve(folder)
  try {
    mkdirSync(absolute, { recursive: true, mode: 0o700 })
    accessSync(absolute, constants.W_OK | constants.X_OK)
    // Its mode stays: others may need the folder.
    if (statSync(absolute).mode & WRITABLE_BY_OTHERS) {
      log(`Other users may replace the data in ${absolute}: make it yours alone (chmod 700).`)
    }
    return absolute
  } catch (error) {
    throw unwritable(absolute, error)
  }
}

/** Opens the log of Redis; a long one is emptied. */
export function openLog(folder: string): { file: string; fd: number } {
  const file = path.join(folder, 'redis.log')
  const fd = openToAppend(folder, file)
  if (fstatSync(fd).size > LOG_BYTES) ftruncateSync(fd)
  return { file, fd }
}

/** @throws ManagedRedisError if the file of the data folder cannot be written */
export function openToAppend(folder: string, file: string): number {
  try {
    return openSync(file, 'a+', 0o600)
  } catch (error) {
    throw unwritable(folder, error)
  }
}

function unwritable(folder: string, error: unknown): ManagedRedisError {
  const reason = error instanceof Error ? error.message : String(error)
  return new ManagedRedisError(
    `Redis cannot keep its data in ${folder} (${reason}). Name a writable folder in LOCKSTEP_DATA_DIR.`,
  )
}
