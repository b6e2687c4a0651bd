import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

const PROJECT = path.resolve(import.meta.dirname, '../..')

let built: Promise<string> | undefined

/**
 * Builds the service if its sources have changed, once per worker. Black-box tests run what
 * `npm start` runs.
 * @returns the folder of the built service
 */
export function ensureBuilt(): Promise<string> {
  built ??= build()
  return built
}

async function build(): Promise<string> {
  await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', "(await import('./scripts/set-up.mjs')).setUp()"],
    { cwd: PROJECT },
  )
  return path.join(PROJECT, 'dist')
}
