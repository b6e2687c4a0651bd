import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** A fault put into a copy of the built service, which a test must see. */
export interface Mutant {
  readonly name: string
  /** Below the folder of the scripts. */
  readonly script: string
  readonly replace: readonly (readonly [from: string, to: string])[]
}

/**
 * @param built the folder of the built service
 * @param scripts the folder of the scripts in it
 * @returns the text of the broken script
 * @throws when a line to be replaced is not there exactly once
 */
export function brokenText(
  built: string,
  scripts: string,
  { name, script, replace }: Mutant,
): string {
  let text = readFileSync(path.join(built, scripts, script), 'utf8')
  for (const [from, to] of replace) {
    if (text.split(from).length !== 2) throw new Error(`${name}: not once in ${script}: ${from}`)
    text = text.replace(from, () => to)
  }
  return text
}

/** @returns the folder of the broken service; see `brokenText`. */
export function buildMutant(built: string, scripts: string, mutant: Mutant): string {
  const root = mkdtempSync('/tmp/ls-mutant-')
  onTestFinished(() => rmSync(root, { recursive: true }))
  const folder = path.join(root, 'dist')
  cpSync(built, folder, { recursive: true })
  for (const shared of ['node_modules', 'package.json']) {
    symlinkSync(path.join(built, '..', shared), path.join(root, shared))
  }
  writeFileSync(path.join(folder, scripts, mutant.script), brokenText(built, scripts, mutant))
  return folder
}
