/** What the program reads from the comment that opens every script. */
export interface ScriptHeader {
  readonly title: string
  readonly keys: readonly string[]
  readonly args: readonly string[]
  readonly hasReturn: boolean
  /** Where in the reply the outcome is, -1 for a script without one. */
  readonly outcomeAt: number
  /** In the order of their lines; '' for a line without a word. */
  readonly outcomes: readonly Outcome[]
  readonly hasCost: boolean
  /** `MEMORY grows`: the script adds data and is refused while Redis is full. */
  readonly grows: boolean
}

/** Lua answers the number, TypeScript sees the word. */
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

/** A line of an outcome: `CODE, field...  word: what it means`, and deeper ones that go on with it. */
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

/** @throws Error naming every disagreement between a script's header and its binding. */
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
    header.outcomeAt >= 0 === codes.length > 0 ? '' : 'outcomes stand below RETURN ... outcome',
    header.hasCost ? '' : 'COST is missing',
    listsStandLast(keys) && listsStandLast(args) ? '' : 'a list must stand last',
    optionalKeysStandLast(keys) ? '' : 'an optional key must stand last',
  ].filter(Boolean)

  if (problems.length > 0) {
    throw new Error(`${file.pathname}: header disagrees with its binding: ${problems.join('; ')}`)
  }
}

const same = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((value, i) => value === right[i])

/** Lists have no count of their own: what is left after the scalars is the list, and only one fits. */
function listsStandLast(names: readonly string[]): boolean {
  const first = names.findIndex((name) => name.includes('[]'))
  if (first < 0) return true
  const group = names[first]?.split('[]')[0]
  return names.slice(first).every((name) => name.split('[]')[0] === group && name.includes('[]'))
}

/** An absent optional key is not sent at all, so nothing may follow it. */
function optionalKeysStandLast(keys: readonly string[]): boolean {
  const first = keys.findIndex((key) => key.endsWith('?'))
  return first < 0 || keys.slice(first).every((key) => key.endsWith('?'))
}
