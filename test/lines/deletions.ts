/** A script without one of its statements. */
export interface Deletion {
  /** Counted from 1. */
  readonly line: number
  /** The start of the statement; for a part of a line, also the rest of that line. */
  readonly what: string
  readonly text: string
  /** A comment above says that the statement only saves work: no test fails without it. */
  readonly savesWork: boolean
}

/**
 * Lists the deletions of a Lua file: for each statement the texts to try, from the shortest
 * deletion on. The first text that parses is used. Indentation replaces a parser: a statement is a
 * line with the deeper lines that follow it, up to the line that closes it.
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

/** The index after a line's deeper lines and the line that closes them. */
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

/** The line without one of its parts: for `a; b` first `b`, then `a`. */
function partsOf(line: string): string[] {
  const parts = line.split('; ')
  if (parts.length === 1) return []
  return parts.map((_, i) => parts.toSpliced(i, 1).join('; '))
}

/** `else x end` without x. A whole `if c then x end` is left out: deleting the line covers it. */
function bodiesOf(line: string): string[] {
  const [, opening, end = ''] = /^(\s*.*\b(?:then|else|do)) \S.*?( end)?$/.exec(line) ?? []
  if (opening === undefined) return []
  const isWhole = end !== '' && /^\s*(?:if|for|while)\b/.test(line) && !/\belse\b/.test(line)
  return isWhole ? [] : [opening + end]
}

/** The lines of statements whose comment says that they only save work. */
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
