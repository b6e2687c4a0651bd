/** A script without one of its statements. */
export interface Deletion {
  /** Counted from 1. */
  readonly line: number
  /** How the statement begins; of a part of a line, also what is left of it. */
  readonly what: string
  readonly text: string
  /** A comment above says that the statement only saves work: nothing fails without it. */
  readonly savesWork: boolean
}

/**
 * What can be deleted of a Lua file, the texts to try for each from the shortest deletion on: the
 * first that still parses is the one. No parser is needed, because the scripts are well formatted:
 * a statement is a line with the deeper lines that follow it, up to what closes it.
 */
export function deletionsOf(text: string): Deletion[][] {
  const lines = text.split('\n')
  const body = lines.indexOf(']]') + 1
  const saving = savingWork(lines)
  return lines.flatMap((line, at) => {
    if (at < body || !isCode(line)) return []
    const toDeletion = (text: string, what = line.trim()): Deletion => ({
      line: at + 1,
      what,
      text,
      savesWork: saving.has(at),
    })
    const parts = [...partsOf(line), ...bodiesOf(line)].map((rest) => [
      toDeletion(lines.with(at, rest).join('\n'), `${line.trim()} -> ${rest.trim()}`),
    ])
    if (CLOSING.test(line)) return parts
    return [wholesOf(lines, at).map((text) => toDeletion(text)), ...parts]
  })
}

const CLOSING = /^\s*(?:end\b|else\b|until\b|[})\]])/
const CONTINUING = /^\s*(?:end\b|else\b|elseif\b|until\b|[})\]])/
const SAVES_WORK = /^\s*-- Saves work\b/

const isCode = (line: string): boolean => /\S/.test(line) && !/^\s*--/.test(line)

export const indentOf = (line: string): number => line.length - line.trimStart().length

/** Behind the deeper lines that follow a line, and behind what closes it. */
export function endOf(lines: readonly string[], at: number): number {
  const depth = indentOf(lines[at]!)
  const belongs = (line: string) =>
    line === '' || indentOf(line) > depth || (indentOf(line) === depth && CONTINUING.test(line))
  let end = at + 1
  while (end < lines.length && belongs(lines[end]!)) end++
  return end
}

const wholesOf = (lines: readonly string[], at: number): string[] =>
  Array.from({ length: endOf(lines, at) - at }, (_, i) => lines.toSpliced(at, i + 1).join('\n'))

/** Of `a; b` each part alone. */
function partsOf(line: string): string[] {
  const parts = line.split('; ')
  if (parts.length === 1) return []
  return parts.map((_, i) => parts.toSpliced(i, 1).join('; '))
}

/** `else x end` without x; where the line is a whole `if c then x end`, that says nothing new. */
function bodiesOf(line: string): string[] {
  const [, opening, end = ''] = /^(\s*.*\b(?:then|else|do)) \S.*?( end)?$/.exec(line) ?? []
  if (opening === undefined) return []
  const isWhole = end !== '' && /^\s*(?:if|for|while)\b/.test(line) && !/\belse\b/.test(line)
  return isWhole ? [] : [opening + end]
}

/** The statements under a comment that says so, with all that they enclose. */
function savingWork(lines: readonly string[]): Set<number> {
  const saving = new Set<number>()
  for (const [at, line] of lines.entries()) {
    if (!SAVES_WORK.test(line)) continue
    let first = at
    while (!isCode(lines[first]!)) first++
    for (let below = first; below < endOf(lines, first); below++) saving.add(below)
  }
  return saving
}
