/** The comment at the head of a script, parsed. */
export interface ScriptHeader {
  readonly title: string
  readonly keys: readonly string[]
  readonly args: readonly string[]
  readonly hasReturn: boolean
  /** Index of the outcome in the reply; -1 for a script without one. */
  readonly outcomeAt: number
  /** By line; the word is '' if a line has none. */
  readonly outcomes: readonly Outcome[]
  readonly hasCost: boolean
  /** `MEMORY grows`: the script adds data and is refused while Redis is full. */
  readonly grows: boolean
}

/** Lua returns the number, TypeScript gets the word. */
export interface Outcome {
  readonly code: number
  readonly word: string
}

export function parseHeader(source: string): ScriptHeader {
  const header = /^--\[\[\n([\s\S]*?)\n\]\]/.exec(source)?.[1] ?? ''
  const column = (tag: string) =>
    [...header.matchAll(new RegExp(`^${tag} +(\\S+)`, 'gm'))].map((match) => match[1] as string)
  return {
    title: /^(\S+): /.exec(header)?.[1] ?? '',
    keys: column('KEYS'),
    args: column('ARGV'),
    hasReturn: /^RETURN /m.test(header),
    ...parseReturn(header),
    hasCost: /^COST /m.test(header),
    grows: /^MEMORY grows$/m.test(header),
  }
}

/** `CODE, field...  word: what it means`, and deeper lines that continue it. */
const OUTCOME_LINE = /^ {2}(-?\d+)(.*(?:\n {3,}.*)*)/gm
const OUTCOME_WORD = /^(?:, .*?\s)?\s+([a-z]+(?:-[a-z]+)*)(?:[:;]|$)/m

function parseReturn(header: string): Pick<ScriptHeader, 'outcomeAt' | 'outcomes'> {
  const [, fields = '', lines = ''] = /^RETURN (.*)\n((?: +.*\n)*)/m.exec(header) ?? []
  return {
    outcomeAt: fields.split(' ').indexOf('outcome'),
    outcomes: [...lines.matchAll(OUTCOME_LINE)].map(([, code, rest]) => ({
      code: Number(code),
      word: OUTCOME_WORD.exec(rest as string)?.[1] ?? '',
    })),
  }
}

interface Binding {
  readonly name: string
  readonly file: URL
  readonly keys: readonly string[]
  readonly args: readonly string[]
  readonly outcomes?: readonly string[] | undefined
}

/** @throws Error naming every difference between the header of a script and its binding */
export function assertHeader(
  { name, file, keys, args, outcomes = [] }: Binding,
  header: ScriptHeader,
): void {
  const words = header.outcomes.map(({ word }) => word)
  const codes = header.outcomes.map(({ code }) => code)
  const problems = [
    header.title === name ? '' : `title is not "${name}: ..."`,
    same(header.keys, keys) ? '' : `KEYS are "${header.keys.join(' ')}"`,
    same(header.args, args) ? '' : `ARGV are "${header.args.join(' ')}"`,
    header.hasReturn ? '' : 'RETURN is missing',
    same(words, outcomes) ? '' : `outcomes are "${words.join(' ')}"`,
    new Set(codes).size === codes.length ? '' : 'two outcomes have one number',
    header.outcomeAt >= 0 === codes.length > 0 ? '' : 'outcomes belong below RETURN ... outcome',
    header.hasCost ? '' : 'COST is missing',
    listsAreLast(keys) && listsAreLast(args) ? '' : 'a list must be last',
    optionalKeysAreLast(keys) ? '' : 'an optional key must be last',
  ].filter(Boolean)

  if (problems.length > 0) {
    throw new Error(`${file.pathname}: header disagrees with its binding: ${problems.join('; ')}`)
  }
}

const same = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((value, i) => value === right[i])

/** A list is sent without its length: everything after the scalars, so there is only one. */
function listsAreLast(names: readonly string[]): boolean {
  const first = names.findIndex((name) => name.includes('[]'))
  if (first < 0) return true
  const group = names[first]?.split('[]')[0]
  return names.slice(first).every((name) => name.split('[]')[0] === group && name.includes('[]'))
}

/** An absent optional key is not sent, so nothing may follow it. */
function optionalKeysAreLast(keys: readonly string[]): boolean {
  const first = keys.findIndex((key) => key.endsWith('?'))
  return first < 0 || keys.slice(first).every((key) => key.endsWith('?'))
}
