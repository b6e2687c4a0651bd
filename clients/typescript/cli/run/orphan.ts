import { readdirSync, readFileSync } from 'node:fs'

/**
 * The pid of the command with this fence, or 0: who started it may be killed before it can say so.
 * Only where there is /proc.
 */
export function findOrphan(fence: number): number {
  const isOurs = (pid: string) =>
    textOf(`/proc/${pid}/environ`).split('\0').includes(`LOCKSTEP_FENCE=${fence}`)
  const found = pids().filter(isOurs)
  // Its parent is gone; the others are below it.
  return Number(found.find((pid) => !found.includes(parentOf(pid))) ?? 0)
}

const parentOf = (pid: string): string =>
  /^PPid:\s*(\d+)$/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? ''

function pids(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

/** Empty for a process that has ended, or of another user. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
