import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { onTestFinished } from 'vitest'

/** Makes a folder for the current test, with a path short enough for a socket in a subfolder. */
export function tempFolder(mode = 0o700): string {
  const folder = mkdtempSync('/tmp/ls-')
  chmodSync(folder, mode)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  return folder
}
