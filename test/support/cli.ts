import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

const PROJECT = path.resolve(import.meta.dirname, '../..')

let bundled: Promise<string> | undefined

/**
 * Bundles the command line, once per worker.
 * @returns the program, as the package has it
 */
export function ensureCli(): Promise<string> {
  bundled ??= bundle()
  return bundled
}

async function bundle(): Promise<string> {
  await promisify(execFile)(process.execPath, ['scripts/bundle-cli.mjs'], { cwd: PROJECT })
  return path.join(PROJECT, 'clients/typescript/dist/cli.js')
}
