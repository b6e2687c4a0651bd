import { readdirSync, readFileSync } from 'node:fs'

export function isAlive(pid: number): boolean {
  // A zombie has ended, but its parent has not waited for it yet.
  return (statOf(pid)?.state ?? 'Z') !== 'Z'
}

export function parentOf(pid: number): number {
  return statOf(pid)?.parent ?? 0
}

/** Running processes with `text`, such as a unique folder, in their command line. */
export function processesNaming(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isAlive(Number(name)))
    .map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`).split('\0').join(' ')}`)
    .filter((line) => line.includes(text))
}

function statOf(pid: number): { state: string; parent: number } | undefined {
  const [, state, parent] = /\) (\w) (\d+)/.exec(read(`/proc/${pid}/stat`)) ?? []
  return state === undefined ? undefined : { state, parent: Number(parent) }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
