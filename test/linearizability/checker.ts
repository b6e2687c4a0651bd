import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Operation } from './history.js'

const SOURCE = path.join(import.meta.dirname, 'checker')
/** The time limit of the search for one lock; histories are short, so searches end sooner. */
const PATIENCE = '20s'
/** The lowest minor version of Go 1, from the go.mod of porcupine. */
const LEAST_MINOR = 16
/** The time limit for the download of porcupine. */
const FETCH_MS = 60_000

export interface Verdict {
  /** Locks whose history is not linearizable. */
  readonly illegal: readonly string[]
  /** Locks whose search timed out. */
  readonly undecided: readonly string[]
  /** The number of all locks. */
  readonly locks: number
}

export interface Checker {
  check(history: readonly Operation[]): Promise<Verdict>
  remove(): void
}

const go = (args: readonly string[], timeout?: number) =>
  spawnSync('go', args, { cwd: SOURCE, encoding: 'utf8', timeout })

/** @returns why the checker cannot be built here; undefined if it can */
export function reasonToSkip(): string | undefined {
  const version = go(['env', 'GOVERSION'])
  if (version.status !== 0) return 'there is no Go'
  const [, minor] = /^go1\.(\d+)/.exec(version.stdout) ?? []
  if (Number(minor) < LEAST_MINOR) {
    return `porcupine asks for Go 1.${LEAST_MINOR}, and this is ${version.stdout.trim()}`
  }
  const fetched = go(['mod', 'download'], FETCH_MS)
  if (fetched.status !== 0) return `porcupine cannot be fetched: ${fetched.stderr.trim()}`
  return undefined
}

/** @throws if the program does not compile */
export function buildChecker(): Checker {
  const folder = mkdtempSync('/tmp/ls-checker-')
  const program = path.join(folder, 'checker')
  // Builds a file, not its folder, so that Go does not run version control.
  const built = go(['build', '-o', program, 'main.go'])
  if (built.status !== 0) throw new Error(`the checker does not compile: ${built.stderr}`)
  return {
    check: (history) => run(program, history),
    remove: () => rmSync(folder, { recursive: true }),
  }
}

function run(program: string, history: readonly Operation[]): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [PATIENCE], { stdio: ['pipe', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(text) as Verdict)
      else reject(new Error(`the checker ended with ${code}`))
    })
    child.stdin.end(history.map((one) => `${JSON.stringify(one)}\n`).join(''))
  })
}
